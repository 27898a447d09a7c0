"""Numbers of persons and of bank cards in bytes of any kind, recognised by their form and their check digits.

Identity numbers are those of GB 11643-1999 with 18 characters, of every region; bank card numbers those of ISO/IEC
7812-1 with 16 to 19 digits. Both are found as text, in groups as they are printed, and escaped for UTF-16, URLs, JSON,
HTML or base64; a card's number also packed, as a chip tells it. Digits that stand amid further digits are no number:
their check digit says nothing.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from datetime import date
from mmap import mmap
from typing import TypeAlias

from evidence.clear_escapes import read_runs
from evidence.clear_packed import packed_digits

Content: TypeAlias = "bytes | mmap"
IDENTITY_NUMBER, BANK_CARD_NUMBER = "identity number", "bank card number"

_PROVINCE = rb"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-3])"
"""First two digits (GB/T 2260); none is 19 or 20, with which a time of the day begins."""
_DAY = rb"(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_GAP = rb"[ -]|\xc2\xa0|\xe2\x80[\x80-\x95\xaf]|\xe3\x80\x80"
"""What stands between printed groups: blank and hyphen, and the wider and narrower ones of Unicode."""
_IDENTITY = re.compile(
    rb"(?<![0-9])" + _PROVINCE + rb"[0-9]{4}(?P<gap>(?:%b)?)" % _GAP + _DAY + rb"(?P=gap)[0-9]{3}[0-9Xx](?![0-9])"
)
_ALONE = rb"(?<![0-9])(?<![^A-Za-z\x80-\xff][.])"
"""Neither behind a digit nor the digits of a fraction."""
_CARD = re.compile(_ALONE + rb"[2-69][0-9]{15,18}(?![0-9Xx])")
_GROUPED_CARD = re.compile(
    _ALONE
    + rb"(?=(?P<number>[2-69][0-9]{3}(?:[0-9]{2})?(?P<gap>%b)(?:[0-9]{4}(?P=gap)){2}[0-9]{4}" % _GAP
    + rb"(?![0-9Xx])(?![0-9A-Fa-f]{8}))(?P<more>(?P=gap)[0-9]{1,3}(?![0-9Xx]))?)"
)
"""Groups of four, the first of four or six; what follows may be the last group or something else, as may what stands
before. The last group of a UUID has twelve characters."""
_ISSUERS = b"62", b"9558", b"999999"
"""How numbers of UnionPay begin, of any length, and those of the cards a bench makes."""
_ABROAD = re.compile(rb"4|5[1-5]|6[045]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|35[2-8]")
"""How those of other networks begin, with 16 digits."""
_SPELT_WORD = re.compile(rb"(?:3[0-9]|4[1-9]|5[0-9]|6[1-9]|7[0-9])+")
"""Letters and digits in hexadecimal, as a code that is shown may hold; one card's number in three hundred looks so."""
_HEX = frozenset(b"0123456789abcdefABCDEF")
_DIGEST = 32
"""Hexadecimal digits in a row that are a digest or an enciphered text, whatever card's number they seem to hold."""
_DIGESTS, _LONG = frozenset({40, 64, 96}), 128
"""How many those of SHA-1, of SM3 and SHA-256, and of SHA-384 are; so many and more are a long digest or text."""
_NO_DIGIT = re.compile(rb"[^0-9Xx]+")
_QUAD = rb"[MNO][DTjz][AEIMQUYcgk][wxyz0-5]"
"""Three decimal digits in base64."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*")
_NUMBER_OF_TIME = re.compile(rb'"(?:t|ns|\w*(?:_ns|_us|time|begin|end|start|stop|since|until|_at))": *$')
_VALUE_OF_HEX = re.compile(rb'"(?:hex": *"|shows": *\[(?:"[^"]*", *)*"[A-Za-z0-9 ]+:)[0-9a-fA-F]*$')
"""What the journal writes as hexadecimal: bytes of a frame, contents of the codes shown."""


def numbers_in(content: Content) -> Iterator[tuple[str, int]]:
    """Kind and place (bytes from the start) of every number, however it is spelled."""
    yield from plain_numbers(content)
    yield from ((BANK_CARD_NUMBER, start) for digits, start in packed_digits(content) if _is_card(digits))
    for run, start in read_runs(content):
        yield from ((kind, start) for kind, _ in plain_numbers(run))
    for match in _IN_BASE64.finditer(content):
        yield from ((kind, match.start()) for kind, _ in plain_numbers(_around(content, match)))


def plain_numbers(content: Content) -> Iterator[tuple[str, int]]:
    """Kind and place of every number written in ASCII digits."""
    for match in _IDENTITY.finditer(content):
        if _is_identity(_bare(match[0])) and not _is_of_a_digest(content, match):
            yield IDENTITY_NUMBER, match.start()
    for match in _CARD.finditer(content):
        if not _is_card(match[0]) or _SPELT_WORD.fullmatch(match[0]):
            continue
        if not _in_hex(content, match.start(), match.end()) and not _is_time(content, match):
            yield BANK_CARD_NUMBER, match.start()
    for match in _GROUPED_CARD.finditer(content):
        whole = match["number"] + (match["more"] or b"")
        if _is_card(_bare(match["number"])) or _is_card(_bare(whole)):
            yield BANK_CARD_NUMBER, match.start()


def _bare(number: bytes) -> bytes:
    return _NO_DIGIT.sub(b"", number)


def _is_identity(number: bytes) -> bool:
    """Whether its birthday is a day of the calendar and its check character right (ISO 7064 MOD 11-2)."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    weighed = sum(2 ** (17 - place) * (digit - 48) for place, digit in enumerate(number[:17]))
    return bool(b"10X98765432"[weighed % 11] == number.upper()[17])


