"""A signer's keys in a PKCS#11 token.

The P-256 key is made in the token and used there; it cannot leave. PKCS#11 has no mechanism for SM2 signatures: its
EC mechanisms sign by ECDSA, whatever the curve, and from that no SM2 signature can be had. So the SM2 key stands in the
folder, enciphered by an AES-256 key that was made in the token and cannot leave it either. It is opened with the token
and in the memory of the process that signs.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.util.ec import encode_ecdsa_signature, encode_named_curve_parameters

from evidence.errors import SignatureError
from evidence.keys.sealed_pkcs8 import sm2_pair, sm2_pkcs8
from evidence.keys.token_session import TokenPlace, token_session
from reference_impl.wire import sm2

SEALED = "sm2.sealed"
_ID_BYTES, _NONCE_BYTES, _TAG_BITS = 16, 12, 128
_BOUND = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
_NOT_THESE_BYTES = (
    pkcs11.exceptions.DataInvalid,
    pkcs11.exceptions.DataLenRange,
    pkcs11.exceptions.EncryptedDataInvalid,
    pkcs11.exceptions.EncryptedDataLenRange,
    pkcs11.exceptions.FunctionFailed,
    pkcs11.exceptions.GeneralError,
    pkcs11.exceptions.MechanismParamInvalid,
)
"""What tokens say of bytes that their key did not encipher; SoftHSM that something is wrong in general."""
_OCTET_STRING = b"\x04\x41"


class TokenKeys:
    """The keys of a folder whose ``signer.json`` names a token.

    Args:
        folder: where the enciphered SM2 key stands.
        told: ``module``, ``token`` and ``id`` (hex) as ``new_token_keys`` gave them.
        pin: the token's user PIN.

    Raises:
        SignatureError: ``told`` is not one of a token.
    """

    def __init__(self, folder: Path, told: Mapping[str, Any], pin: str) -> None:
        self._folder = folder
        self._pin = pin
        try:
            self._place = TokenPlace(Path(told["module"]), str(told["token"]))
            self._id = bytes.fromhex(told["id"])
        except (KeyError, TypeError, ValueError) as error:
            raise SignatureError("names no token", "restore it from its backup", str(folder)) from error

    @property
    def public(self) -> bytes:
        """The SM2 key for everybody, 65 bytes."""
        return self._sm2.public

    @property
    def p256_public(self) -> bytes:
        """The P-256 key for everybody, 65 bytes."""
        with token_session(self._place, self._pin) as session:
            point = bytes(self._object(session, ObjectClass.PUBLIC_KEY)[Attribute.EC_POINT])
        return point.removeprefix(_OCTET_STRING)

    def sign(self, data: bytes) -> bytes:
        """Sign with SM2 and SM3; gives DER."""
        return sm2.signature_to_der(self._sm2.sign(data))

    def sign_p256(self, data: bytes) -> bytes:
        """Sign with ECDSA and SHA-256 inside the token; gives DER."""
        with token_session(self._place, self._pin) as session:
            key = self._bound(session, ObjectClass.PRIVATE_KEY)
            raw = key.sign(hashlib.sha256(data).digest(), mechanism=Mechanism.ECDSA)
        return bytes(encode_ecdsa_signature(raw))

    @cached_property
    def _sm2(self) -> sm2.Signer:
        path = self._folder / SEALED
        try:
            sealed = path.read_bytes()
        except OSError as error:
            raise SignatureError(
                f"cannot be read ({error.strerror})", "restore the folder from its backup", str(path)
            ) from error
        with token_session(self._place, self._pin) as session:
            key = self._bound(session, ObjectClass.SECRET_KEY)
            nonce, enciphered = _gcm(sealed[:_NONCE_BYTES], self._id), sealed[_NONCE_BYTES:]
            try:
                opened = key.decrypt(enciphered, mechanism=Mechanism.AES_GCM, mechanism_param=nonce)
            except _NOT_THESE_BYTES as error:
                raise SignatureError(
                    f"is not what was enciphered for this signer: the token does not open it ({type(error).__name__})",
                    "restore it from the folder's backup",
                    str(path),
                ) from error
        pair = sm2_pair(bytes(opened))
        return sm2.Signer(pair.private, pair.public)

    def _bound(self, session: pkcs11.Session, kind: ObjectClass) -> Any:
        key = self._object(session, kind)
        if key[Attribute.EXTRACTABLE] or not key[Attribute.NEVER_EXTRACTABLE] or not key[Attribute.LOCAL]:
            raise SignatureError(
                "the key was not made inside the token, or could leave it",
                "let xiangka keys signer make new keys in the token",
                str(self._place),
            )
        return key

    def _object(self, session: pkcs11.Session, kind: ObjectClass) -> Any:
        found = list(session.get_objects({Attribute.CLASS: kind, Attribute.ID: self._id}))
        if len(found) != 1:
            raise SignatureError(
                f"the token holds {len(found)} keys of this signer instead of one",
                "insert the token the folder was made with",
                str(self._place),
            )
        return found[0]


def new_token_keys(place: TokenPlace, pin: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """Make keys in a token.

    Returns:
        The files of a folder that belong to them, and what ``TokenKeys`` must be told to find them again.

    Raises:
        SignatureError: the token cannot be used; no key of the attempt stays in it.
    """
    own = secrets.token_bytes(_ID_BYTES)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    label = f"xiangka-{own.hex()[:8]}"
    with token_session(place, pin, rw=True) as session:
        made: list[Any] = []
        try:
            sealing: Any = session.generate_key(
                KeyType.AES,
                256,
                label=label,
                id=own,
                store=True,
                capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
                template=_BOUND,
            )
            made.append(sealing)
            curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
            parameters = session.create_domain_parameters(KeyType.EC, curve, local=True)
            made += parameters.generate_keypair(
                label=label,
                id=own,
                store=True,
                capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
                private_template=_BOUND,
            )
            plain = sm2_pkcs8(sm2.generate())
            sealed = sealing.encrypt(plain, mechanism=Mechanism.AES_GCM, mechanism_param=_gcm(nonce, own))
        except pkcs11.PKCS11Error:
            for key in made:
                key.destroy()
            raise
    return {SEALED: nonce + bytes(sealed)}, {"module": str(place.module), "token": place.token, "id": own.hex()}


def _gcm(nonce: bytes, own: bytes) -> GCMParams:
    return GCMParams(nonce, b"xiangka sm2 " + own, _TAG_BITS)
