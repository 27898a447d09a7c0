"""What the packets of the Simple Serial Interface hold: parameters, revision, capabilities, contents.

Follows the same documents as ``rigs.protocols.ssi``. A content that fits no packet comes in several, either marked by
the continuation bit or as numbered segments; a host may get both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rigs.protocols.ssi import (
    ALL_PARAMETERS,
    CONTINUED,
    DECODER,
    HEADER,
    HOST,
    LONGEST,
    NO_BEEP,
    PERMANENT,
    Opcode,
    Packet,
    SsiError,
)

_EXTENSIONS = (0xF0, 0xF1, 0xF2)
"""Prefixes of parameter numbers from 256, 512 and 768 on."""


def write_number(number: int) -> bytes:
    """A parameter number as PARAM_SEND and PARAM_REQUEST hold it.

    Raises:
        SsiError: it is negative or above 1023.
    """
    if 0 <= number < _EXTENSIONS[0]:
        return bytes((number,))
    page, offset = divmod(number, 0x100)
    if not 1 <= page <= len(_EXTENSIONS):
        raise SsiError(f"there is no parameter {number}")
    return bytes((_EXTENSIONS[page - 1], offset))


def param_send(
    values: Mapping[int, int], *, beep: int = NO_BEEP, permanent: bool = False, source: int = HOST
) -> Packet:
    """Parameters and their values, of one byte each.

    Raises:
        SsiError: a number or a value does not exist.
    """
    if not all(0 <= value <= 0xFF for value in (beep, *values.values())):
        raise SsiError("a value that is no byte")
    data = bytes((beep,)) + b"".join(write_number(number) + bytes((value,)) for number, value in values.items())
    return Packet(Opcode.PARAM_SEND, data, source, PERMANENT if permanent else 0)


def param_request(numbers: Iterable[int]) -> Packet:
    """Ask for parameters; ``ALL_PARAMETERS`` in the first place asks for all."""
    data = b"".join(bytes((n,)) if n == ALL_PARAMETERS else write_number(n) for n in numbers)
    return Packet(Opcode.PARAM_REQUEST, data)


def sent_parameters(data: bytes) -> tuple[int, dict[int, int]]:
    """The beep code and the parameters of a PARAM_SEND.

    Raises:
        SsiError: it is empty, breaks off, or holds a parameter whose value is longer than one byte.
    """
    if not data:
        raise SsiError("a PARAM_SEND without beep code")
    values = {}
    position = 1
    while position < len(data):
        number, position = _read_number(data, position)
        if position >= len(data):
            raise SsiError(f"parameter {number} without a value")
        values[number] = data[position]
        position += 1
    return data[0], values


def requested_parameters(data: bytes) -> list[int]:
    """The numbers of a PARAM_REQUEST; ``ALL_PARAMETERS`` alone when all are wanted.

    Raises:
        SsiError: it breaks off.
    """
    if data[:1] == bytes((ALL_PARAMETERS,)):
        return [ALL_PARAMETERS]
    numbers = []
    position = 0
    while position < len(data):
        number, position = _read_number(data, position)
        numbers.append(number)
    return numbers


def _read_number(data: bytes, position: int) -> tuple[int, int]:
    first = data[position]
    if first not in _EXTENSIONS:
        if first > _EXTENSIONS[-1] and first != ALL_PARAMETERS:
            raise SsiError(f"parameters behind {first:02X} are not understood")
        return first, position + 1
    if position + 1 >= len(data):
        raise SsiError("a parameter number breaks off")
    return (_EXTENSIONS.index(first) + 1) * 0x100 + data[position + 1], position + 2


@dataclass(frozen=True, slots=True)
class Revision:
    """What a REPLY_REVISION says; empty where it does not.

    Attributes:
        software: name of the software release.
        board: kind of decoder board.
        engine: which scan engine.
    """

    software: str
    board: str = ""
    engine: str = ""


def revision_reply(revision: Revision, program_checksum: str = "0") -> Packet:
    """A revision as the decoder tells it: four words with a space between them."""
    text = f"{revision.software} {revision.board} {revision.engine} {program_checksum}"
    return Packet(Opcode.REVISION_REPLY, text.encode("latin-1", "replace"), DECODER)


def revision(packet: Packet) -> Revision:
    """The words of a REPLY_REVISION; an engine may tell fewer."""
    words = [*packet.data.decode("latin-1").strip("\x00").split(" "), "", ""]
    return Revision(words[0], words[1], words[2])


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a CAPABILITIES_REPLY says (layout reconstructed).

    Attributes:
        rates: bits of the line rates, lowest 300 bit/s.
        serial: bits of parities and stop bits.
        multipacket: bits of the multipacket options.
        opcodes: messages it understands.
    """

    rates: int
    serial: int
    multipacket: int
    opcodes: frozenset[int]