def _is_card(number: bytes) -> bool:
    """Whether an issuer may have given it out, or one of the harness's own, and its check digit is right (Luhn)."""
    if not (number.startswith(_ISSUERS) or (len(number) == 16 and _ABROAD.match(number))):
        return False
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = (digit - 48) * (1 + place % 2)
        total += value // 10 + value % 10
    return total % 10 == 0 and len(set(number)) > 1


def _is_of_a_digest(content: Content, match: re.Match[bytes]) -> bool:
    """Whether an identity number is part of a digest, of a long text in hexadecimal, or of bytes read by themselves.

    Letters alone beside it make no digest, nor does a run of another length: 18 digits with a birthday and a check
    character hardly ever come about by chance.
    """
    if _is_read_otherwise(content, match.start(), match.end(), _LONG):
        return True
    before, after = _hex_around(content, match.start(), match.end(), _LONG)
    length = len(before) + len(match[0]) + len(after)
    return (length in _DIGESTS or length >= _LONG) and not (before + after).isalpha()


def _in_hex(content: Content, start: int, end: int) -> bool:
    """Whether digits are part of a digest, of a text PDF writes by its glyphs, or of bytes read by themselves."""
    before, after = _hex_around(content, start, end, _DIGEST)
    return len(before) + end - start + len(after) >= _DIGEST or _is_read_otherwise(content, start, end, _DIGEST)


def _is_read_otherwise(content: Content, start: int, end: int, far: int) -> bool:
    before, after = _hex_around(content, start, end, far)
    first, last = start - len(before), end + len(after)
    if content[max(0, first - 1) : first] == b"<" and content[last : last + 1] == b">":
        return True
    return _VALUE_OF_HEX.search(content[max(0, start - 8 * _DIGEST) : start]) is not None


def _hex_around(content: Content, start: int, end: int, far: int) -> tuple[bytes, bytes]:
    """Hexadecimal digits right before and right after a place, so many at most."""
    before, after = content[max(0, start - far) : start], content[end : end + far]
    ahead = _leading_hex(before[::-1])
    return before[len(before) - ahead :], after[: _leading_hex(after)]


def _leading_hex(content: bytes) -> int:
    return next((place for place, byte in enumerate(content) if byte not in _HEX), len(content))


def _is_time(content: Content, match: re.Match[bytes]) -> bool:
    """Whether it is a JSON number whose name says that it is one of a clock."""
    return _NUMBER_OF_TIME.search(content[max(0, match.start() - 40) : match.start()]) is not None


def _around(content: Content, match: re.Match[bytes]) -> bytes:
    """A run of digits in base64 with what stands two groups before and after it, read."""
    before = content[max(0, match.start() - 8) : match.start()]
    kept = len(_BASE64.match(before[::-1])[0]) // 4 * 4  # type: ignore[index] # matches the empty text too
    after = _BASE64.match(content[match.end() : match.end() + 8])[0]  # type: ignore[index]
    text = before[len(before) - kept :] + match[0] + after
    return from_base64(text)


def from_base64(text: bytes) -> bytes:
    """Bytes of a base64 text, with or without its padding; line ends are left out, a single character too many is."""
    text = text.replace(b"\r", b"").replace(b"\n", b"").rstrip(b"=")
    if len(text) % 4 == 1:
        text = text[:-1]
    return binascii.a2b_base64(text + b"=" * (-len(text) % 4))


_IN_BASE64 = re.compile(rb"(?:%b(?:\r?\n)?){4,}" % _QUAD)
