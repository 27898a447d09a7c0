"""The commands of a terminal's security module as APDUs (ISO/IEC 7816-4 and -8), both ends of the line.

Reconstructed: no module of the province's terminals is documented in public. Instructions are those the standards give
for each purpose; what they carry are the messages of ``reference_impl.wire.terminal_module``. Every command stands byte
by byte in ``docs/security-module.md``. No I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from reference_impl.wire.sm2 import SIGNATURE_BYTES
from reference_impl.wire.terminal_module import (
    CHALLENGE_BYTES,
    PROOF_BYTES,
    Injection,
    Proof,
    Succession,
    WipeOrder,
)
from rigs.protocols.iso7816 import ApduError, Command

AID = bytes.fromhex("F0584B53414D01")
"""Of the proprietary category (first digit F, ISO/IEC 7816-4, 12.2.3.4): XKSAM, 01."""
ISO, OWN = 0x00, 0x80
"""Classes: of the standard, and of this command set."""
VERSION_BYTES = 4
PUBLIC_BYTES = 65
MAX_PLAIN_BYTES = 224
"""With nonce and tag it still fits into one answer."""
ACTIVE = 0
"""Version that asks for whichever key is active."""


class Ins(IntEnum):
    """Instructions."""

    PERFORM_SECURITY_OPERATION = 0x2A
    INTERNAL_AUTHENTICATE = 0x88
    SELECT = 0xA4
    GET_DATA = 0xCA
    PUT_KEY = 0xD8
    PUT_DATA = 0xDA
    WIPE = 0xE4


class Operation(IntEnum):
    """P1 and P2 of a security operation (ISO/IEC 7816-8)."""

    CHECKSUM = 0x8E80
    ENCIPHER = 0x8680
    DECIPHER = 0x8086


class Datum(IntEnum):
    """P1 and P2 of what can be read or put."""

    STATUS = 0x0101
    DEVICE_KEY = 0x0102
    TRUSTED_KEY = 0x0103


class Word(IntEnum):
    """Status words."""

    DONE = 0x9000
    WRONG_LENGTH = 0x6700
    NOT_GENUINE = 0x6982
    ENDED = 0x6984
    OUT_OF_TURN = 0x6985
    WRONG_DATA = 0x6A80
    NO_SUCH_APPLET = 0x6A82
    WRONG_PARAMETERS = 0x6A86
    NO_SUCH_KEY = 0x6A88
    UNKNOWN_INSTRUCTION = 0x6D00
    UNKNOWN_CLASS = 0x6E00


class Life(IntEnum):
    """Where a module stands."""

    MADE = 0x03
    KEYED = 0x05
    ENDED = 0x0F


@dataclass(frozen=True)
class Status:
    """What a module says of itself; ``version`` of its active key, 0 while it has none."""

    serial: str
    term_id: str
    version: int
    life: Life


def _command(cla: int, ins: int, reference: int, data: bytes = b"") -> Command:
    return Command(cla, ins, reference >> 8, reference & 0xFF, data, 256)


def reference_of(command: Command) -> int:
    """P1 and P2 of a command as one number."""
    return command.p1 << 8 | command.p2


def select() -> Command:
    """Choose the applet."""
    return _command(ISO, Ins.SELECT, 0x0400, AID)


def get(datum: Datum) -> Command:
    """Read a datum."""
    return _command(OWN, Ins.GET_DATA, datum)


def authenticate(challenge: bytes) -> Command:
    """Have the device key sign a challenge of 16 bytes."""
    return _command(ISO, Ins.INTERNAL_AUTHENTICATE, 0, challenge)


def checksum(message: bytes, version: int) -> Command:
    """Prove that a message passed through the module."""
    return _command(ISO, Ins.PERFORM_SECURITY_OPERATION, Operation.CHECKSUM, version.to_bytes(VERSION_BYTES) + message)


def encipher(plain: bytes) -> Command:
    """Encrypt under the active key."""
    return _command(ISO, Ins.PERFORM_SECURITY_OPERATION, Operation.ENCIPHER, plain)


def decipher(sealed: bytes) -> Command:
    """Decrypt what was encrypted under the active key."""
    return _command(ISO, Ins.PERFORM_SECURITY_OPERATION, Operation.DECIPHER, sealed)


def put_key(injection: Injection) -> Command:
    """Hand over a key."""
    data = injection.version.to_bytes(VERSION_BYTES) + injection.signature + injection.sealed_key
    return _command(OWN, Ins.PUT_KEY, 0, data)


def wipe(order: WipeOrder) -> Command:
    """Order the module to destroy its keys."""
    return _command(OWN, Ins.WIPE, 0, order.signature)


def read_injection(data: bytes, serial: str) -> Injection:
    """The injection that a PUT KEY for the module ``serial`` carries.

    Raises:
        ApduError: too short to hold a version, a signature and a key.
    """
    start = VERSION_BYTES + SIGNATURE_BYTES
    if len(data) <= start:
        raise ApduError("a key comes with its version and a signature")
    return Injection(serial, int.from_bytes(data[:VERSION_BYTES]), data[start:], data[VERSION_BYTES:start])


def read_succession(data: bytes) -> Succession:
    """The succession that a PUT DATA carries.

    Raises:
        ApduError: another length than that of a public key and a signature.
    """
    if len(data) != PUBLIC_BYTES + SIGNATURE_BYTES:
        raise ApduError("a signing key comes with a signature")
    return Succession(data[:PUBLIC_BYTES], data[PUBLIC_BYTES:])


def proof_data(proof: Proof) -> bytes:
    """A proof as the module answers it: version, MAC."""
    return proof.version.to_bytes(VERSION_BYTES) + proof.mac


def read_proof(data: bytes, serial: str) -> Proof:
    """The proof a module answered.

    Raises:
        ApduError: another length than that of a version and a MAC.
    """
    if len(data) != VERSION_BYTES + PROOF_BYTES:
        raise ApduError("a proof has 36 bytes")
    return Proof(serial, int.from_bytes(data[:VERSION_BYTES]), data[VERSION_BYTES:])


def read_challenge(data: bytes) -> bytes:
    """The challenge of an INTERNAL AUTHENTICATE.

    Raises:
        ApduError: another length than 16 bytes.
    """
    if len(data) != CHALLENGE_BYTES:
        raise ApduError("a challenge has 16 bytes")
    return data


def read_plain(data: bytes) -> bytes:
    """What an ENCIPHER is to encrypt.

    Raises:
        ApduError: nothing, or more than fits into one answer once it is sealed.
    """
    if not 1 <= len(data) <= MAX_PLAIN_BYTES:
        raise ApduError(f"a module encrypts 1 to {MAX_PLAIN_BYTES} bytes")
    return data


def status_data(status: Status) -> bytes:
    """A status as BER-TLV: C0 serial, C1 terminal, C2 version, C3 life cycle."""
    fields = (
        (0xC0, status.serial.encode()),
        (0xC1, status.term_id.encode()),
        (0xC2, status.version.to_bytes(VERSION_BYTES)),
        (0xC3, bytes((status.life,))),
    )
    return b"".join(bytes((tag, len(value))) + value for tag, value in fields)


def read_status(data: bytes) -> Status:
    """The status a module answered.

    Raises:
        ApduError: a field is missing, cut short, or says what no module can.
    """
    fields: dict[int, bytes] = {}
    rest = data
    while len(rest) >= 2:
        tag, size = rest[0], rest[1]
        fields[tag], rest = rest[2 : 2 + size], rest[2 + size :]
        if len(fields[tag]) != size:
            raise ApduError("a status is cut short")
    try:
        serial, term_id = fields[0xC0].decode("ascii"), fields[0xC1].decode("ascii")
        return Status(serial, term_id, int.from_bytes(fields[0xC2]), Life(int.from_bytes(fields[0xC3])))
    except (KeyError, ValueError) as error:
        raise ApduError("a status names serial, terminal, version and life cycle") from error
