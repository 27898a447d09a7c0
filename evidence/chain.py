"""Records chained by hash while they are written, each in a form that can be published under the same chain.

A file is one JSON object a line. Each line ends in ``chain``: SM3 (GB/T 32905-2016) over the chain value of the line
before it, 32 bytes, and this record as it may be published, UTF-8. The first line's predecessor is made of the run's
name and the file's, so that no file continues one of another run. In the published form every value that a record names
in ``hide`` is replaced by ``{"sm3": …}``, the hash of a key and the value; the key is the hash of the record's ``salt``
and the value's path. The full file holds salt and values, its twin for publication neither, and both have the same
chain values. The salt, 16 bytes that cannot be guessed, keeps anybody from finding a short value by trying all of them,
and telling the key of one value lets it be checked without telling another.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

HIDE, SALT, CHAIN = "hide", "salt", "chain"
"""Fields the chain adds to a record: paths of hidden values, hex, hex."""
SALT_BYTES = 16
_LEAF = "sm3"
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class BrokenChainError(Exception):
    """A line does not continue the chain.

    Attributes:
        line: its number from 1.
        what: what is wrong with it, in a few words.
    """

    def __init__(self, line: int, what: str) -> None:
        super().__init__(line, what)
        self.line = line
        self.what = what

    def __str__(self) -> str:
        return f"line {self.line} {self.what}"


class Chain:
    """The running head of a chained file.

    Args:
        name: the file's name; two files never share a chain.
        head: chain value of the last line written so far (32 bytes); None for a new file.
        records: number of lines written so far.
        run: name of the run, with which its chains begin; empty where the file is of none.
    """

    def __init__(self, name: str, head: bytes | None = None, records: int = 0, *, run: str) -> None:
        self.head = sm3(f"xiangka evidence 1\n{run}\n{name}".encode()) if head is None else head
        self.records = records

    def line(self, record: Mapping[str, Any], hidden: Sequence[str] = ()) -> str:
        """The next line of the full file; see `next_line`."""
        line, self.head = next_line(self.head, record, hidden)
        self.records += 1
        return line

    def follow(self, line: bytes) -> dict[str, Any]:
        """Check that a line of the full file or of its twin continues the chain; returns its record, chain's fields
        included.

        Raises:
            BrokenChainError: it does not, or is not written the one way it can be written.
        """
        number = self.records + 1
        record = _parsed(line, number)
        said = record.pop(CHAIN, None)
        self.head = _continued(self.head, _checked(record, number) if SALT in record or HIDE not in record else record)
        self.records = number
        if said != self.head.hex():
            raise BrokenChainError(number, "does not continue the chain")
        return {**record, CHAIN: said}


def next_line(head: bytes, record: Mapping[str, Any], hidden: Sequence[str] = ()) -> tuple[str, bytes]:
    """The line of a full file that follows the one with a chain value, line feed included, and its own chain value.

    Args:
        head: chain value of the line before, 32 bytes.
        record: a JSON object; the names the chain adds are not free.
        hidden: dotted paths of the values a publication leaves out.

    Raises:
        ValueError: the record has a field of the chain's own, or no value at a hidden path.
    """
    if taken := {HIDE, SALT, CHAIN} & record.keys():
        raise ValueError(f"{', '.join(sorted(taken))}: a name the chain itself uses")
    full = dict(record)
    if hidden:
        full |= {HIDE: list(hidden), SALT: secrets.token_bytes(SALT_BYTES).hex()}
    following = _continued(head, _publishable(full))
    return dumped({**full, CHAIN: following.hex()}) + "\n", following


def follow(name: str, lines: Iterable[bytes], *, run: str) -> Chain:
    """Follow a whole file from its first line; returns its chain as it stands at the end.

    Args:
        name: the name of the full file, also for its twin.
        lines: lines without their line feeds.
        run: name of the run.

    Raises:
        BrokenChainError: a line does not continue the chain.
    """
    chain = Chain(name, run=run)
    for line in lines:
        chain.follow(line)
    return chain


def published(line: bytes) -> bytes:
    """A line of the full file as its twin has it; both without line feed."""
    record = json.loads(line)
    said = record.pop(CHAIN)
    return dumped({**_publishable(record), CHAIN: said}).encode()


def bare(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as it was before the chain took it in."""
    return {key: value for key, value in record.items() if key not in (HIDE, SALT, CHAIN)}


def sm3(data: bytes) -> bytes:
    """SM3 of some bytes, 32 bytes."""
    return hashlib.new("sm3", data).digest()


def dumped(value: Any) -> str:
    """The one way a value is written: JSON without spaces, keys in their order, characters beyond ASCII as they are."""
    return _ENCODER.encode(value)


def _continued(head: bytes, shown: Mapping[str, Any]) -> bytes:
    return sm3(head + dumped(shown).encode())


def _publishable(full: Mapping[str, Any]) -> dict[str, Any]:
    """The record with hidden values replaced and without its salt."""
    shown = dict(full)
    salt = bytes.fromhex(shown.pop(SALT, ""))
    for path in shown.get(HIDE, ()):
        *above, last = path.split(".")
        place = shown
        for key in above:
            if key not in place:
                raise ValueError(f"nothing at {path}")
            place[key] = dict(place[key])
            place = place[key]
        if last not in place:
            raise ValueError(f"nothing at {path}")
        key_of_value = sm3(salt + path.encode())
        place[last] = {_LEAF: sm3(key_of_value + b"\0" + dumped(place[last]).encode()).hex()}
    return shown


def _parsed(line: bytes, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line.decode())
        plain = dumped(record).encode()
    except (ValueError, RecursionError) as error:
        raise BrokenChainError(number, "is no record") from error
    if not isinstance(record, dict) or plain != line or next(reversed(record), None) != CHAIN:
        raise BrokenChainError(number, "is not written as the chain writes")
    return record


def _checked(record: dict[str, Any], number: int) -> dict[str, Any]:
    """What a full record shows, whose salt and hidden paths are as the chain writes them."""
    salt = record.get(SALT, "")
    try:
        well = isinstance(salt, str) and bytes.fromhex(salt).hex() == salt and len(salt) in (0, 2 * SALT_BYTES)
        shown = _publishable(record)
    except (ValueError, TypeError, AttributeError) as error:
        raise BrokenChainError(number, "hides what is not there") from error
    if not well or (SALT in record) != (HIDE in record):
        raise BrokenChainError(number, "has no sound salt")
    return shown
