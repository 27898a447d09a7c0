"""Command and response APDUs of ISO/IEC 7816-4, short and extended, and what a host does with 61xx and 6Cxx.

The four cases of a command (5.1): 1 neither data nor answer, 2 an answer, 3 data, 4 both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

Transmit = Callable[[bytes], tuple[bytes, int]]
"""Carries out one command APDU; the response data and the status word."""

OK = 0x9000
WRONG_LENGTH = 0x6700
NOT_ALLOWED = 0x6982
BLOCKED = 0x6983
CONDITIONS_NOT_SATISFIED = 0x6985
FILE_NOT_FOUND = 0x6A82
RECORD_NOT_FOUND = 0x6A83
WRONG_PARAMETERS = 0x6B00
INS_NOT_SUPPORTED = 0x6D00
CLA_NOT_SUPPORTED = 0x6E00

SELECT, READ_RECORD, READ_BINARY, GET_RESPONSE, VERIFY = 0xA4, 0xB2, 0xB0, 0xC0, 0x20

_ROUNDS = 64
"""Answers in a row that only announce another, before the card counts as confused: 16 KiB of data."""
_WORDS = {
    OK: "done",
    WRONG_LENGTH: "wrong length",
    NOT_ALLOWED: "security status not satisfied",
    BLOCKED: "authentication method blocked",
    CONDITIONS_NOT_SATISFIED: "conditions of use not satisfied",
    FILE_NOT_FOUND: "file or application not found",
    RECORD_NOT_FOUND: "record not found",
    WRONG_PARAMETERS: "wrong parameters",
    INS_NOT_SUPPORTED: "instruction not supported",
    CLA_NOT_SUPPORTED: "class not supported",
}


class ApduError(ValueError):
    """Bytes that are no command APDU, or a row of answers that never ends."""


class RefusedError(Exception):
    """A card answered a command with something else than success.

    Args:
        command: the command APDU's header, hex.
        status: the status word.
    """

    def __init__(self, command: str, status: int) -> None:
        super().__init__(f"{command}: {status:04X} {meaning(status)}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Command:
    """A command APDU.

    Attributes:
        cla, ins, p1, p2: the header.
        data: command data, up to 65 535 bytes.
        le: bytes of answer expected at most, from 1 to 65 536, or None for none.
    """

    cla: int
    ins: int
    p1: int = 0
    p2: int = 0
    data: bytes = b""
    le: int | None = None

    @property
    def case(self) -> int:
        """1 to 4."""
        return 1 + (self.le is not None) + 2 * bool(self.data)

    @property
    def header(self) -> str:
        """Class, instruction and parameters, hex."""
        return bytes((self.cla, self.ins, self.p1, self.p2)).hex().upper()

    def encode(self) -> bytes:
        """The bytes, with short lengths where they suffice."""
        head = bytes((self.cla, self.ins, self.p1, self.p2))
        if len(self.data) <= 255 and (self.le or 0) <= 256:
            lc = bytes((len(self.data),)) + self.data if self.data else b""
            return head + lc + (b"" if self.le is None else bytes((self.le & 0xFF,)))
        lc = len(self.data).to_bytes(2, "big") + self.data if self.data else b""
        return head + b"\x00" + lc + (b"" if self.le is None else (self.le & 0xFFFF).to_bytes(2, "big"))


def parse(apdu: bytes) -> Command:
    """A command APDU taken apart (ISO/IEC 7816-3, 12.1.3).

    Raises:
        ApduError: its lengths do not fit.
    """
    if len(apdu) < 4:
        raise ApduError(f"{len(apdu)} bytes are no command")
    head, body = Command(*apdu[:4]), apdu[4:]
    if not body:
        return head
    if len(body) == 1:
        return replace(head, le=body[0] or 256)
    if body[0]:
        return _with_data(head, body[0], body[1:], le_bytes=1)
    if len(body) == 3:
        return replace(head, le=int.from_bytes(body[1:], "big") or 65_536)
    if len(body) < 3:
        raise ApduError("the command ends within an extended length")
    return _with_data(head, int.from_bytes(body[1:3], "big"), body[3:], le_bytes=2)


def for_t0(apdu: bytes) -> bytes:
    """A command APDU as T=0 carries it: one of case 4 without its last byte (ISO/IEC 7816-3, 12.2.4)."""
    short = len(apdu) > 6 and apdu[4] != 0 and len(apdu) == 5 + apdu[4] + 1
    return apdu[:-1] if short else apdu


def exchange(transmit: Transmit, command: Command) -> tuple[bytes, int]:
    """Send a command and fetch the whole answer: 61xx by GET RESPONSE, 6Cxx by the command with the right length.

    Returns:
        The response data and the final status word.

    Raises:
        ApduError: the card announces more and more without an end.
    """
    data, status = transmit(command.encode())
    whole = b""
    for _ in range(_ROUNDS):
        if status >> 8 == 0x61:
            whole += data
            rest = Command(command.cla & 0xFC, GET_RESPONSE, le=status & 0xFF or 256)
            data, status = transmit(rest.encode())
        elif status >> 8 == 0x6C:
            data, status = transmit(replace(command, le=status & 0xFF or 256).encode())
        else:
            return whole + data, status
    raise ApduError(f"the card never comes to an end with {command.header}")


def demand(transmit: Transmit, command: Command) -> bytes:
    """As ``exchange``, for what has to succeed; the response data.

    Raises:
        RefusedError: the final status word is not 9000.
    """
    data, status = exchange(transmit, command)
    if status != OK:
        raise RefusedError(command.header, status)
    return data


def select(name: bytes) -> Command:
    """SELECT by DF name or AID."""
    return Command(0x00, SELECT, 0x04, 0x00, name, 256)


def read_record(number: int, sfi: int, le: int = 256) -> Command:
    """READ RECORD by number from a file with a short identifier."""
    return Command(0x00, READ_RECORD, number, sfi << 3 | 4, le=le)


def tries_left(status: int) -> int | None:
    """How many wrong tries a card still allows, from 63Cx; None for any other word."""
    return status & 0xF if status & 0xFFF0 == 0x63C0 else None


def meaning(status: int) -> str:
    """A status word for people."""
    if (tries := tries_left(status)) is not None:
        return f"wrong, {tries} tries left"
    if status >> 8 == 0x61:
        return f"{status & 0xFF or 256} bytes more"
    if status >> 8 == 0x6C:
        return f"wrong length, {status & 0xFF or 256} is right"
    return _WORDS.get(status, "unknown status")


def _with_data(head: Command, size: int, rest: bytes, le_bytes: int) -> Command:
    data, tail = rest[:size], rest[size:]
    if size == 0 or len(data) < size or len(tail) not in (0, le_bytes):
        raise ApduError(f"the command says {size} bytes of data, and {len(rest)} follow")
    whole = 256**le_bytes
    return replace(head, data=data, le=(int.from_bytes(tail, "big") or whole) if tail else None)
