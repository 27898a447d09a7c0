"""Plots over hours: which panels a soak and a watched network get, what is marked, and what their captions admit."""

from __future__ import annotations

from certification.observations import Observation
from reports.hour_plots import hour_plots, told_by_hours
from reports.plots import plots_of
from reports.svg import BAD

ROW = "EHC-TRM-033"


def soak(hours: int, misses: int = 0, factor: float = 180.0, interrupted: int | None = None) -> list[Observation]:
    made = []
    for hour in range(1, hours + 1):
        cell = {"hour": hour}
        if hour == interrupted:
            made.append(Observation(ROW, "interruption", 3600.0, unit="s", cell=cell))
        made.append(Observation(ROW, "read", "exact", cell=cell, times=600 - (misses if hour == 2 else 0)))
        if misses and hour == 2:
            made.append(Observation(ROW, "read", "no_read", cell=cell, times=misses))
        detail = {"time_compression": factor}
        made.append(Observation(ROW, "latency_p95", 200.0 + hour, unit="ms", cell=cell, detail=detail))
        made.append(Observation(ROW, "memory", 80.0, unit="MiB", cell=cell))
        made.append(Observation(ROW, "resets", 0, cell=cell))
    return made


def test_a_soak_is_drawn_once_with_a_panel_for_each_series():
    [plot] = hour_plots(ROW, soak(5))
    for label in ("识读率 / %", "时延 p95 / ms", "内存占用 / MiB", "复位"):
        assert f">{label}<" in plot.svg
    assert "3\u202f000 readings" in plot.caption.en or "3000 readings" in plot.caption.en
    assert [found.svg for found in plots_of(ROW, [], soak(5))] == [plot.svg]


def test_a_miss_an_interruption_and_compressed_time_are_all_told():
    plain, marked = (next(iter(hour_plots(ROW, made))) for made in (soak(5), soak(5, misses=3, interrupted=4)))
    assert (BAD in plain.svg, BAD in marked.svg) == (False, True)
    assert ("dashed" in plain.caption.en, "dashed" in marked.caption.en) == (False, True)
    assert "compressed" in plain.caption.en
    assert "压缩" in plain.caption.zh
    assert "compressed" not in next(iter(hour_plots(ROW, soak(5, factor=1.0)))).caption.en


def test_a_watched_network_is_drawn_by_the_packets_of_each_hour():
    hours = [
        Observation("EHC-TRM-028", "traffic_hour", "undeclared" if hour == 3 else "declared_only", cell={"hour": hour})
        for hour in range(1, 6)
    ]
    [plot] = hour_plots("EHC-TRM-028", hours)
    assert BAD in plot.svg
    assert "每小时数据包数" in plot.svg


def test_one_hour_makes_no_series_and_other_rows_none_at_all():
    assert list(hour_plots(ROW, soak(1))) == []
    assert list(hour_plots(ROW, [Observation(ROW, "read", "exact", cell={"shape": "static"})])) == []
    assert not told_by_hours("read", [Observation(ROW, "read", "exact")])
