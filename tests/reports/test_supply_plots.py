"""The inrush curve: drawn where the current was followed, and nowhere else."""

from __future__ import annotations

from certification.observations import Observation
from reports.supply_plots import supply_plots


def followed(*points: tuple[float, float]) -> list[Observation]:
    return [
        Observation("EHC-TRM-023", "supply_current", value, "A", cell={"after_ms": after}) for after, value in points
    ]


def test_a_curve_tells_its_peak_and_where_it_settles() -> None:
    (plot,) = supply_plots("EHC-TRM-023", followed((200, 0.16), (0, 0.9), (50, 0.5), (100, 0.3), (150, 0.2)))
    assert "900 mA" in plot.caption.zh
    assert "900 mA at most, then 160 mA" in plot.caption.en
    assert plot.svg.startswith("<svg")


def test_without_enough_points_there_is_no_curve() -> None:
    assert list(supply_plots("EHC-TRM-023", followed((0, 0.9), (50, 0.5)))) == []
    other = [Observation("EHC-TRM-023", "power_recovery", "unattended", cell={"phase": "at_rest"})] * 9
    assert list(supply_plots("EHC-TRM-023", other)) == []
