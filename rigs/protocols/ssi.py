"""Zebra Simple Serial Interface (SSI): packets with a checksum, each acknowledged.

Follows the Simple Serial Interface Programmer's Guide 72E-40451 and, where it repeats it, the SE-923 integration guide
70-37052. A packet is ``LEN OPCODE SOURCE STATUS data… CK_hi CK_lo``: LEN counts everything but the checksum, which is
the two's complement of the 16-bit sum of all bytes before it; SOURCE is 00 from the decoder, 04 from the host. Status
bit 0 marks a packet sent again, bit 1 one that is continued in the next, bit 3 parameters that survive a power cut;
other bits are ignored, because engines set them. Until it is told to use packets (parameter EE), a decoder sends what
it reads as bare text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

HOST = 0x04
DECODER = 0x00
SEGMENTED = 0x02
"""Source of a first segment, as engines send it (reconstructed)."""
HEADER = 4
CHECKSUM = 2
LONGEST = 0xFF
"""Largest LEN; a packet is two bytes longer."""

RETRANSMIT, CONTINUED, PERMANENT = 0x01, 0x02, 0x08
"""Status bits; the others are ignored."""

RESENDS = 2
"""How often a packet is sent again before its transmission has failed."""
CHARACTER_S = 0.2
"""Factory character time-out: silence after which half a packet is forgotten, s."""


class SsiError(ValueError):
    """Bytes that are no packet or hold no such message, or a message that fits no packet."""


class Opcode(IntEnum):
    """Messages used by the harness; a name ending in ``_REPLY`` or ``_DATA`` is sent by the decoder."""

    SEGMENT_DATA = 0x73
    SEGMENT_ACK = 0x74
    REQUEST_REVISION = 0xA3
    REVISION_REPLY = 0xA4
    PARAM_SEND = 0xC6
    PARAM_REQUEST = 0xC7
    PARAM_DEFAULTS = 0xC8
    CMD_ACK = 0xD0
    CMD_NAK = 0xD1
    FLUSH_QUEUE = 0xD2
    CAPABILITIES_REQUEST = 0xD3
    CAPABILITIES_REPLY = 0xD4
    START_SESSION = 0xE4
    STOP_SESSION = 0xE5
    BEEP = 0xE6
    LED_ON = 0xE7
    LED_OFF = 0xE8
    SCAN_ENABLE = 0xE9
    SCAN_DISABLE = 0xEA
    DECODE_DATA = 0xF3
    EVENT = 0xF6


_FROM_DECODER = frozenset(
    (
        *(Opcode.SEGMENT_DATA, Opcode.REVISION_REPLY, Opcode.PARAM_SEND, Opcode.CMD_ACK, Opcode.CMD_NAK),
        *(Opcode.CAPABILITIES_REPLY, Opcode.DECODE_DATA, Opcode.EVENT),
    )
)


class Nak(IntEnum):
    """Why a packet was refused."""

    RESEND = 0x01
    """Wrong checksum."""
    BAD_CONTEXT = 0x02
    """Unknown or unexpected message."""
    DENIED = 0x06
    """The receiver cannot comply, for instance with a beep code that does not exist."""
    CANCEL = 0x0A
    """An undesired message of several packets."""


class Parameter(IntEnum):
    """Parameters used by the harness; 256 and above are written with the prefix F0."""

    READ_TIMEOUT = 0x88
    """Decode session time-out, 0.1 s."""
    SAME_CODE_DELAY = 0x89
    """Time-out between decodes of the same symbol, 0.1 s."""
    TRIGGER_MODE = 0x8A
    """7 presentation, 8 host."""
    BEEPER_VOLUME = 0x8C
    """0 high, 1 medium, 2 low."""
    BEEPER_TONE = 0x91
    RESPONSE_TIMEOUT = 0x9B
    """How long the decoder waits for an acknowledgement, 0.1 s."""
    BAUD = 0x9C
    """Line rate, a key of ``BAUD_RATES``."""
    HANDSHAKE = 0x9F
    """1: packets are acknowledged."""
    TRANSMISSION_FORMAT = 0xEB
    """Bit 0: a suffix follows the content, CR unless set otherwise."""
    PACKETS = 0xEE
    """0: what is read is sent as bare text; 1: as DECODE_DATA."""
    CHARACTER_TIMEOUT = 0xEF
    """0.01 s."""
    DECODE_EVENT = 0x100
    MULTIPACKET = 0x14E
    """0: each packet of a long message is acknowledged; 1 and 2: only the last."""


ALL_PARAMETERS = 0xFE
NO_BEEP = 0xFF
BEEPS = range(0x1B)
"""Beep codes that exist."""
MODE_PRESENTATION, MODE_HOST = 7, 8
BAUD_RATES = {6: 9600, 7: 19200, 8: 38400, 9: 57600, 10: 115200}
"""Line rates by the value of ``Parameter.BAUD``; the guide's slower and faster ones are not used."""


class CodeType(IntEnum):
    """Symbologies as DECODE_DATA names them."""

    CODE_39 = 0x01
    CODE_128 = 0x03
    EAN_13 = 0x0B
    PDF417 = 0x11
    DATA_MATRIX = 0x1B
    QR = 0x1C


class Event(IntEnum):
    """What an EVENT reports."""

    DECODE = 0x01
    BOOT = 0x03
    DEFAULTS = 0x0A