def capabilities_reply(capabilities: Capabilities) -> Packet:
    """Capabilities as the decoder tells them."""
    data = capabilities.rates.to_bytes(2, "big") + bytes((capabilities.serial, capabilities.multipacket))
    return Packet(Opcode.CAPABILITIES_REPLY, data + bytes(sorted(capabilities.opcodes)), DECODER)


def capabilities(packet: Packet) -> Capabilities:
    """What a CAPABILITIES_REPLY says.

    Raises:
        SsiError: it is too short.
    """
    if len(packet.data) < 4:
        raise SsiError("capabilities break off")
    return Capabilities(
        int.from_bytes(packet.data[:2], "big"), packet.data[2], packet.data[3], frozenset(packet.data[4:])
    )


def decode_packets(code_type: int, content: bytes) -> list[Packet]:
    """A content as one DECODE_DATA or, if it is longer, as several with the continuation bit; each names the type."""
    size = LONGEST - HEADER - 1
    pieces = [content[start : start + size] for start in range(0, len(content), size)] or [b""]
    return [
        Packet(Opcode.DECODE_DATA, bytes((code_type,)) + piece, DECODER, CONTINUED if number < len(pieces) - 1 else 0)
        for number, piece in enumerate(pieces)
    ]


_SEGMENT_HEAD = 9
"""Bytes of the first segment between its number and the content."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One content.

    Attributes:
        code_type: its symbology, a value of ``CodeType`` or one the harness does not name.
        content: its bytes.
    """

    code_type: int
    content: bytes


class DecodedReader:
    """Puts contents together that come in several packets, in either form."""

    def __init__(self) -> None:
        self._type = 0
        self.forget()

    def forget(self) -> None:
        """Drop a content that has begun."""
        self._pieces = b""
        self._wanted = 0
        self._number = 0

    def take(self, packet: Packet) -> Decoded | None:
        """Take a DECODE_DATA or a segment; the content it completes, if any.

        Raises:
            SsiError: it is empty, or a segment that does not follow the one before; what came so far is forgotten.
        """
        try:
            return self._segment(packet.data) if packet.opcode == Opcode.SEGMENT_DATA else self._packet(packet)
        except IndexError:
            self.forget()
            raise SsiError("a content breaks off") from None

    def _packet(self, packet: Packet) -> Decoded | None:
        self._type = packet.data[0]
        self._pieces += packet.data[1:]
        if packet.continued:
            self._wanted = 1
            return None
        return self._done()

    def _segment(self, data: bytes) -> Decoded | None:
        number = data[0]
        if number == 0:
            self._type, self._number = data[6], 0
            self._wanted = data[8] << 8 | data[9]
            self._pieces = data[1 + _SEGMENT_HEAD :]
        elif self._wanted and number == self._number + 1:
            self._number = number
            self._pieces += data[1:]
        else:
            raise IndexError
        return self._done() if len(self._pieces) >= self._wanted else None

    def _done(self) -> Decoded:
        decoded = Decoded(self._type, self._pieces)
        self.forget()
        return decoded
