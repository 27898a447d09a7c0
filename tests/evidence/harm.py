"""Harm done to the files of a run, byte by byte or at random, and whether it is noticed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from random import Random

from evidence.examination import Examination
from evidence.findings import DamagedError, Finding
from evidence.signer_certificates import ROLES
from evidence.zip_files import ZipFiles

Files = Mapping[str, bytes]
LAST_DAY = datetime(9999, 12, 31, tzinfo=UTC)
"""A day on which no signature is of the future, whichever run it stands under."""


class HeldFiles:
    """Files in memory, as a folder would show them."""

    folders: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    remarks: tuple[str, ...] = ()

    def __init__(self, files: Files) -> None:
        self.files = files
        self.names = tuple(sorted(files))

    def open(self, name: str) -> io.BytesIO:
        return io.BytesIO(self.files[name])


def first_finding(files: Files, centre: bytes) -> Finding | None:
    """The first thing a verifier finds; the rest is not looked at."""
    return next(Examination(HeldFiles(files), centre, LAST_DAY, ROLES).findings(), None)


def first_in_zip(archive: bytes, centre: bytes) -> Finding | None:
    """The first thing a verifier finds in a ZIP."""
    try:
        return next(Examination(ZipFiles(io.BytesIO(archive), "run.zip"), centre, LAST_DAY, ROLES).findings(), None)
    except DamagedError as error:
        return error.finding


def flips(data: bytes, masks: tuple[int, ...]) -> Iterator[tuple[int, int, bytes]]:
    """Place, mask, and the data with that one byte changed, for every byte and every mask."""
    for place in range(len(data)):
        for mask in masks:
            yield place, mask, flipped(data, place, mask)


def flipped(data: bytes, place: int, mask: int) -> bytes:
    """Data with one byte changed."""
    return data[:place] + bytes((data[place] ^ mask,)) + data[place + 1 :]


def _span(chance: Random, data: bytes) -> tuple[int, int]:
    begin = chance.randrange(len(data))
    return begin, min(len(data), begin + chance.randint(2, 40))


def _edited(chance: Random, data: bytes) -> bytes:
    begin, end = _span(chance, data)
    return data[:begin] + chance.randbytes(end - begin) + data[end:]


def _put_in(chance: Random, data: bytes) -> bytes:
    begin, _ = _span(chance, data)
    return data[:begin] + chance.randbytes(chance.randint(1, 40)) + data[begin:]


def _deleted(chance: Random, data: bytes) -> bytes:
    begin, end = _span(chance, data)
    return data[:begin] + data[end:]


def _doubled(chance: Random, data: bytes) -> bytes:
    begin, end = _span(chance, data)
    return data[:end] + data[begin:end] + data[end:]


def _moved(chance: Random, data: bytes) -> bytes:
    begin, end = _span(chance, data)
    rest = data[:begin] + data[end:]
    place = chance.randint(0, len(rest))
    return rest[:place] + data[begin:end] + rest[place:]


def _truncated(chance: Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data))]


def _lines(chance: Random, data: bytes) -> bytes:
    """Whole lines lost, doubled, exchanged or shuffled: what remains reads as well as before."""
    lines = data.splitlines(keepends=True)
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    kind = chance.randrange(4)
    if kind == 0:
        del lines[one]
    elif kind == 1:
        lines.insert(other, lines[one])
    elif kind == 2:
        lines[one], lines[other] = lines[other], lines[one]
    else:
        chance.shuffle(lines)
    return b"".join(lines)


WITHIN: tuple[Callable[[Random, bytes], bytes], ...] = (
    _edited,
    _put_in,
    _deleted,
    _doubled,
    _moved,
    _truncated,
    _lines,
)
"""What can be done to the bytes of one file."""


def unsigned_by_the_last(written: bytes) -> bytes:
    """A signature file as it would be had the last signer not signed."""
    told = json.loads(written)
    del told["signatures"][-1]
    return (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()


def harmed(chance: Random, files: Files, others: Files) -> tuple[str, dict[str, bytes]]:
    """Files with one random harm done to them, which are other files than before; in words, what was done.

    Args:
        files: the run.
        others: another run of the same signers, to take files from.
    """
    while True:
        done, changed = _harm(chance, dict(files), others)
        if changed != files:
            return done, changed


def _harm(chance: Random, files: dict[str, bytes], others: Files) -> tuple[str, dict[str, bytes]]:
    name, other = chance.choice(sorted(files)), chance.choice(sorted(files))
    kind = chance.randrange(10)
    if kind == 0:
        del files[name]
        return f"{name} taken away", files
    if kind == 1:
        files[name], files[other] = files[other], files[name]
        return f"{name} and {other} exchanged", files
    if kind == 2:
        files[f"{name}.{chance.randrange(9)}"] = files[name]
        return f"{name} copied", files
    if kind == 3 and name in others:
        files[name] = others[name]
        return f"{name} taken from another run", files
    if kind == 4 and name.endswith(".sig"):
        files[name] = unsigned_by_the_last(files[name])
        return f"{name} without its last signature", files
    harm = chance.choice(WITHIN)
    files[name] = harm(chance, files[name])
    return f"{name}: {harm.__name__}", files
