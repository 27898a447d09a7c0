"""``xiangka bench check``: opens every role of a bench and says what answers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rigs.bench import Bench
from rigs.bench_file import BenchFile, load_bench
from rigs.calibration import CalibratedInstrument, Standing, instruments_of
from rigs.journal import Journal
from rigs.opening.opening import EmulationOptions


def check_bench(file: Path) -> int:
    """Check a bench file and what it names; returns the exit code.

    Raises:
        BenchFileError: the file is wrong.
        RigError: a part is absent, busy or silent.
    """
    bench_file = load_bench(file)
    console = Console()
    with (
        tempfile.TemporaryDirectory() as state,
        Bench(bench_file, Journal(None), EmulationOptions(Path(state))) as bench,
    ):
        table = Table(title=escape(bench_file.name), title_justify="left", show_header=False)
        for row in [*_subject_rows(bench_file, bench), *_other_rows(bench_file, bench)]:
            table.add_row(*(escape(part) for part in row))
        console.print(table)
    return 0


def _subject_rows(file: BenchFile, bench: Bench) -> Iterator[tuple[str, str]]:
    identity = bench.identify()
    if file.presenter is not None and file.scanner is not None:
        yield "presenter", file.presenter.driver
        yield "scanner", f"{file.scanner.driver} {bench.scanner.line.url}"
    else:
        yield "platform", file.platform.url or "reference platform"
    label = "[scanner.label]" if file.scanner is not None else "[platform.label]"
    for name in identity.__slots__:
        yield f"  {name}", getattr(identity, name) or f"— (not told; add it to {label})"


def _other_rows(file: BenchFile, bench: Bench) -> Iterator[tuple[str, str]]:
    if file.scanner is not None:
        yield "keyboard", "—" if file.keyboard is None else file.keyboard.driver
        yield "power", _power(bench)
        if file.cards is not None:
            yield "cards", "; ".join(f"{place}: {name}" for place, name in bench.cards.names().items())
        yield "platform", file.platform.url or "reference platform"
    else:
        yield "administration", ", ".join(sorted(bench.credentials.tokens)) or "— (no token in the credentials)"
        yield "clock", "can be turned" if bench.clock.turns else "cannot be turned: time is waited for"
        if file.load is not None:
            yield "load", f"{file.load.driver}, profile {file.load.profile}, workers {file.load.workers}"
    if file.operator is not None:
        place = file.operator.console if file.operator.script is None else file.operator.script.name
        language = {"zh": "中文", "en": "English"}[file.operator.language]
        yield "operator", f"{file.operator.driver} {place}, {language}, {file.operator.timeout_s:g} s a question"
    if file.lux_meter is not None:
        yield "light", f"{bench.lux_meter.illuminance_lx():.0f} lx"
    if file.camera is not None:
        height, width = bench.camera.photograph().image.shape[:2]
        yield "camera", f"{file.camera.source or 'emulated'}, {width} × {height}"
    yield from _safekeeping_rows(file, bench)
    today = datetime.now(UTC).astimezone().date()
    for instrument in instruments_of(file, today, bench.instruments):
        yield f"{instrument.role}, as instrument", f"{instrument.identity}; {_calibration(instrument)}"
    yield "counts as", "emulated: certifies nothing" if file.emulated else "real"


def _safekeeping_rows(file: BenchFile, bench: Bench) -> Iterator[tuple[str, str]]:
    """What keeps the terminal's keys, firmware and time."""
    if file.security_module is not None:
        module = bench.security_module.status()
        held = "wiped" if module.ended else f"key version {module.version}" if module.version else "no key yet"
        yield "security module", f"{module.serial}, made for terminal {module.term_id}, {held}"
    if file.updater is not None:
        yield "updater", f"{file.updater.driver}, genuine image of {len(bench.updater.genuine())} bytes"
    if file.checker is not None:
        yield "checker", "served by the operator" if file.checker.driver == "operator" else "answers; its clock was set"


def _power(bench: Bench) -> str:
    if bench.power is None:
        return "—"
    current_a = bench.power.current_a()
    return "a plug in the operator's hand" if current_a is None else f"{current_a:.3f} A"


def _calibration(instrument: CalibratedInstrument) -> str:
    if instrument.standing is Standing.MISSING:
        return "no calibration" + ("" if instrument.emulated else ": refused in a run that is to certify")
    said = f"calibrated {instrument.calibrated}, due {instrument.calibration_due}, {instrument.certificate}"
    return said if instrument.standing is Standing.VALID else f"{said}: {instrument.standing}"
