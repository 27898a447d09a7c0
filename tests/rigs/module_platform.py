"""As much of a platform as issues keys to security modules, without storage or wire."""

from __future__ import annotations

from collections.abc import Callable

from reference_impl.wire.sm2 import Signer, generate
from reference_impl.wire.sm2_encryption import Encryptor
from reference_impl.wire.terminal_module import Proof, injection_text, is_proven, wipe_text
from rigs.roles import ApiAnswer

KEYS = generate()


class Platform:
    """As much of a platform as an issuer asks of; ``wrong`` may exchange an answer by the end of its path."""

    def __init__(self, wrong: dict[str, Callable[[ApiAnswer], ApiAnswer]] | None = None) -> None:
        self.wrong = wrong or {}
        self.modules: dict[str, tuple[bytes, list[bytes]]] = {}

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
                self.modules[body["serial"]] = (bytes.fromhex(body["public_key"]), [])
                return told({"injection": self.injection(body["serial"])})
            case "key":
                return told(self.injection(serial))
            case "proof":
                proof = Proof(serial, body["version"], bytes.fromhex(body["mac"]))
                keys = self.modules[serial][1]
                good = proof.version == len(keys) and is_proven(keys[-1], proof, bytes.fromhex(body["message"]))
                return told({"state": "keyed"}) if good else told({"code": "bad_proof"}, 409)
            case "wipe":
                signature = Signer(KEYS.private, KEYS.public).sign(wipe_text(serial))
                return told({"serial": serial, "signature": signature.hex()})
            case _:
                return told({"serial": serial}) if serial in self.modules else told({"code": "unknown_module"}, 404)

    def injection(self, serial: str) -> dict:
        public, keys = self.modules[serial]
        keys.append(generate().private)
        version, sealed = len(keys), Encryptor(public).encrypt(keys[-1])
        signature = Signer(KEYS.private, KEYS.public).sign(injection_text(serial, version, sealed))
        return {"serial": serial, "version": version, "sealed_key": sealed.hex(), "signature": signature.hex()}


def told(content: dict, status: int = 200) -> ApiAnswer:
    return ApiAnswer(status, content, (1, 2))
