"""Opens what the device leaves behind."""

from __future__ import annotations

from pathlib import Path

from rigs.bench_tables.traces import TracesTable
from rigs.child_process import ChildProcess
from rigs.drivers.traces import EmulatedTraces, MachineTraces
from rigs.errors import BenchFileError
from rigs.opening.opening import Opening
from rigs.roles.traces import HostTraces


def log_folder(table: TracesTable | None, opening: Opening) -> Path | None:
    """Where an emulated device keeps its log; None where it keeps none."""
    if table is None or table.emulated is None:
        return None
    folder = opening.emulation.state / "device-log"
    folder.mkdir(exist_ok=True)
    return folder


def open_traces(table: TracesTable, log: Path | None, emulator: ChildProcess | None, opening: Opening) -> HostTraces:
    """The traces of a bench.

    Raises:
        BenchFileError: a real device has no emulated log.
    """
    if table.emulated is None:
        return MachineTraces(table.paths, table.export, opening.journal)
    if emulator is None or log is None:
        raise BenchFileError(
            "only an emulated device keeps an emulated log",
            where="[traces.emulated]",
            remedy="name `paths` and `export` instead",
        )
    return EmulatedTraces(log, emulator.tell)
