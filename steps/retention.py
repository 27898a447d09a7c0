"""The terminal forgets: what it has read is searched for in everything it and its host have kept."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pytest_bdd import then, when

from fixtures.residents import resident
from rigs.clear_text import content_of, files_below, places_in_clear
from rigs.errors import NotAssessedError, RigError
from rigs.unpacked import with_contents
from steps.his import ask_whose_code, codes_of_residents
from steps.sampling import Sampler

READS = 500
MOST_TRIES = 600
"""Residents shown at most, where some of their codes are not read."""
COMES_BACK_S = 30.0
CARD_ID = 64
"""Characters of a code that name the card; the token behind them is spent once it was used."""


@dataclass
class Read:
    """What the terminal has read.

    Attributes:
        card_ids: the part of each code that names its card.
        numbers: identity numbers of their holders.
    """

    card_ids: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)


@when("the terminal reads the codes of five hundred residents and its power is cycled", target_fixture="read")
@when("终端识读五百位居民的码，并断电重启", target_fixture="read")
def read_and_restart(sampler: Sampler) -> Read:
    """Each code is checked at the platform too, so that the answer, which names the resident, reaches the host.

    Raises:
        NotAssessedError: the bench can neither cut its supply nor pull its plug.
    """
    _make_sure_it_can_be_restarted(sampler)
    read = Read()
    residents = islice(codes_of_residents(sampler, 1), MOST_TRIES)
    for number, (trial, frame) in enumerate(sampler.prepared(residents)):
        reading = sampler.run.station.read(frame, trial.expected)
        if reading.outcome == "exact":
            code = trial.expected[0]
            ask_whose_code(sampler, code)
            read.card_ids.append(code[:CARD_ID].decode("ascii"))
            read.numbers.append(_holder(sampler, number))
            sampler.step(READS)
        if len(read.card_ids) == READS:
            break
    _restart(sampler)
    return read


def _holder(sampler: Sampler, number: int) -> str:
    return resident(sampler.run.random(f"{sampler.requirement.id}/residents/{number}"))["id_no"]


def _make_sure_it_can_be_restarted(sampler: Sampler) -> None:
    if sampler.run.bench.power is None and sampler.run.bench.file.usb is None:
        raise NotAssessedError(
            zh="本台架既不能断电也不能拔下 USB 插头，无从得知断电后还留存什么",
            en="the bench can neither cut the supply nor pull the USB plug, so nobody knows what outlasts a restart",
        )


def _restart(sampler: Sampler) -> None:
    """By its supply, else by its USB plug."""
    bench = sampler.run.bench
    if bench.power is not None:
        bench.power.cycle()
        bench.scanner.reopen()
    else:
        bench.usb.unplug()
        bench.usb.plug()
        _comes_back(sampler)


def _comes_back(sampler: Sampler) -> None:
    deadline = time.monotonic() + COMES_BACK_S
    while True:
        port = sampler.run.bench.usb.port()
        try:
            if port is not None:
                return sampler.run.bench.reconnect(port)
            if time.monotonic() > deadline:
                raise RigError("the device does not come back", where="usb", remedy="check its plug")
        except RigError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


@then("nothing that was read is found in what it and its host have kept")
@then("在其本身和主机留存的内容中检索不到任何已识读的内容")
def nothing_kept(sampler: Sampler, read: Read) -> None:
    """Plain, UTF-16, hex, base64 at any offset, URL-encoded, backwards; inside archives and databases too.

    Raises:
        RigError: there is no file at all, so that nothing was searched.
    """
    with tempfile.TemporaryDirectory(prefix="xiangka-traces-") as place:
        export, unpacked = Path(place) / "export", Path(place) / "unpacked"
        export.mkdir()
        unpacked.mkdir()
        files = sampler.run.bench.traces.files(export)
        if not files:
            raise RigError(
                "there is not one file to search, not even an empty one",
                where="traces",
                remedy="check that `paths` of [traces] in the bench file are where the vendor's software writes",
            )
        named = with_contents(files, unpacked)
        found = places_in_clear(_wanted(read), named)
        told = {key: (form, named[path]) for key, (form, path) in found.items()}
        _write_scan(sampler, files, told)
    for measure, prefix, count in (
        ("retained_payload", "code", len(read.card_ids)),
        ("retained_identity_number", "number", len(read.numbers)),
    ):
        _tell(sampler, measure, {key: where for key, where in told.items() if key.startswith(prefix)}, count)
    _make_sure_that_we_keep_none(sampler, read)


def _wanted(read: Read) -> dict[str, str]:
    codes = {f"code {n}": card_id for n, card_id in enumerate(read.card_ids, 1)}
    small = {f"code {n} in small letters": card_id.lower() for n, card_id in enumerate(read.card_ids, 1)}
    return {**codes, **small, **{f"number {n}": number for n, number in enumerate(read.numbers, 1)}}


def _tell(sampler: Sampler, measure: str, found: dict[str, tuple[str, str]], count: int) -> None:
    whose = {" ".join(key.split()[:2]): where for key, where in found.items()}
    for key, (form, file) in whose.items():
        sampler.observe(measure, "found", detail={"name": key, "form": form, "file": file})
    if count > len(whose):
        sampler.observe(measure, "not_found", times=count - len(whose))


def _write_scan(sampler: Sampler, files: list[Path], told: dict[str, tuple[str, str]]) -> None:
    """The scan report: what was searched, and what was found where. It holds no content."""
    bench = sampler.run.bench
    cycled = "supply" if bench.power is not None else "USB plug"
    contents = ((file.name, content_of(file)) for file in files)
    searched = [(name, len(content), hashlib.sha256(content).hexdigest()) for name, content in contents]
    report = {
        "power_cycle": cycled,
        "searched": [{"file": name, "bytes": size, "sha256": digest} for name, size, digest in searched],
        "found": [{"what": key, "form": form, "file": file} for key, (form, file) in told.items()],
    }
    text = json.dumps(report, ensure_ascii=False, indent=1) + "\n"
    sampler.run.evidence.beside("scans", f"{sampler.requirement.id}.json").write_text(text, encoding="utf-8")
    sampler.observe(
        "searched", len(files), detail={"power_cycle": cycled, "bytes": sum(size for _, size, _ in searched)}
    )


def _make_sure_that_we_keep_none(sampler: Sampler, read: Read) -> None:
    """The bench's own evidence must hold no identity number either; its journal holds codes, as evidence of readings.

    Raises:
        RigError: it does.
    """
    sampler.run.evidence.flush()
    sampler.run.bench.journal.flush()
    numbers = {f"number {n}": number for n, number in enumerate(read.numbers, 1)}
    for form, path in places_in_clear(numbers, files_below([sampler.run.evidence.folder])).values():
        raise RigError(
            f"the run's own {path.name} holds an identity number ({form})",
            where="evidence",
            remedy="this is a fault of ours: report it, and delete the folder",
        )
