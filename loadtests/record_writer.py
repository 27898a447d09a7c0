"""Writes a load's folder, second by second; ``load.json`` comes last, so that only a whole record can be read."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TextIO

import msgspec

from loadtests.plan import written
from loadtests.record import (
    ACKNOWLEDGED,
    LATENCY,
    SECONDS,
    SEND_DELAY,
    TOTALS,
    Acknowledged,
    LoadTotals,
    Second,
    columns,
    new_histogram,
)

Samples = Mapping[tuple[str, str], Iterable[int]]
"""Whole microseconds by stage and kind."""


class RecordWriter:
    """Writes into a folder that is made if it is not there.

    Args:
        folder: where.
        begun: Unix time at which the schedule begins, seconds.
    """

    def __init__(self, folder: Path, begun: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TOTALS).unlink(missing_ok=True)
        self._folder = folder
        self._begun = begun
        self._seconds = (folder / SECONDS).open("w", encoding="utf-8", newline="")
        self._acknowledged = gzip.open(folder / ACKNOWLEDGED, "wt", encoding="utf-8", newline="")  # noqa: SIM115 - closed by close
        self._latency = _log(folder / LATENCY, begun)
        self._send_delay = _log(folder / SEND_DELAY, begun)
        self._second_lines = csv.writer(self._seconds)
        self._acknowledged_lines = csv.writer(self._acknowledged)
        self._second_lines.writerow(columns(Second))
        self._acknowledged_lines.writerow(columns(Acknowledged))

    def __enter__(self) -> RecordWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def second(self, second: Second, latencies: Samples, send_delays: Samples) -> None:
        """Write one second and what was measured in it."""
        self._second_lines.writerow(_cells(second))
        _write_intervals(self._latency, second.t, latencies)
        _write_intervals(self._send_delay, second.t, send_delays)

    def acknowledged(self, effects: Iterable[Acknowledged]) -> None:
        """Write effects that were acknowledged."""
        self._acknowledged_lines.writerows(_cells(effect) for effect in effects)

    def finish(self, totals: LoadTotals) -> None:
        """Close every file and write the totals."""
        self.close()
        text = msgspec.json.format(msgspec.json.encode(totals, enc_hook=written))
        unfinished = self._folder / f"{TOTALS}.new"
        unfinished.write_bytes(text)
        unfinished.replace(self._folder / TOTALS)

    def close(self) -> None:
        """Close every file; without totals the folder is no record."""
        for file in (self._seconds, self._acknowledged, self._latency, self._send_delay):
            file.close()


def _cells(line: Second | Acknowledged) -> list[object]:
    return [getattr(line, name) for name in columns(type(line))]


def _log(file: Path, begun: float) -> TextIO:
    # The library's own writer knows no tags, which are what tells stage and kind apart.
    log = file.open("w", encoding="utf-8")
    log.write(f"#[Histogram log format version 1.3]\n#[StartTime: {begun:.3f} (seconds since epoch)]\n")
    log.write(f'#[BaseTime: {begun:.3f} (seconds since epoch)]\n"StartTimestamp","Interval_Length",')
    log.write('"Interval_Max","Interval_Compressed_Histogram"\n')
    return log


def _write_intervals(log: TextIO, t: int, samples: Samples) -> None:
    for (stage, kind), values in samples.items():
        histogram = new_histogram()
        for value in values:
            histogram.record_value(max(1, value))
        if histogram.get_total_count():
            greatest = histogram.get_max_value() / 1_000_000
            log.write(f"Tag={stage}/{kind},{t:.3f},1.000,{greatest:.3f},{histogram.encode().decode('ascii')}\n")
