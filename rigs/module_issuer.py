"""The platform as the issuer of terminal modules: enrols them, hands over their keys, checks their proofs, ends them.

Behind a terminal the platform is part of the bench: whatever it refuses here is a RigError. A software module of the
bench's own goes through the same messages first, so that a platform that is wrong is found before a device is blamed.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from typing import Any

from reference_impl.wire.sm2 import generate
from reference_impl.wire.terminal_module import (
    CHALLENGE_BYTES,
    PROOF_BYTES,
    Enrolment,
    Injection,
    ModuleError,
    Proof,
    SoftwareModule,
    WipeOrder,
)
from rigs.errors import RigError
from rigs.platform_link import CHANNEL
from rigs.roles import ApiAnswer, PlatformAdmin

_MODULES = "/api/v1/terminal-modules"
_LAST_VERSION = 2**31 - 1
"""Key versions a platform can be asked about."""


class ModuleIssuer:
    """One platform, one application's modules.

    Args:
        admin: the platform's administration.
        app_id: application the terminals belong to.
    """

    def __init__(self, admin: PlatformAdmin, app_id: str) -> None:
        self._admin = admin
        self._app_id = app_id

    def signing_key(self) -> bytes:
        """The platform's active signing key, 65 bytes."""
        with _sense():
            told = self._told("GET", "/api/v1/keys")["signing_public_keys"]
            return bytes.fromhex(told[max(told, key=int)])

    def challenge(self, serial: str, term_id: str) -> bytes:
        """A challenge for a module to be enrolled."""
        body = {"serial": serial, "term_id": term_id}
        with _sense():
            return bytes.fromhex(self._told("POST", f"{_MODULES}/challenges", body)["challenge"])

    def knows(self, serial: str) -> bool:
        """Whether a module is enrolled."""
        return self._admin.ask("GET", f"{_MODULES}/{serial}").status != 404

    def enrol(self, said: Enrolment) -> Injection:
        """Enrol a module that answered its challenge; returns its first key.

        Raises:
            ModuleError: the platform does not believe the answer.
        """
        body = {
            "app_id": self._app_id,
            "serial": said.serial,
            "term_id": said.term_id,
            **{name: getattr(said, name).hex() for name in ("challenge", "public_key", "signature")},
        }
        answer = self._admin.ask("POST", _MODULES, body)
        if not answer.ok and _code(answer) == "bad_proof":
            raise ModuleError("the platform does not believe the module's answer to its challenge")
        with _sense():
            return _injection(self._content(answer, "enrolment")["injection"])

    def next_key(self, serial: str) -> Injection:
        """The module's next key, which ends the one before."""
        return _injection(self._told("POST", f"{_MODULES}/{serial}/key"))

    def same_key(self, serial: str) -> Injection:
        """The module's present key once more."""
        return _injection(self._told("POST", f"{_MODULES}/{serial}/key/repetition"))

    def believes(self, proof: Proof, message: bytes) -> bool:
        """Whether the platform takes a proof for one of the module's present key."""
        if not 1 <= proof.version <= _LAST_VERSION or len(proof.mac) != PROOF_BYTES:
            return False
        body = {"version": proof.version, "message": message.hex(), "mac": proof.mac.hex()}
        answer = self._admin.ask("POST", f"{_MODULES}/{proof.serial}/proof", body)
        if not answer.ok and _code(answer) == "bad_proof":
            return False
        self._content(answer, "proof")
        return True

    def wipe(self, serial: str) -> WipeOrder:
        """The order that ends a module; the platform refuses it from now on."""
        with _sense():
            told = self._told("POST", f"{_MODULES}/{serial}/wipe")
            return WipeOrder(told["serial"], bytes.fromhex(told["signature"]))

    def prove_itself(self, term_id: str) -> None:
        """Take a module of the bench's own through the whole life of one.

        Raises:
            RigError: the platform enrols, keys or believes a sound module not, or believes a wrong proof.
        """
        serial = f"BENCH-{secrets.token_hex(6)}"
        sound = SoftwareModule(serial, term_id, generate(), self.signing_key())
        message = secrets.token_bytes(CHALLENGE_BYTES)
        try:
            sound.take_key(self.enrol(sound.enrol(self.challenge(serial, term_id))))
            first = sound.prove(message)
            right = self.believes(first, message) and not self.believes(first, message[::-1])
            sound.take_key(self.next_key(serial))
            right = right and self.believes(sound.prove(message), message) and not self.believes(first, message)
            sound.wipe(self.wipe(serial))
        except ModuleError as error:
            raise _wrong(f"does not get along with a sound module ({error})") from error
        if not right:
            raise _wrong("takes right proofs of a sound module for wrong ones, or wrong ones for right")

    def _told(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._content(self._admin.ask(method, path, body), f"{method} {path}")

    def _content(self, answer: ApiAnswer, asked: str) -> dict[str, Any]:
        if not answer.ok or not isinstance(answer.content, dict):
            raise _wrong(f"answered {answer.status} ({_code(answer) or 'no reason'}) to {asked}")
        return answer.content


@contextlib.contextmanager
def _sense() -> Iterator[None]:
    """Takes an answer that lacks what it must hold for the bench's fault."""
    try:
        yield
    except (KeyError, ValueError, TypeError) as error:
        raise _wrong(f"left out of an answer what it must hold ({type(error).__name__}: {error})") from error


def _injection(told: dict[str, Any]) -> Injection:
    with _sense():
        sealed, signature = bytes.fromhex(told["sealed_key"]), bytes.fromhex(told["signature"])
        return Injection(told["serial"], int(told["version"]), sealed, signature)


def _code(answer: ApiAnswer) -> str:
    return str(answer.content.get("code", "")) if isinstance(answer.content, dict) else ""


def _wrong(what: str) -> RigError:
    return RigError(
        f"the platform {what}", where=CHANNEL, remedy="check the platform's log and the standing of its terminal"
    )
