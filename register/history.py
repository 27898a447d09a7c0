"""The history of a register followed from its first line: chained, each act signed by an authoriser of its centre."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from certification.certificates import Certificate, Entry, certificates_of
from evidence.chain import BrokenChainError, Chain, bare
from evidence.errors import SignatureError
from evidence.keys.signer import Signer
from evidence.signed import check, sign
from evidence.signer_certificates import AUTHORISER
from register.errors import BrokenRegisterError
from register.lines import Opening, entry_of, opening_of

CHAIN = "register.jsonl"
"""Name with which the chain of every register begins."""
_RESTORE = "restore a copy of it from before the change, and find out who made it"


@dataclass(frozen=True)
class Line:
    """One act as it is kept: its chained line without line feed, and the signature file over it."""

    text: str
    signature: bytes


@dataclass(frozen=True)
class History:
    """A register as its lines give it.

    Attributes:
        opening: what it is.
        entries: acts on certificates, oldest first.
        head: chain value of the last line, 32 bytes.
        heads: chain value of every line, hex.
    """

    opening: Opening
    entries: tuple[Entry, ...]
    head: bytes
    heads: tuple[str, ...]

    @property
    def certificates(self) -> dict[str, Certificate]:
        """Every certificate by number."""
        return certificates_of(self.entries)

    @property
    def last(self) -> datetime:
        """When the last act was done."""
        return (self.entries[-1] if self.entries else self.opening).at

    @property
    def records(self) -> int:
        """Number of lines."""
        return len(self.heads)


def follow(lines: Iterable[Line], where: str) -> History:
    """Follow a history line by line.

    Args:
        lines: all of it.
        where: its place, for complaints.

    Raises:
        BrokenRegisterError: a line is changed, missing, moved, or not signed by an authoriser of the centre.
    """
    chain = Chain(CHAIN, run="")
    opening: Opening | None = None
    entries: list[Entry] = []
    heads: list[str] = []
    for n, line in enumerate(lines, 1):
        try:
            record = bare(chain.follow(line.text.encode()))
            if opening is None:
                opening = opening_of(record)
                require_signed(line, n, opening, opening.centre)
            else:
                entry = entry_of(record, n)
                require_signed(line, n, entry, opening.centre)
                if entry.at < (entries[-1] if entries else opening).at:
                    raise ValueError("is dated before the act it follows")
                entries.append(entry)
        except (BrokenChainError, SignatureError, ValueError) as error:
            said = error.what if isinstance(error, (BrokenChainError, SignatureError)) else str(error)
            raise BrokenRegisterError(said, where=f"{where}, act {n}", remedy=_RESTORE) from error
        heads.append(chain.head.hex())
    if opening is None:
        raise BrokenRegisterError("holds no act, not even its opening", where=where, remedy=_RESTORE)
    return History(opening, tuple(entries), chain.head, tuple(heads))


def signed_line(text: str, n: int, signer: Signer, at: datetime) -> Line:
    """Sign the ``n``-th line, given without its line feed.

    Raises:
        SignatureError: the signer may not sign now.
    """
    with tempfile.TemporaryDirectory(prefix="xiangka-register-") as folder:
        file = Path(folder) / _name(n)
        file.write_text(text, encoding="utf-8")
        return Line(text, sign(file, signer, at).read_bytes())


def require_signed(line: Line, n: int, act: Opening | Entry, centre: str) -> None:
    """Demand that the ``n``-th line is signed by one authoriser of a centre, and by whom and when it says itself.

    Raises:
        SignatureError, ValueError: it is not.
    """
    signatures = check(line.text.encode(), line.signature, centre.encode(), file=_name(n))
    if [one.role for one in signatures] != [AUTHORISER]:
        raise ValueError("is not signed by one authoriser alone")
    if signatures[0].signer != act.who or signatures[0].signed_at != act.at:
        raise ValueError("names another signer or moment than its signature")


def _name(n: int) -> str:
    return f"act-{n:06d}.json"
