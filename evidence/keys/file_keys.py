"""A pair of keys, SM2 and P-256, in two encrypted files of a folder."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from evidence.errors import SignatureError
from evidence.keys.p256 import p256_key, p256_pkcs8, p256_public, sign_p256
from evidence.keys.sealed_pkcs8 import ITERATIONS, open_sealed, seal, sm2_pair, sm2_pkcs8
from reference_impl.wire import sm2

SM2_KEY, P256_KEY = "sm2.key", "p256.key"


class FileKeys:
    """The keys of a folder, each opened when it is first needed.

    Args:
        folder: where the files stand.
        password: what they are encrypted under.
    """

    def __init__(self, folder: Path, password: str) -> None:
        self._folder = folder
        self._password = password

    @property
    def public(self) -> bytes:
        """The SM2 key for everybody, 65 bytes."""
        return self._sm2.public

    @property
    def p256_public(self) -> bytes:
        """The P-256 key for everybody, 65 bytes."""
        return p256_public(self._p256)

    def sign(self, data: bytes) -> bytes:
        """Sign with SM2 and SM3; gives DER."""
        return sm2.signature_to_der(self._sm2.sign(data))

    def sign_p256(self, data: bytes) -> bytes:
        """Sign with ECDSA and SHA-256; gives DER."""
        return sign_p256(self._p256, data)

    @cached_property
    def _sm2(self) -> sm2.Signer:
        pair = sm2_pair(self._open(SM2_KEY))
        return sm2.Signer(pair.private, pair.public)

    @cached_property
    def _p256(self) -> EllipticCurvePrivateKey:
        return p256_key(self._open(P256_KEY))

    def _open(self, name: str) -> bytes:
        path = self._folder / name
        try:
            text = path.read_bytes()
        except OSError as error:
            raise SignatureError(
                f"cannot be read ({error.strerror})", "name a folder made by xiangka keys, as its owner", str(path)
            ) from error
        try:
            return open_sealed(text, self._password)
        except SignatureError as error:
            raise error.at(path) from error


def new_key_files(password: str, iterations: int = ITERATIONS) -> dict[str, bytes]:
    """Both keys, new, as the files of a folder.

    Args:
        iterations: rounds of PBKDF2; fewer only for keys that protect nothing.
    """
    return {
        SM2_KEY: seal(sm2_pkcs8(sm2.generate()), password, iterations),
        P256_KEY: seal(p256_pkcs8(), password, iterations),
    }
