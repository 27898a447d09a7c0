"""A platform that is wrong about terminal modules is the bench's fault, found before any module is asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reference_impl.wire.sm2 import Signer, generate
from reference_impl.wire.sm2_encryption import Encryptor
from reference_impl.wire.terminal_module import Proof, injection_text, is_proven, wipe_text
from rigs.errors import RigError
from rigs.module_issuer import ModuleIssuer
from rigs.roles import ApiAnswer

KEYS = generate()


class Platform:
    """As much of a platform as an issuer asks of; ``wrong`` may exchange an answer by the end of its path."""

    def __init__(self, wrong: dict[str, Callable[[ApiAnswer], ApiAnswer]] | None = None) -> None:
        self.wrong = wrong or {}
        self.public, self.keys = b"", []

    def ask(self, method, path, body=None, *, role="admin"):
        answer = self.right(path, body)
        return next((change(answer) for end, change in self.wrong.items() if path.endswith(end)), answer)

    def right(self, path, body) -> ApiAnswer:
        serial, _, _ = path.removeprefix("/api/v1/terminal-modules/").partition("/")
        match path.rpartition("/")[2]:
            case "keys":
                return told({"signing_public_keys": {"1": KEYS.public.hex()}})
            case "challenges":
                return told({"challenge": "00" * 16})
            case "terminal-modules":
                self.public = bytes.fromhex(body["public_key"])
                return told({"injection": self.injection(body["serial"])})
            case "key":
                return told(self.injection(serial))
            case "proof":
                proof = Proof(serial, body["version"], bytes.fromhex(body["mac"]))
                present = proof.version == len(self.keys)
                good = present and is_proven(self.keys[-1], proof, bytes.fromhex(body["message"]))
                return told({"state": "keyed"}) if good else told({"code": "bad_proof"}, 409)
            case _:
                signature = Signer(KEYS.private, KEYS.public).sign(wipe_text(serial))
                return told({"serial": serial, "signature": signature.hex()})

    def injection(self, serial: str) -> dict:
        key = generate().private
        self.keys.append(key)
        version, sealed = len(self.keys), Encryptor(self.public).encrypt(key)
        signature = Signer(KEYS.private, KEYS.public).sign(injection_text(serial, version, sealed))
        return {"serial": serial, "version": version, "sealed_key": sealed.hex(), "signature": signature.hex()}


def told(content: dict, status: int = 200) -> ApiAnswer:
    return ApiAnswer(status, content, (1, 2))


def test_a_sound_platform_proves_itself():
    ModuleIssuer(Platform(), "app").prove_itself("439900T01")


@pytest.mark.parametrize(
    ("end", "change", "said"),
    [
        ("/proof", lambda _: told({"state": "keyed"}), "wrong ones for right"),
        ("/proof", lambda _: told({"code": "bad_proof"}, 409), "right proofs"),
        ("/proof", lambda _: told({"code": "rate_limited"}, 429), "answered 429"),
        ("/terminal-modules", lambda _: told({"code": "bad_proof"}, 409), "does not believe"),
        ("/wipe", lambda a: told({**a.content, "signature": "11" * 64}), "order to wipe"),
        ("/key", lambda a: told({**a.content, "version": 9}), "does not come from the platform"),
        ("/challenges", lambda _: told({}, 500), "answered 500"),
        ("/challenges", lambda _: told({"challenge": "no hex"}), "left out of an answer"),
        ("/key", lambda _: told({"serial": "x"}), "left out of an answer"),
    ],
)
def test_a_platform_that_is_wrong_is_the_benchs_fault(end, change, said):
    with pytest.raises(RigError, match=said):
        ModuleIssuer(Platform({end: change}), "app").prove_itself("439900T01")
