"""Driver for a security module that obeys the reconstructed command set of ``docs/security-module.md``.

Tried on: the project's emulator; no hardware yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from reference_impl.wire.sm2 import SIGNATURE_BYTES, Verifier
from reference_impl.wire.terminal_module import Injection, ModuleError, Proof, WipeOrder, check_name
from rigs.errors import RigError, SubjectFaultError
from rigs.journal import Journal
from rigs.protocols import security_apdu as apdu
from rigs.protocols.iso7816 import GET_RESPONSE, READ_BINARY, READ_RECORD, ApduError, Command, exchange
from rigs.protocols.security_apdu import Datum, Life, Word
from rigs.roles.cards import ApduChannel, CardError
from rigs.roles.security import ModuleRefusalError, ModuleStatus

CHANNEL = "security_module"
_SHORT_FILES = range(31)
_RECORDS = range(1, 5)
_PAGES = (0x00, 0x01, 0x02, 0x5F, 0x7F, 0x9F, 0xDF)
"""First bytes of the references GET DATA is tried with: what BER-TLV and this command set use."""


class ApduSecurityModule:
    """Speaks APDUs to a module.

    The journal holds commands whole, which carry keys only as SM2 ciphertext. Of an answer it holds the status word,
    the length and the SHA-256: what a faulty module says may be its key.

    Args:
        channel: a powered chip.
        journal: where commands and answers are recorded.
        grace_s: how long the module may go on using an older key, s.

    Raises:
        RigError: the chip does not answer, or holds no such applet.
    """

    def __init__(self, channel: ApduChannel, journal: Journal, grace_s: float = 0.0) -> None:
        self.grace_s = grace_s
        self._channel = channel
        self._journal = journal
        self._heard: list[bytes] = []
        self._records = (0, 0)
        _, word = self._exchange(apdu.select())
        if word != Word.DONE:
            raise self._nonsense(f"knows no applet {apdu.AID.hex().upper()} ({word:04X})")
        self._serial = self.status().serial

    @property
    def journal(self) -> tuple[int, int]:
        """Records of the last command and its answer."""
        return self._records

    def status(self) -> ModuleStatus:
        """What it says of itself."""
        try:
            told = apdu.read_status(self._ask(apdu.get(Datum.STATUS)))
            check_name(told.serial)
            check_name(told.term_id)
        except (ApduError, ModuleError) as error:
            raise self._nonsense(f"does not tell its status ({error})") from error
        return ModuleStatus(told.serial, told.term_id, told.version, told.life is Life.ENDED)

    def public_key(self) -> bytes:
        """The public key of its device key, 65 bytes.

        Raises:
            SubjectFaultError: what it answers is no SM2 public key.
        """
        public = self._ask(apdu.get(Datum.DEVICE_KEY))
        try:
            Verifier(public)
        except ValueError as error:
            raise self._malformed(f"a device key that is no SM2 public key ({len(public)} bytes)") from error
        return public

    def sign(self, challenge: bytes) -> bytes:
        """Its signature over ``enrolment_text`` of a challenge of 16 bytes.

        Raises:
            SubjectFaultError: what it answers has not the length of a signature.
        """
        signature = self._ask(apdu.authenticate(challenge))
        if len(signature) != SIGNATURE_BYTES:
            raise self._malformed(f"a signature of {len(signature)} bytes in place of {SIGNATURE_BYTES}")
        return signature

    def prove(self, message: bytes, version: int = apdu.ACTIVE) -> Proof:
        """Its proof over a message; one that is no proof has version 0."""
        data = self._ask(apdu.checksum(message, version))
        try:
            return apdu.read_proof(data, self._serial)
        except ApduError:
            return Proof(self._serial, 0, data)

    def seal(self, plain: bytes) -> bytes:
        """``plain`` encrypted with SM4 under the active key."""
        return self._ask(apdu.encipher(plain))

    def unseal(self, sealed: bytes) -> bytes:
        """What ``seal`` encrypted."""
        return self._ask(apdu.decipher(sealed))

    def inject(self, injection: Injection) -> None:
        """Hand over a key."""
        self._ask(apdu.put_key(injection))

    def wipe(self, order: WipeOrder) -> None:
        """Order it to destroy its keys."""
        self._ask(apdu.wipe(order))

    def try_to_read(self) -> Iterator[bytes]:
        """Ask for every file, record and datum that a command of reading can name; yields the data of each answer."""
        for command in _readings():
            yield self._exchange(command)[0]
        self._exchange(apdu.select())

    def heard(self) -> tuple[bytes, ...]:
        """The data of every answer so far, whatever was asked."""
        return tuple(self._heard)

    def close(self) -> None:
        """Release the module."""
        self._channel.close()

    def _ask(self, command: Command) -> bytes:
        data, word = self._exchange(command)
        if word != Word.DONE:
            raise ModuleRefusalError(f"{word:04X}", self._records)
        return data

    def _exchange(self, command: Command) -> tuple[bytes, int]:
        first = self._journal.count + 1
        try:
            data, word = exchange(self._transmit, command)
        except (CardError, ApduError) as error:
            raise self._nonsense(f"went away ({error})") from error
        self._records = (first, self._journal.count)
        if data:
            self._heard.append(data)
        return data, word

    def _transmit(self, command: bytes) -> tuple[bytes, int]:
        self._journal.wire(CHANNEL, "tx", command)
        data, word = self._channel.transmit(command)
        digest = hashlib.sha256(data).hexdigest()
        self._journal.event(CHANNEL, "answered", sw=f"{word:04X}", size=len(data), sha256=digest)
        return data, word

    def _malformed(self, what: str) -> SubjectFaultError:
        return SubjectFaultError(f"answered with {what}", where=CHANNEL, journal=self._records)

    def _nonsense(self, what: str) -> RigError:
        return RigError(
            f"the module {what}",
            where=CHANNEL,
            remedy="check that the right chip is in the slot and obeys docs/security-module.md",
        )


def _readings() -> Iterator[Command]:
    """Reading commands of ISO/IEC 7816-4 over their references, in both classes; none of them changes anything."""
    for cla in (apdu.ISO, apdu.OWN):
        yield Command(cla, GET_RESPONSE, le=256)
        yield Command(cla, READ_BINARY, le=256)
        for file in _SHORT_FILES:
            yield Command(cla, READ_BINARY, 0x80 | file, le=256)
            for record in _RECORDS:
                yield Command(cla, READ_RECORD, record, file << 3 | 4, le=256)
        for page in _PAGES:
            for number in range(0x100):
                yield Command(cla, apdu.Ins.GET_DATA, page, number, le=256)
