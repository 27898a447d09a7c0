"""The social-security card (社会保障卡), versions 1, 2 and 3, as far as a registration desk reads it.

Applications and records follow what public host software reads; the ministry's specification is not public, so the
layout is *reconstructed*. Every field is a record of its own: EF05 describes the card, EF06 the person. Cards of
versions 2 and 3 keep the person in records 01, 02, 04 to 07, those of version 1 in 08 to 0D.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from rigs.protocols.iso7816 import OK, Transmit, demand, exchange, read_record, select

DF_NAME = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
"""``sx1.sh.`` and 社会保障 in GBK."""
CARD_SFI, PERSON_SFI = 5, 6
CARD_ID, VERSION, ISSUED, EXPIRES, CARD_NUMBER = 0x01, 0x03, 0x05, 0x06, 0x07
_SIZES = {CARD_ID: 16, VERSION: 4, ISSUED: 4, EXPIRES: 4, CARD_NUMBER: 9}


@dataclass(frozen=True, slots=True)
class PersonRecords:
    """Record numbers of EF06; None where the layout has no such record."""

    number: int
    name: int
    sex: int
    nation: int
    birthplace: int
    birth: int


LAYOUTS: Mapping[int, PersonRecords] = {
    1: PersonRecords(number=0x08, name=0x09, sex=0x0A, nation=0x0B, birthplace=0x0C, birth=0x0D),
    2: PersonRecords(number=0x01, name=0x02, sex=0x04, nation=0x05, birthplace=0x06, birth=0x07),
    3: PersonRecords(number=0x01, name=0x02, sex=0x04, nation=0x05, birthplace=0x06, birth=0x07),
}
"""By the card's version."""
_NUMBER_BYTES, _NAME_BYTES = 18, 30


class SocialCardError(ValueError):
    """Records that are not those of a social-security card."""


@dataclass(frozen=True, slots=True)
class SocialCard:
    """What a desk reads from a card.

    Attributes:
        card_id: 16 bytes, hex.
        version: 1, 2 or 3.
        card_number: nine characters.
        number: the holder's identity number.
        name: the holder's name.
        sex, nation: codes as GB/T 2261.1 and GB/T 3304 have them.
        issued, expires, birth: dates, None where the card has none.
    """

    card_id: str
    version: int
    card_number: str
    number: str = field(repr=False)
    name: str = field(repr=False)
    sex: str = field(repr=False)
    nation: str = field(repr=False)
    issued: date | None = None
    expires: date | None = None
    birth: date | None = field(default=None, repr=False)


def read(transmit: Transmit) -> SocialCard:
    """Read a card whose application has been selected.

    Raises:
        RefusedError: a record is refused.
        SocialCardError: a record does not hold what it should.
        ApduError: the card's answers have no end.
    """
    card = {number: _field(transmit, CARD_SFI, number, size) for number, size in _SIZES.items()}
    version = _version(card[VERSION])
    layout = LAYOUTS[version]

    def person(number: int, size: int) -> bytes:
        return _field(transmit, PERSON_SFI, number, size)

    return SocialCard(
        card_id=card[CARD_ID].hex().upper(),
        version=version,
        card_number=_text(card[CARD_NUMBER]),
        number=_text(person(layout.number, _NUMBER_BYTES)),
        name=_text(person(layout.name, _NAME_BYTES)),
        sex=_text(person(layout.sex, 1)),
        nation=person(layout.nation, 1).hex(),
        issued=bcd_date(card[ISSUED]),
        expires=bcd_date(card[EXPIRES]),
        birth=bcd_date(person(layout.birth, 4)),
    )


def choose(transmit: Transmit) -> bool:
    """Whether the card has the application; then it is selected."""
    return exchange(transmit, select(DF_NAME))[1] == OK


def records(card: SocialCard) -> dict[tuple[int, int], bytes]:
    """The records of a card, by file and number; what ``read`` reads."""
    layout = LAYOUTS[card.version]
    return {
        (CARD_SFI, CARD_ID): bytes.fromhex(card.card_id),
        (CARD_SFI, VERSION): f"{card.version}.00".encode("ascii"),
        (CARD_SFI, ISSUED): _packed(card.issued),
        (CARD_SFI, EXPIRES): _packed(card.expires),
        (CARD_SFI, CARD_NUMBER): _padded(card.card_number, 9),
        (PERSON_SFI, layout.number): _padded(card.number, _NUMBER_BYTES),
        (PERSON_SFI, layout.name): _padded(card.name, _NAME_BYTES),
        (PERSON_SFI, layout.sex): card.sex.encode("ascii"),
        (PERSON_SFI, layout.nation): bytes.fromhex(card.nation),
        (PERSON_SFI, layout.birthplace): bytes.fromhex("439900"),
        (PERSON_SFI, layout.birth): _packed(card.birth),
    }


def bcd_date(packed: bytes) -> date | None:
    """A date of four packed bytes, year first; None for one of zeros or F.

    Raises:
        SocialCardError: it is no date.
    """
    digits = packed.hex()
    if not digits.strip("0") or not digits.strip("f"):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError as error:
        raise SocialCardError(f"{len(packed)} bytes that are no packed date") from error


def _field(transmit: Transmit, sfi: int, number: int, size: int) -> bytes:
    value = demand(transmit, read_record(number, sfi))
    if len(value) < size:
        raise SocialCardError(f"record {number:02X} of EF{sfi:02X} has {len(value)} bytes, {size} were expected")
    return value[:size]


def _version(value: bytes) -> int:
    found = value[:1].decode("ascii", "replace")
    if not found.isdigit() or int(found) not in LAYOUTS:
        raise SocialCardError("a card of a version nobody knows")
    return int(found)


def _text(value: bytes) -> str:
    try:
        return value.rstrip(b"\x00\xff ").decode("gbk")
    except UnicodeDecodeError:
        raise SocialCardError("a text that is not GBK") from None


def _padded(text: str, size: int) -> bytes:
    value = text.encode("gbk")
    if len(value) > size:
        raise SocialCardError(f"{len(value)} bytes do not fit into {size}")
    return value.ljust(size, b"\x00")


def _packed(day: date | None) -> bytes:
    return bytes(4) if day is None else bytes.fromhex(f"{day:%Y%m%d}")
