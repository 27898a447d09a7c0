"""Private keys as encrypted PKCS#8 (RFC 5958) under a password: PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC.

The form that ``openssl pkey`` reads and writes, for SM2 keys too, which the Python libraries do not offer.
"""

from __future__ import annotations

import hashlib
import secrets

from asn1crypto import algos, keys, pem
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from evidence.errors import SignatureError
from evidence.signer_certificates import SM2_CURVE
from reference_impl.wire import sm2

ITERATIONS = 600_000
"""Rounds that make each guess of a password cost a fraction of a second."""
_MOST_ITERATIONS = 10_000_000
_LABEL = "ENCRYPTED PRIVATE KEY"
_KEY_BYTES, _BLOCK_BYTES, _SALT_BYTES = 32, 16, 16


def sm2_pkcs8(pair: sm2.KeyPair) -> bytes:
    """An SM2 key as an unencrypted PrivateKeyInfo, DER."""
    curve = keys.ECDomainParameters({"named": SM2_CURVE})
    inner = keys.ECPrivateKey(
        {"version": 1, "private_key": int.from_bytes(pair.private), "parameters": curve, "public_key": pair.public}
    )
    return bytes(keys.PrivateKeyInfo.wrap(inner, "ec").dump())


def sm2_pair(pkcs8: bytes) -> sm2.KeyPair:
    """The SM2 key of a PrivateKeyInfo.

    Raises:
        SignatureError: it is another kind of key.
    """
    try:
        info = keys.PrivateKeyInfo.load(pkcs8, strict=True)
        curve = info["private_key_algorithm"]["parameters"].chosen.dotted
        pair = sm2.key_pair(info["private_key"].parsed["private_key"].native.to_bytes(32))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise SignatureError("the key is no SM2 key", "use a signer folder made by xiangka keys signer") from error
    if curve != SM2_CURVE:
        raise SignatureError("the key is no SM2 key", "use a signer folder made by xiangka keys signer")
    return pair


def seal(pkcs8: bytes, password: str, iterations: int = ITERATIONS) -> bytes:
    """Encrypt a PrivateKeyInfo; gives PEM."""
    salt, vector = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_BLOCK_BYTES)
    padder = PKCS7(8 * _BLOCK_BYTES).padder()
    encryptor = Cipher(algorithms.AES256(_derive(password, salt, iterations)), modes.CBC(vector)).encryptor()
    derivation = {
        "algorithm": "pbkdf2",
        "parameters": {
            "salt": algos.Pbkdf2Salt({"specified": salt}),
            "iteration_count": iterations,
            "prf": {"algorithm": "sha256"},
        },
    }
    scheme = {"algorithm": "aes256_cbc", "parameters": vector}
    sealed = keys.EncryptedPrivateKeyInfo(
        {
            "encryption_algorithm": {
                "algorithm": "pbes2",
                "parameters": {"key_derivation_func": derivation, "encryption_scheme": scheme},
            },
            "encrypted_data": encryptor.update(padder.update(pkcs8) + padder.finalize()) + encryptor.finalize(),
        }
    )
    return bytes(pem.armor(_LABEL, sealed.dump()))


def open_sealed(text: bytes, password: str) -> bytes:
    """Decrypt a PrivateKeyInfo.

    Args:
        text: PEM.

    Raises:
        SignatureError: another password, or no key encrypted as here.
    """
    try:
        label, _, der = pem.unarmor(text)
        info = keys.EncryptedPrivateKeyInfo.load(der, strict=True)
        algorithm = info["encryption_algorithm"]
        derivation = algorithm["parameters"]["key_derivation_func"]["parameters"]
        salt, iterations = derivation["salt"].native, derivation["iteration_count"].native
        prf = derivation["prf"]["algorithm"].native
        cipher, vector = algorithm.encryption_cipher, algorithm.encryption_iv
        data = info["encrypted_data"].native
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _other_form() from error
    known = (label, prf, cipher, algorithm.key_length) == (_LABEL, "sha256", "aes", _KEY_BYTES)
    if not known or not 0 < iterations <= _MOST_ITERATIONS or len(data) % _BLOCK_BYTES:
        raise _other_form()
    decryptor = Cipher(algorithms.AES256(_derive(password, salt, iterations)), modes.CBC(vector)).decryptor()
    unpadder = PKCS7(8 * _BLOCK_BYTES).unpadder()
    try:
        opened = unpadder.update(decryptor.update(data) + decryptor.finalize()) + unpadder.finalize()
        keys.PrivateKeyInfo.load(opened, strict=True)
    except ValueError as error:
        raise SignatureError("the password is wrong", "give the password the key was made with") from error
    return opened


def _derive(password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations, _KEY_BYTES)


def _other_form() -> SignatureError:
    return SignatureError(
        "is no key encrypted with PBES2, PBKDF2-HMAC-SHA256 and AES-256-CBC",
        "use the signer folder as xiangka keys made it",
    )
