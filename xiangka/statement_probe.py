"""What a device shows of itself on a bench, to fill in a statement: its identity, its links, codes it really delivers.

A probe proves presence only. What it did not see may still be there, so it never answers no.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from random import Random

from certification.catalogue import Text
from fixtures.card_codes import static_code
from fixtures.other_symbols import other_symbols
from rigs.bench import Bench
from rigs.bench_file import load_bench
from rigs.journal import Journal
from rigs.opening.opening import EmulationOptions
from rigs.optics.stimulus import Appearance, Stimulus, Symbol, SymbolKind, colour_from_hex
from rigs.readings import ReadingStation
from steps.samples import HUNAN_COLOURS
from xiangka.bound_options import bound_options
from xiangka.statement_form import Findings

_SYMBOLOGIES = {
    SymbolKind.MICRO_QR: "micro_qr",
    SymbolKind.DATA_MATRIX: "data_matrix",
    SymbolKind.PDF417: "pdf417",
    SymbolKind.CODE_128: "code_128",
    SymbolKind.EAN_13: "ean",
}


def probe(path: Path) -> Findings:
    """Open a bench and look at what stands on it.

    Raises:
        BenchFileError: the bench file is wrong.
        RigError: a part is absent, busy or silent.
    """
    file = load_bench(path)
    with (
        tempfile.TemporaryDirectory() as state,
        Bench(file, Journal(None), EmulationOptions(Path(state))) as bench,
    ):
        found = Findings(file.subject)
        found.identity = {name: told for name, told in asdict(bench.identify()).items() if told}
        found.options = bound_options(file)
        if file.scanner is not None and file.presenter is not None:
            gap_s = file.presenter.gap_ms / 1000
            _show(
                ReadingStation(bench.presenter, bench.scanner, file.scanner.read_timeout_s, gap_s),
                bench.silence_s,
                found,
            )
        return found


def _show(station: ReadingStation, silence_s: float, found: Findings) -> None:
    chance = Random("probe")  # noqa: S311 - stimuli, not secrets
    if _delivers(station, Stimulus((Symbol(static_code(chance).encode()),)), found, "card_code"):
        found.options["card_code"] = Text(zh="出示卡码，已上送", en="a card code was shown and delivered")
    inks = [Appearance(dark=colour_from_hex(colour)) for colour in HUNAN_COLOURS if colour != "#000000"]
    shown = [Stimulus((Symbol(static_code(chance).encode()),), ink) for ink in inks]
    if all(_delivers(station, stimulus, found, "coloured_codes") for stimulus in shown):
        found.options["coloured_codes"] = Text(zh="出示三色卡码，均已上送", en="codes in three colours were delivered")
    for name, symbol in _one_of_each(chance):
        delivered = _delivered(station, Stimulus((symbol,)), silence_s)
        if not delivered:
            found.remarks[name] = _NOT_DELIVERED
            continue
        found.options[name] = Text(zh="已出示，已上送", en="one was shown and delivered")
        if all(data.startswith(b"]") for data in delivered):
            found.options["symbology_tag"] = Text(zh="上送时带 AIM 标识", en="it came with its AIM identifier")


_NOT_DELIVERED = Text(
    zh="探测时出示，未上送（不能证明没有）", en="shown by the probe and not delivered, which proves nothing"
)


def _one_of_each(chance: Random) -> Iterator[tuple[str, Symbol]]:
    missing = dict(_SYMBOLOGIES)
    for _, symbol in other_symbols(chance):
        if symbol.kind in missing:
            yield missing.pop(symbol.kind), symbol
        if not missing:
            return


def _delivers(station: ReadingStation, stimulus: Stimulus, found: Findings, option: str) -> bool:
    """Whether a card code arrives as it was shown; a device nobody's camera looks at is a fault of the bench."""
    expected = tuple(symbol.content for symbol in stimulus.symbols)
    if station.read(station.presenter.prepare(stimulus).result(), expected).outcome == "exact":
        return True
    found.remarks[option] = _NOT_DELIVERED
    return False


def _delivered(station: ReadingStation, stimulus: Stimulus, silence_s: float) -> list[bytes]:
    expected = tuple(symbol.content for symbol in stimulus.symbols)
    reading = station.expect_silence(station.presenter.prepare(stimulus).result(), silence_s, expected)
    return [delivery.data for delivery in reading.deliveries]
