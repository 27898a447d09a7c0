"""The applet of an emulated security module (SAM): APDUs in, APDUs out, no I/O.

Device key, trusted platform key, serial and terminal are put in when it is made, as a maker personalises a module.
"""

from __future__ import annotations

from collections.abc import Callable

from reference_impl.wire.sm2 import KeyPair, Signer, Verifier
from reference_impl.wire.sm2_encryption import Decryptor
from reference_impl.wire.terminal_module import (
    MODULE_KEY_BYTES,
    ModuleError,
    WipeOrder,
    check_name,
    enrolment_text,
    injection_text,
    succession_text,
    wipe_text,
)
from rigs.emulators.module_keys import ModuleKeys
from rigs.protocols import security_apdu as apdu
from rigs.protocols.iso7816 import ApduError, Command, parse
from rigs.protocols.security_apdu import Datum, Ins, Life, Operation, Status, Word


class _RefusalError(Exception):
    """A command that is answered by a status word alone."""

    def __init__(self, word: Word) -> None:
        super().__init__(word)
        self.word = word


class SecurityApplet:
    """One module from its making to its end; a card as a slot sees it.

    Args:
        serial: its number, 1 to 32 letters, digits or hyphens.
        term_id: the terminal it stands in.
        device: its own key pair, which never leaves it.
        platform_public: the platform's signing key, 65 bytes.
        keys: what it does with its keys.
    """

    atr = bytes.fromhex("3BF81300008131FE45584B53414D2030318D")

    def __init__(self, serial: str, term_id: str, device: KeyPair, platform_public: bytes, keys: ModuleKeys) -> None:
        check_name(serial)
        check_name(term_id)
        self._serial, self._term_id = serial, term_id
        self._public = device.public
        self._signer = Signer(device.private, device.public)
        self._decryptor = Decryptor(device)
        self._platform = Verifier(platform_public)
        self._keys = keys
        self._ended = False
        self._selected = False

    def reset(self) -> None:
        """Begin a session anew; keys stay."""
        self._selected = False

    def transmit(self, command: bytes) -> bytes:
        """Answer one command; whatever the bytes are, there is an answer."""
        try:
            return self._obey(parse(command)) + Word.DONE.to_bytes(2)
        except _RefusalError as refusal:
            return refusal.word.to_bytes(2)
        except ApduError:
            return Word.WRONG_LENGTH.to_bytes(2)

    def _obey(self, command: Command) -> bytes:
        if command.cla not in (apdu.ISO, apdu.OWN):
            raise _RefusalError(Word.UNKNOWN_CLASS)
        if (command.cla, command.ins) == (apdu.ISO, Ins.SELECT):
            return self._select(command)
        if not self._selected:
            raise _RefusalError(Word.OUT_OF_TURN)
        handlers: dict[tuple[int, int], Callable[[Command], bytes]] = {
            (apdu.OWN, Ins.GET_DATA): self._tell,
            (apdu.ISO, Ins.INTERNAL_AUTHENTICATE): self._sign,
            (apdu.ISO, Ins.PERFORM_SECURITY_OPERATION): self._operate,
            (apdu.OWN, Ins.PUT_KEY): self._take_key,
            (apdu.OWN, Ins.PUT_DATA): self._trust,
            (apdu.OWN, Ins.WIPE): self._wipe,
        }
        handler = handlers.get((command.cla, command.ins))
        if handler is None:
            raise _RefusalError(Word.UNKNOWN_INSTRUCTION)
        if self._ended and handler != self._tell:
            raise _RefusalError(Word.ENDED)
        return handler(command)

    def _select(self, command: Command) -> bytes:
        self._selected = command.data == apdu.AID
        if not self._selected:
            raise _RefusalError(Word.NO_SUCH_APPLET)
        return b"\x6f" + bytes((2 + len(apdu.AID), 0x84, len(apdu.AID))) + apdu.AID

    def _tell(self, command: Command) -> bytes:
        match apdu.reference_of(command):
            case Datum.STATUS:
                return apdu.status_data(Status(self._serial, self._term_id, self._keys.version, self._life()))
            case Datum.DEVICE_KEY:
                return self._public
        if (found := self._keys.undocumented(apdu.reference_of(command))) is not None:
            return found
        raise _RefusalError(Word.NO_SUCH_KEY)

    def _sign(self, command: Command) -> bytes:
        challenge = apdu.read_challenge(command.data)
        return self._signer.sign(enrolment_text(challenge, self._serial, self._term_id))

    def _operate(self, command: Command) -> bytes:
        try:
            match apdu.reference_of(command):
                case Operation.CHECKSUM:
                    asked = int.from_bytes(command.data[: apdu.VERSION_BYTES])
                    version = self._keys.version if asked == apdu.ACTIVE else asked
                    proof = self._keys.prove(self._serial, version, command.data[apdu.VERSION_BYTES :])
                    return apdu.proof_data(proof)
                case Operation.ENCIPHER:
                    return self._keys.seal(self._serial, apdu.read_plain(command.data))
                case Operation.DECIPHER:
                    return self._keys.open(self._serial, command.data)
        except ApduError:
            raise
        except ModuleError as error:
            raise _RefusalError(Word.NO_SUCH_KEY) from error
        except ValueError as error:
            raise _RefusalError(Word.NOT_GENUINE) from error
        raise _RefusalError(Word.WRONG_PARAMETERS)

    def _take_key(self, command: Command) -> bytes:
        injection = apdu.read_injection(command.data, self._serial)
        text = injection_text(injection.serial, injection.version, injection.sealed_key)
        if self._keys.must_be_signed() and not self._platform.verify(text, injection.signature):
            raise _RefusalError(Word.NOT_GENUINE)
        if not self._keys.takes(injection.version):
            raise _RefusalError(Word.OUT_OF_TURN)
        try:
            key = self._decryptor.decrypt(injection.sealed_key)
        except ValueError as error:
            raise _RefusalError(Word.WRONG_DATA) from error
        if len(key) != MODULE_KEY_BYTES:
            raise _RefusalError(Word.WRONG_DATA)
        self._keys.store(injection.version, key)
        return b""

    def _trust(self, command: Command) -> bytes:
        if apdu.reference_of(command) != Datum.TRUSTED_KEY:
            raise _RefusalError(Word.WRONG_PARAMETERS)
        succession = apdu.read_succession(command.data)
        if not self._platform.verify(succession_text(succession.public_key), succession.signature):
            raise _RefusalError(Word.NOT_GENUINE)
        try:
            self._platform = Verifier(succession.public_key)
        except ValueError as error:
            raise _RefusalError(Word.WRONG_DATA) from error
        return b""

    def _wipe(self, command: Command) -> bytes:
        order = WipeOrder(self._serial, command.data)
        if not self._platform.verify(wipe_text(order.serial), order.signature):
            raise _RefusalError(Word.NOT_GENUINE)
        self._ended = self._keys.forget()
        return b""

    def _life(self) -> Life:
        if self._ended:
            return Life.ENDED
        return Life.KEYED if self._keys.version else Life.MADE
