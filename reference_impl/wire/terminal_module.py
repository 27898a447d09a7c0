"""The messages between the platform and a terminal's security module (PSAM), and the module in software.

Reconstructed; neither the province's modules nor their messages are public. The platform sends a challenge; the module
answers with an SM2 signature of its device key. The platform sends a module key, encrypted for that device key and
signed; the module proves itself from then on with HMAC-SM3 under the key. A signed order wipes it for good.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from reference_impl.wire.sm import hmac_sm3
from reference_impl.wire.sm2 import KeyPair, Signer, Verifier
from reference_impl.wire.sm2_encryption import Decryptor

CHALLENGE_BYTES = 16
MODULE_KEY_BYTES = 32
PROOF_BYTES = 32

_NAME = re.compile(r"[A-Za-z0-9-]{1,32}")


class ModuleError(Exception):
    """A module or the platform refuses a message: not genuine, not for this module, or out of turn."""


@dataclass(frozen=True)
class Enrolment:
    """The module's answer to a challenge; ``public_key`` has 65 bytes, ``signature`` 64 over ``enrolment_text``."""

    serial: str
    term_id: str
    challenge: bytes
    public_key: bytes
    signature: bytes


@dataclass(frozen=True)
class Injection:
    """A module key, its version counted from 1, as SM2 ciphertext; ``signature`` is over ``injection_text``."""

    serial: str
    version: int
    sealed_key: bytes
    signature: bytes


@dataclass(frozen=True)
class Succession:
    """The platform's next signing key, 65 bytes; ``signature`` of the key before it is over ``succession_text``."""

    public_key: bytes
    signature: bytes


@dataclass(frozen=True)
class WipeOrder:
    """The platform's order to destroy the key for good; ``signature`` is over ``wipe_text``."""

    serial: str
    signature: bytes


@dataclass(frozen=True)
class Proof:
    """That a message passed through the module; ``mac`` has 32 bytes over ``proof_text``."""

    serial: str
    version: int
    mac: bytes


def check_name(name: str) -> None:
    """Refuse a serial or terminal id that could be read in two ways.

    Raises:
        ModuleError: not 1 to 32 letters, digits or hyphens of ASCII.
    """
    if not _NAME.fullmatch(name):
        raise ModuleError("a serial or terminal id has 1 to 32 letters, digits or hyphens")


def enrolment_text(challenge: bytes, serial: str, term_id: str) -> bytes:
    """Return what the module signs to enrol."""
    return b"xiangka-module-enrol|" + challenge + f"|{serial}|{term_id}".encode()


def injection_text(serial: str, version: int, sealed_key: bytes) -> bytes:
    """Return what the platform signs to hand over a key."""
    return f"xiangka-module-inject|{serial}|{version}|".encode() + sealed_key


def succession_text(public_key: bytes) -> bytes:
    """Return what the platform signs with its old key to name the new one."""
    return b"xiangka-module-succeed|" + public_key


def wipe_text(serial: str) -> bytes:
    """Return what the platform signs to wipe a module."""
    return f"xiangka-module-wipe|{serial}".encode()


def proof_mac(key: bytes, serial: str, version: int, message: bytes) -> bytes:
    """Return the 32-byte HMAC-SM3 that proves ``message`` passed through the module."""
    return hmac_sm3(key, f"xiangka-module-proof|{serial}|{version}|".encode() + message)


def is_proven(key: bytes, proof: Proof, message: bytes) -> bool:
    """Tell whether a proof was made over ``message`` under ``key``."""
    return hmac.compare_digest(proof_mac(key, proof.serial, proof.version, message), proof.mac)


class SoftwareModule:
    """A security module without the hardware, for emulated terminals.

    Args:
        serial: the module's number, 1 to 32 letters, digits or hyphens.
        term_id: the terminal it stands in.
        device: its own key pair, which never leaves it.
        platform_public: the platform's signing key, put in when the module is made.
    """

    def __init__(self, serial: str, term_id: str, device: KeyPair, platform_public: bytes) -> None:
        check_name(serial)
        check_name(term_id)
        self.serial = serial
        self.term_id = term_id
        self.public_key = device.public
        self._signer = Signer(device.private, device.public)
        self._decryptor = Decryptor(device)
        self._platform = Verifier(platform_public)
        self._version = 0
        self._key: bytes | None = None
        self._wiped = False

    def enrol(self, challenge: bytes) -> Enrolment:
        """Answer the platform's challenge.

        Raises:
            ModuleError: the module is wiped, or the challenge has not 16 bytes.
        """
        self._require_alive()
        if len(challenge) != CHALLENGE_BYTES:
            raise ModuleError(f"a challenge has {CHALLENGE_BYTES} bytes")
        signature = self._signer.sign(enrolment_text(challenge, self.serial, self.term_id))
        return Enrolment(self.serial, self.term_id, challenge, self.public_key, signature)

    def take_key(self, injection: Injection) -> None:
        """Take in a newer key; the one it holds comes again without harm.

        Raises:
            ModuleError: the module is wiped, or the message is not the platform's, not for this module, or older.
        """
        self._require_alive()
        text = injection_text(injection.serial, injection.version, injection.sealed_key)
        if injection.serial != self.serial or not self._platform.verify(text, injection.signature):
            raise ModuleError("the key does not come from the platform for this module")
        if injection.version < self._version:
            raise ModuleError("the key is older than the one the module holds")
        try:
            key = self._decryptor.decrypt(injection.sealed_key)
        except ValueError as error:
            raise ModuleError("the key is not encrypted for this module") from error
        if len(key) != MODULE_KEY_BYTES:
            raise ModuleError(f"a module key has {MODULE_KEY_BYTES} bytes")
        self._key, self._version = key, injection.version

    def prove(self, message: bytes) -> Proof:
        """Return the proof that ``message`` passed through this module.

        Raises:
            ModuleError: the module is wiped, or holds no key yet.
        """
        self._require_alive()
        if self._key is None:
            raise ModuleError("the module holds no key yet")
        return Proof(self.serial, self._version, proof_mac(self._key, self.serial, self._version, message))

    def trust(self, succession: Succession) -> None:
        """Take the platform's next signing key in place of the one it trusts.

        Raises:
            ModuleError: the module is wiped, or the trusted key did not sign the new one.
        """
        self._require_alive()
        if not self._platform.verify(succession_text(succession.public_key), succession.signature):
            raise ModuleError("the new signing key does not come from the platform")
        try:
            self._platform = Verifier(succession.public_key)
        except ValueError as error:
            raise ModuleError("the new signing key is no key") from error

    def wipe(self, order: WipeOrder) -> None:
        """Destroy the key; the module does nothing any more.

        Raises:
            ModuleError: the order is not the platform's, or not for this module.
        """
        if order.serial != self.serial or not self._platform.verify(wipe_text(order.serial), order.signature):
            raise ModuleError("the order to wipe does not come from the platform for this module")
        self._key, self._wiped = None, True

    def _require_alive(self) -> None:
        if self._wiped:
            raise ModuleError("the module is wiped")
