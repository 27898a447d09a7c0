"""ECDSA keys on P-256 (FIPS 186-5) as PKCS#8."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key

from evidence.errors import SignatureError


def p256_pkcs8() -> bytes:
    """A new key as an unencrypted PrivateKeyInfo, DER."""
    return generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def p256_key(pkcs8: bytes) -> EllipticCurvePrivateKey:
    """The key of a PrivateKeyInfo.

    Raises:
        SignatureError: it is another kind of key.
    """
    try:
        key = serialization.load_der_private_key(pkcs8, password=None)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SignatureError("the key is no P-256 key", "use a signer folder made by xiangka keys signer") from error
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise SignatureError("the key is no P-256 key", "use a signer folder made by xiangka keys signer")
    return key


def p256_public(key: EllipticCurvePrivateKey) -> bytes:
    """Its public key, 65 bytes."""
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def sign_p256(key: EllipticCurvePrivateKey, data: bytes) -> bytes:
    """Sign with SHA-256; gives DER."""
    return key.sign(data, ECDSA(hashes.SHA256()))