SETTING_CODES = {
    b"SSI8C02": (Parameter.BEEPER_VOLUME, 2),
    b"SSI9102": (Parameter.BEEPER_TONE, 2),
    b"SSI8963": (Parameter.SAME_CODE_DELAY, 0x63),
}
"""Printed parameter codes (reconstructed: the guides show them as pictures only)."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet.

    Attributes:
        opcode: its message; may be one that ``Opcode`` does not name.
        data: what follows the header, at most 251 bytes.
        source: ``HOST`` or ``DECODER``.
        status: status bits, the unknown ones included.
    """

    opcode: int
    data: bytes = b""
    source: int = HOST
    status: int = 0

    @property
    def retransmitted(self) -> bool:
        """Whether it was sent before."""
        return bool(self.status & RETRANSMIT)

    @property
    def continued(self) -> bool:
        """Whether its message goes on in the next packet."""
        return bool(self.status & CONTINUED)

    @property
    def permanent(self) -> bool:
        """Whether its parameters survive a power cut."""
        return bool(self.status & PERMANENT)

    def again(self) -> Packet:
        """The same packet, marked as sent before."""
        return replace(self, status=self.status | RETRANSMIT)

    def encode(self) -> bytes:
        """Its bytes.

        Raises:
            SsiError: its data fit no packet.
        """
        if HEADER + len(self.data) > LONGEST:
            raise SsiError(f"{len(self.data)} bytes fit no packet")
        body = bytes((HEADER + len(self.data), self.opcode, self.source, self.status)) + self.data
        return body + checksum(body)


def checksum(body: bytes) -> bytes:
    """Two's complement of the 16-bit sum of a packet's bytes, high byte first."""
    return (-sum(body) & 0xFFFF).to_bytes(CHECKSUM, "big")


def decode(frame: bytes) -> Packet:
    """The packet that makes up all of ``frame``.

    Raises:
        SsiError: the length or the checksum is wrong.
    """
    if len(frame) < HEADER + CHECKSUM or len(frame) != frame[0] + CHECKSUM:
        raise SsiError("not as long as its length byte says")
    if frame[-CHECKSUM:] != checksum(frame[:-CHECKSUM]):
        raise SsiError("wrong checksum")
    return Packet(frame[1], frame[HEADER:-CHECKSUM], frame[2], frame[3])


def packet_length(buffer: bytes, source: int) -> int | None:
    """Length of the packet a buffer begins with, its checksum unseen.

    A decoder's packet is told from bare text by its third byte, which no text holds.

    Args:
        buffer: bytes from the other side.
        source: which side that is.

    Returns:
        The number of bytes of a whole packet; 0 when the buffer may still become one; None when it does not begin
        with a packet of that side.
    """
    if not buffer or buffer[0] < HEADER:
        return None
    if source == DECODER and len(buffer) > 1 and buffer[1] not in _FROM_DECODER:
        return None
    if len(buffer) > 2 and buffer[2] != source and buffer[1:3] != bytes((Opcode.SEGMENT_DATA, SEGMENTED)):
        return None
    length = buffer[0] + CHECKSUM
    return length if len(buffer) >= length else 0


def is_sound(frame: bytes) -> bool:
    """Whether all of ``frame`` is one packet with the right checksum."""
    try:
        decode(frame)
    except SsiError:
        return False
    return True


def next_packet(buffer: bytes, source: int) -> int:
    """Where the first whole and sound packet behind the first byte begins; the end when there is none."""
    for start in range(1, len(buffer)):
        length = packet_length(buffer[start:], source)
        if length and is_sound(buffer[start : start + length]):
            return start
    return len(buffer)


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes that had the shape of a packet and a wrong checksum."""

    data: bytes


class PacketReader:
    """Finds packets in the stream one side receives.

    Args:
        source: the side whose packets they are.
        character_s: silence after which half a packet is forgotten, s.
    """

    def __init__(self, source: int, character_s: float = CHARACTER_S) -> None:
        self.character_s = character_s
        self._source = source
        self._buffer = b""
        self._last_s = 0.0

    def feed(self, data: bytes, now_s: float) -> list[Packet | Damaged]:
        """Take bytes that arrived at ``now_s`` (monotonic, s) and return the packets they complete.

        Noise is dropped without a word. A damaged packet is dropped up to the next whole one inside it, if any: its
        length may be what is damaged.
        """
        if self._buffer and now_s - self._last_s > self.character_s:
            self._buffer = b""
        self._last_s = now_s
        self._buffer += data
        found: list[Packet | Damaged] = []
        while self._buffer:
            length = packet_length(self._buffer, self._source)
            if length == 0:
                break
            if length is None:
                self._buffer = self._buffer[1:]
                continue
            frame = self._buffer[:length]
            if is_sound(frame):
                found.append(decode(frame))
            else:
                found.append(Damaged(frame))
                length = next_packet(frame, self._source)
            self._buffer = self._buffer[length:]
        return found


def nak(reason: Nak, source: int = HOST) -> Packet:
    """A refusal."""
    return Packet(Opcode.CMD_NAK, bytes((reason,)), source)


def reason(packet: Packet) -> int | None:
    """Why a packet refuses, or None when it does not."""
    return packet.data[0] if packet.opcode == Opcode.CMD_NAK and packet.data else None


ACK = Packet(Opcode.CMD_ACK)
SEGMENT_ACK = Packet(Opcode.SEGMENT_ACK)
DECODER_ACK = Packet(Opcode.CMD_ACK, source=DECODER)
START = Packet(Opcode.START_SESSION)
STOP = Packet(Opcode.STOP_SESSION)
ENABLE = Packet(Opcode.SCAN_ENABLE)
DISABLE = Packet(Opcode.SCAN_DISABLE)
REVISION = Packet(Opcode.REQUEST_REVISION)
CAPABILITIES = Packet(Opcode.CAPABILITIES_REQUEST)
DEFAULTS = Packet(Opcode.PARAM_DEFAULTS)
