"""What of a card may be written down: account numbers as first six and last four digits, no track, no person.

A masked digit is the nibble A in packed bytes and ``*`` in text. What cannot be taken apart is masked whole.
"""

from __future__ import annotations

import re

from rigs.protocols import ber_tlv
from rigs.protocols.ber_tlv import Tlv, TlvError
from rigs.protocols.hid_keyboard import REPORT_BYTES
from rigs.protocols.keyboard_host import KeyboardHost

FIRST, LAST = 6, 4
MASKED_NIBBLE = "A"
MASKED_BYTE = b"*"
PAN = 0x5A
TRACK2 = (0x57, 0x9F6B)
"""Track 2 equivalent data, and its contactless twin."""
_HIDDEN = frozenset({0x56, 0x5F20, 0x9F0B, 0x9F1F, 0x9F20, 0x9F61})
"""Track 1, the cardholder's name, discretionary data of both tracks, the cardholder's identity number."""
_VERIFY, _READ_RECORD, _READ_BINARY, _GET_RESPONSE = 0x20, 0xB2, 0xB0, 0xC0
_PERSON_SFI = 6
"""File of the social-security card with name and identity number."""
_CURRENT_FILE = 0
"""What a command means that names no file: whichever was read last, the person's perhaps."""
_MORE = 0x61
LONGEST_NUMBER = 19
"""Digits of an account number at most (ISO/IEC 7812-1)."""
_DIGITS = re.compile(r"[0-9]{13,}")
_AFTER_SEPARATOR = re.compile(r"(?<=[0-9*])([=D^])[^?\r\n]+")

_ACCOUNT = re.compile(
    r"(?P<code>[0-9A-Fa-f]{64}:[01](?::[0-9A-Fa-f:]*)?)|(?:[0-9]{13,}|\*{3,}[0-9]{1,4})(?:[=D^][^?\r\n]*)?"
)
"""A code of the health card, or an account number with whatever a separator parts from it."""


def masked_number(number: str, mark: str = "*") -> str:
    """An account number of 13 to 19 digits with its middle masked; a shorter one is masked whole.

    Of a longer row of digits, which holds more than a number, only the first six stay.
    """
    if len(number) < 13:
        return mark * len(number)
    if len(number) > LONGEST_NUMBER:
        return number[:FIRST] + mark * (len(number) - FIRST)
    return number[:FIRST] + mark * (len(number) - FIRST - LAST) + number[-LAST:]


def masked_track(text: str) -> str:
    """A line of a magnetic head with every run of 13 digits or more masked, and everything behind a separator.

    Separators are those of track 2, ``=`` or ``D``, and of track 1, ``^``; a head may leave them out.
    """
    return _DIGITS.sub(lambda found: masked_number(found[0]), _AFTER_SEPARATOR.sub(_hidden_after, text))


def _hidden_after(found: re.Match[str]) -> str:
    return found[1] + "*" * (len(found[0]) - 1)


def masked_received(data: bytes) -> bytes:
    """What a scanner or a keyboard sent, as it may be journalled on a bench with bank cards.

    As ``masked_track``, but codes of the health card stay as they are: their digits are nobody's account number.
    Keyboard reports that type a number are masked whole.
    """
    masked = _ACCOUNT.sub(_hidden_account, data.decode("latin-1")).encode("latin-1")
    typed = "" if len(data) % REPORT_BYTES else KeyboardHost().feed(data).text
    return MASKED_BYTE * len(data) if _ACCOUNT.sub(_hidden_account, typed) != typed else masked


def _hidden_account(found: re.Match[str]) -> str:
    return found[0] if found["code"] else masked_track(found[0])


def masked_objects(data: bytes) -> bytes:
    """BER-TLV objects with account number and tracks masked, every length as it was.

    Raises:
        TlvError: the bytes are no whole objects.
    """
    return b"".join(_masked_object(each) for each in ber_tlv.parse(data))


class ExchangeMask:
    """Masks the exchanges of one card, in their order: what GET RESPONSE fetches belongs to the command before it."""

    def __init__(self) -> None:
        self._asked = b""

    def masked(self, command: bytes, response: bytes) -> tuple[bytes, bytes]:
        """A command APDU and its response with status word, as they may be journalled.

        A personal identification number and a key are masked in the command; in the response whatever may be of the
        person on a social-security card, and everything of ``masked_objects``.
        """
        if command[1:2] != bytes((_GET_RESPONSE,)):
            self._asked = command
        data, status = response[:-2], response[-2:]
        whole = command == self._asked and status[:1] != bytes((_MORE,))
        return _masked_command(command), _masked_data(self._asked, data, whole=whole) + status


def _masked_command(command: bytes) -> bytes:
    secret = command[1:2] == bytes((_VERIFY,)) or command[:2] == b"\xff\x82"
    return command[:5] + MASKED_BYTE * (len(command) - 5) if secret and len(command) > 5 else command


def _masked_data(asked: bytes, data: bytes, *, whole: bool) -> bytes:
    """What answers a command; a piece of an answer that is no whole object tells nothing of where a number begins."""
    if not data or asked[:1] == b"\xff" or len(asked) < 4:
        return data
    ins, file = asked[1], asked[3] >> 3
    if ins == _READ_BINARY or (ins == _READ_RECORD and file in (_PERSON_SFI, _CURRENT_FILE)):
        return MASKED_BYTE * len(data)
    try:
        return masked_objects(data)
    except TlvError:
        return _without_long_numbers(data) if whole else MASKED_BYTE * len(data)


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
