"""A contactless bank card as far as its account number: PPSE directory, application, GPO, records.

EMV Contactless Book B, 3.3 (PPSE ``2PAY.SYS.DDF01``: template BF0C with an entry 61 for each application, name 4F,
label 50, priority 87), EMV 4.3 Book 3, 6.5.8 and 10.2 (GET PROCESSING OPTIONS, application file locator 94), 6.5.11
(READ RECORD). The account number is masked before it leaves this module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rigs.protocols import ber_tlv
from rigs.protocols.ber_tlv import Tlv, encode, parse
from rigs.protocols.card_masking import PAN, TRACK2, masked_number
from rigs.protocols.iso7816 import OK, Command, Transmit, demand, exchange, read_record, select

PPSE = b"2PAY.SYS.DDF01"
AID = bytes.fromhex("A000000333010101")
"""UnionPay debit."""
GPO = 0xA8
ENTRY, NAME, LABEL, PRIORITY, PDOL, AFL, AIP = 0x61, 0x4F, 0x50, 0x87, 0x9F38, 0x94, 0x82
_FCI, _FCI_PROPRIETARY, _FCI_DISCRETIONARY, _DF_NAME = 0x6F, 0xA5, 0xBF0C, 0x84
_FORMAT_1, _FORMAT_2, _RECORD, _COMMAND_TEMPLATE = 0x80, 0x77, 0x70, 0x83
_RECORDS_READ = 16


class BankCardError(ValueError):
    """Answers that are not those of a payment card."""


@dataclass(frozen=True, slots=True)
class BankCard:
    """What may be known of a bank card.

    Attributes:
        application: its AID, hex.
        masked: the account number, first six and last four digits.
        leading, trailing: digits the terminal handed over in clear before and after the part it masked itself;
            ``(n, 0)`` for a number of n digits that it did not mask.
    """

    application: str
    masked: str
    leading: int
    trailing: int


def choose(transmit: Transmit) -> bytes | None:
    """The AID of the application with the highest priority in the card's directory, or None where it has none.

    Raises:
        BankCardError: the directory cannot be read.
    """
    data, status = exchange(transmit, select(PPSE))
    if status != OK:
        return None
    entries = [each for found in _objects(data) for each in found.walk() if each.tag == ENTRY]
    names = [(_priority(entry), name) for entry in entries if (name := entry.find(NAME))]
    return min(names, key=lambda one: one[0])[1] if names else None


def read(transmit: Transmit, application: bytes) -> BankCard:
    """Read the account number of an application, masked.

    Raises:
        RefusedError: the card refuses a step.
        BankCardError: its answers hold no account number.
        ApduError: the card's answers have no end.
    """
    offered = _objects(demand(transmit, select(application)))
    options = demand(transmit, Command(0x80, GPO, data=_options_data(offered), le=256))
    for found in (_objects(options), *_records(transmit, _locator(options))):
        for tag in (PAN, *TRACK2):
            if (value := ber_tlv.find(found, tag)) is not None:
                return handed_over(re.split(r"[DF]", value.hex().upper(), maxsplit=1)[0], application.hex().upper())
    raise BankCardError("no record holds an account number")


def directory(*applications: tuple[bytes, str]) -> bytes:
    """The answer to selecting a PPSE: an entry for each AID and label, in order of priority."""
    entries = [
        encode(ENTRY, encode(NAME, aid), encode(LABEL, label.encode("ascii")), encode(PRIORITY, bytes((place,))))
        for place, (aid, label) in enumerate(applications, start=1)
    ]
    return encode(_FCI, encode(_DF_NAME, PPSE), encode(_FCI_PROPRIETARY, encode(_FCI_DISCRETIONARY, *entries)))


def application_offer(aid: bytes, label: str, pdol: bytes) -> bytes:
    """The answer to selecting an application."""
    inner = encode(LABEL, label.encode("ascii")) + encode(PDOL, pdol)
    return encode(_FCI, encode(_DF_NAME, aid), encode(_FCI_PROPRIETARY, inner))


def processing_options(locator: bytes) -> bytes:
    """The answer to GET PROCESSING OPTIONS: interchange profile and file locator, format 2."""
    return encode(_FORMAT_2, encode(AIP, b"\x7c\x00"), encode(AFL, locator))


def record(*objects: bytes) -> bytes:
    """A record of a payment application."""
    return encode(_RECORD, *objects)


def packed_number(number: str) -> bytes:
    """An account number as tag 5A holds it: packed, F at the end of an odd one."""
    return bytes.fromhex(number + "F" * (len(number) % 2))


def packed_track2(number: str, expiry: str, rest: str) -> bytes:
    """Track 2 as tag 57 holds it: number, D, YYMM, service code and discretionary data."""
    digits = f"{number}D{expiry}{rest}"
    return bytes.fromhex(digits + "F" * (len(digits) % 2))


def handed_over(nibbles: str, application: str = "") -> BankCard:
    """An account number as a terminal hands it over.

    Args:
        nibbles: its digits; whatever the terminal masks, in the middle, is something else.
        application: AID, hex.

    Raises:
        BankCardError: it is none.
    """
    found = re.fullmatch(r"([0-9]*)([^0-9]*)([0-9]*)", nibbles)
    if found is None or not 13 <= len(nibbles) <= 19:
        raise BankCardError("an account number of a form nobody knows")
    shown = nibbles if not found[2] else found[1] + "0" * len(found[2]) + found[3]
    return BankCard(application, masked_number(shown), len(found[1]), len(found[3]))


def _priority(entry: Tlv) -> int:
    value = entry.find(PRIORITY)
    return (value[0] & 0xF or 16) if value else 16


def _options_data(offered: tuple[Tlv, ...]) -> bytes:
    """The data a card asks for, all zero: nothing is paid."""
    return encode(_COMMAND_TEMPLATE, bytes(_wanted_bytes(ber_tlv.find(offered, PDOL) or b"")))


def _wanted_bytes(pdol: bytes) -> int:
    """How many bytes a list of tags and lengths asks for (EMV 4.3 Book 3, 5.4)."""
    total, rest = 0, pdol
    while rest:
        size = 1
        if rest[0] & 0x1F == 0x1F:
            while size < len(rest) and rest[size] & 0x80:
                size += 1
            size += 1
        if size >= len(rest):
            raise BankCardError("a list of wanted data that ends within an entry")
        total, rest = total + rest[size], rest[size + 1 :]
    if total > 250:
        raise BankCardError("a list that wants more data than a command holds")
    return total


def _locator(options: bytes) -> bytes:
    found = _objects(options)
    value = ber_tlv.find(found, AFL)
    if value is None and (plain := ber_tlv.find(found, _FORMAT_1)) is not None:
        value = plain[2:]
    if value is None or len(value) % 4:
        raise BankCardError("no file locator in the processing options")
    return value


def _records(transmit: Transmit, locator: bytes) -> list[tuple[Tlv, ...]]:
    found = []
    for start in range(0, len(locator), 4):
        sfi, first, last, _ = locator[start : start + 4]
        found += [_objects(demand(transmit, read_record(n, sfi >> 3))) for n in range(first, last + 1)]
        if len(found) > _RECORDS_READ:
            raise BankCardError("a file locator that names more records than a card has")
    return found


def _objects(data: bytes) -> tuple[Tlv, ...]:
    try:
        return parse(data)
    except ber_tlv.TlvError as error:
        raise BankCardError(f"an answer that is no data object: {error}") from error
