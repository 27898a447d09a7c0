"""What of a card may be written down: account numbers as first six and last four digits, no track, no person.

A masked digit is the nibble A in packed bytes and ``*`` in text. What cannot be taken apart is masked whole.
"""

from __future__ import annotations

import re

from rigs.protocols import ber_tlv
from rigs.protocols.ber_tlv import Tlv, TlvError

FIRST, LAST = 6, 4
MASKED_NIBBLE = "A"
MASKED_BYTE = b"*"
PAN = 0x5A
TRACK2 = (0x57, 0x9F6B)
"""Track 2 equivalent data, and its contactless twin."""
_HIDDEN = frozenset({0x56, 0x5F20, 0x9F0B, 0x9F1F, 0x9F20, 0x9F61})
"""Track 1, the cardholder's name, discretionary data of both tracks, the cardholder's identity number."""
_VERIFY, _READ_RECORD, _READ_BINARY, _GPO, _GET_DATA = 0x20, 0xB2, 0xB0, 0xA8, 0xCA
_CARRY_OBJECTS = (_READ_RECORD, _GPO, _GET_DATA)
_PERSON_SFI = 6
"""File of the social-security card with name and identity number."""
_DIGITS = re.compile(r"(?<!\d)\d{13,19}(?!\d)")


def masked_number(number: str, mark: str = "*") -> str:
    """An account number of at least 13 digits with its middle masked; a shorter one is masked whole."""
    if len(number) < 13:
        return mark * len(number)
    return number[:FIRST] + mark * (len(number) - FIRST - LAST) + number[-LAST:]


def masked_text(text: str) -> str:
    """A text with every run of 13 to 19 digits masked, and whatever follows ``=`` after one."""
    return _DIGITS.sub(lambda found: masked_number(found[0]), re.sub(r"(?<=\d)=[0-9:;<>]*", "=", text))


def masked_objects(data: bytes) -> bytes:
    """BER-TLV objects with account number and tracks masked, every length as it was.

    Raises:
        TlvError: the bytes are no whole objects.
    """
    return b"".join(_masked_object(each) for each in ber_tlv.parse(data))


def masked_exchange(command: bytes, response: bytes) -> tuple[bytes, bytes]:
    """A command APDU and its response with status word, as they may be journalled.

    A personal identification number and a key are masked in the command; in the response the person on a
    social-security card and everything of ``masked_objects``.
    """
    ins = command[1] if len(command) > 1 else 0
    load_key = command[:2] == b"\xff\x82"
    if (ins == _VERIFY or load_key) and len(command) > 5:
        command = command[:5] + MASKED_BYTE * (len(command) - 5)
    data, status = response[:-2], response[-2:]
    if not data or command[:1] == b"\xff":
        return command, response
    if ins == _READ_RECORD and len(command) > 3 and command[3] >> 3 == _PERSON_SFI:
        return command, MASKED_BYTE * len(data) + status
    if ins == 0xC0 or ins in _CARRY_OBJECTS:
        data = _masked_if_it_looks_like_objects(data)
    return command, data + status


def _masked_if_it_looks_like_objects(data: bytes) -> bytes:
    try:
        return masked_objects(data)
    except TlvError:
        return _without_long_numbers(data)


def _without_long_numbers(data: bytes) -> bytes:
    """Packed runs of 13 digits and more masked, at whatever nibble they begin."""
    return bytes.fromhex(
        re.sub(r"[0-9]{13,}", lambda run: masked_number(run[0], MASKED_NIBBLE), data.hex()).ljust(2 * len(data), "a")
    )


def _masked_object(found: Tlv) -> bytes:
    if found.constructed:
        return ber_tlv.encode(found.tag, *(_masked_object(child) for child in found.children))
    if found.tag == PAN or found.tag in TRACK2:
        return ber_tlv.encode(found.tag, masked_packed(found.value))
    if found.tag in _HIDDEN:
        return ber_tlv.encode(found.tag, MASKED_BYTE * len(found.value))
    return ber_tlv.encode(found.tag, found.value)


def masked_packed(value: bytes) -> bytes:
    """A packed account number or track 2 with its middle, and everything from the separator on, masked."""
    nibbles = value.hex().upper()
    number = re.match(r"[0-9]*", nibbles)
    digits = number[0] if number else ""
    rest = nibbles[len(digits) :]
    if rest.strip("F"):
        rest = rest[:1] + MASKED_NIBBLE * (len(rest) - 1)
    return bytes.fromhex(masked_number(digits, MASKED_NIBBLE) + rest)
