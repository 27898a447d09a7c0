"""Looking through files for what may stand nowhere in clear: identity numbers, bank card numbers, keys.

A file is searched as it lies there, its name, then everything that can be read out of it: bytes written as hexadecimal
or base64, texts and streams of PDF, texts and codes in pictures, members of archives. What is found is told by file,
place and kind, never by its value. A file that cannot be read is a finding too: nobody knows what it holds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from evidence.clear_numbers import Content, numbers_in
from evidence.opened_files import UnreadableError, contents_of
from evidence.spellings import forms, in_base64, in_hex
from evidence.written_bytes import written_bytes

KEY, KNOWN, UNREADABLE, DEEP = "private key", "known secret", "cannot be searched", "not looked into"
_DEPTH = 3
"""How many coats are taken off: hexadecimal of JSON with base64 of an enciphered text has two."""

_BEGIN = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----")
_NAMES = b"|".join(name.encode(code) for name in ("密钥", "私钥", "口令", "密码") for code in ("utf-8", "gb18030"))
_LABELLED = re.compile(
    rb"(?i:(?:app_?|client_?|shared_?)?secret|(?:private|secret|master|session|signing|root|enc(?:ryption)?|sm4)_?key|"
    rb"passw(?:or)?d|passphrase|" + _NAMES + rb")"
    rb"\\?[\"']?\s*(?:[:=]|\xef\xbc\x9a|\xa3\xba)\s*\\?[\"']?(?:[0-9a-fA-F]{32,}"
    rb"|(?=[A-Za-z+/_-]*[0-9])[A-Za-z0-9+/_-]{22,}={0,2})(?![A-Za-z0-9])"
)
_KTY, _D = rb"\\?\"kty\\?\"", rb"\\?\"d\\?\"\s*:\s*\\?\"[A-Za-z0-9_-]{43}"
_JWK = re.compile(rb"%b[^{}]{1,4000}?%b|%b[^{}]{1,4000}?%b" % (_KTY, _D, _D, _KTY))
"""A key as RFC 7517 writes it: d, of 32 bytes or more, in one object with kty."""
_SEC1 = re.compile(rb"\x02\x01\x01\x04\x20.{32}\xa0\x0a\x06\x08", re.DOTALL)
"""A key on an elliptic curve as RFC 5915 writes it."""
_PKCS8 = (
    bytes.fromhex("020100301306072a8648ce3d0201"),
    bytes.fromhex("020100300d06092a864886f70d0101010500"),
    bytes.fromhex("020100300506032b6570"),
    bytes.fromhex("06092a864886f70d01050d"),
)
"""How a key begins as RFC 5208 writes it: elliptic curves, SM2 among them; RSA; Ed25519; one enciphered by PBES2."""
_SPELT = tuple(
    spelt
    for plain in (b"PRIVATE KEY-----", *_PKCS8)
    for spelt in (*in_hex(plain), *in_base64(plain), *(() if plain.isascii() else (plain,)))
)


@dataclass(frozen=True, order=True)
class Finding:
    """Something in clear.

    Attributes:
        file: path of the file, with the member of an archive behind ``!``.
        place: line, byte, page or part of it.
        kind: what it is.
        coat: how it is written; empty for plain text.
    """

    file: str
    place: str
    kind: str
    coat: str = ""

    def __str__(self) -> str:
        if self.kind == DEEP:
            return f"{self.file}: {self.kind}: {self.place}"
        return f"{self.file}: {self.place}: {self.kind}{f', in {self.coat}' if self.coat else ''}"


def scan(path: Path, secrets: Iterable[str] = ()) -> tuple[Finding, ...]:
    """Everything in clear in a file, or in all files below a folder, in their order.

    Args:
        path: the file or folder; a link within it is no file of it.
        secrets: texts that are known to be secret, such as the keys a run was given.
    """
    known = tuple(form for secret in secrets for made in forms(secret).values() for form in made)
    if not path.is_dir():
        return tuple(dict.fromkeys(_in_file(path, path.name, known)))
    files = sorted(file for file in path.rglob("*") if not file.is_dir() and not file.is_symlink())
    found = (one for file in files for one in _in_file(file, file.relative_to(path).as_posix(), known))
    return tuple(dict.fromkeys(found))


def scan_bytes(content: bytes, name: str) -> tuple[Finding, ...]:
    """Everything in clear in what is still to be written under a name."""
    return tuple(dict.fromkeys(_in_content(content, name, ())))


def _in_file(path: Path, name: str, known: Sequence[bytes]) -> Iterator[Finding]:
    yield from (Finding(name, "its name", kind) for kind, _ in _all_in(os.fsencode(name), known))
    try:
        if not path.is_file():  # a pipe or a device may have no end
            yield Finding(name, "the file", UNREADABLE)
            return
        with path.open("rb") as file:
            if not path.stat().st_size:
                return
            with mmap(file.fileno(), 0, access=ACCESS_READ) as content:
                yield from _in_content(content, name, known)
    except OSError:
        yield Finding(name, "the file", UNREADABLE)


def _in_content(content: Content, name: str, known: Sequence[bytes], depth: int = 0) -> Iterator[Finding]:
    """What a file, or something read out of one, holds."""
    for kind, offset, coat in _hits(content, known, depth):
        yield Finding(name, _place(content, offset), kind, coat)
    try:
        for opened in contents_of(content):
            if depth == _DEPTH:
                yield Finding(name, "nested too deep", DEEP)
                return
            inner = f"{name}!{opened.member}" if opened.member else name
            for one in _in_content(opened.content, inner, known, depth + 1):
                place = f"{opened.part}, {one.place}" if opened.part and not opened.member else one.place
                yield Finding(one.file, place, one.kind, one.coat)
    except UnreadableError as error:
        yield Finding(name, str(error), UNREADABLE)


def _hits(content: Content, known: Sequence[bytes], depth: int) -> Iterator[tuple[str, int, str]]:
    """Kind, place and coat of what stands in some bytes and in the bytes written down among them."""
    yield from ((kind, offset, "") for kind, offset in _all_in(content, known))
    if depth == _DEPTH:
        return
    for written in written_bytes(content):
        for kind, offset, coat in _hits(written.content, known, depth + 1):
            yield kind, written.origin(offset), f"{coat} in {written.spelling}" if coat else written.spelling
        for piece, offset in written.files():
            # what cannot be read as a file here are bytes that happen to begin like one
            found = (one.kind for one in _in_content(piece, "", known, depth + 1) if one.kind != UNREADABLE)
            yield from ((kind, offset, written.spelling) for kind in found)


def _all_in(content: Content, known: Sequence[bytes]) -> Iterator[tuple[str, int]]:
    yield from numbers_in(content)
    for pattern in (_BEGIN, _LABELLED, _JWK, _SEC1):
        yield from ((KEY, match.start()) for match in pattern.finditer(content))
    for kind, needles in ((KEY, _SPELT), (KNOWN, known)):
        for needle in needles:
            if (offset := content.find(needle)) >= 0:
                yield kind, offset


def _place(content: Content, offset: int) -> str:
    """Line of a text, byte of anything else."""
    if content.find(b"\0") >= 0:
        return f"byte {offset}"
    return f"line {content[:offset].count(bytes((10,))) + 1}"
