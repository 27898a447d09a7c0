"""The one codec of the ``ehc.*`` gateways: a row of the table made ready for one application secret.

It speaks of fields: ``method`` is always among them and names the real method, wherever the row puts it on the wire.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from cryptography.hazmat.primitives.ciphers import CipherAlgorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES, SM4

from reference_impl.wire.blockcipher import BLOCK_BYTES, Ecb
from reference_impl.wire.dialects import Armour, Dialect, Encryption
from reference_impl.wire.errors import BadDigestError, MalformedError, UnsupportedError
from reference_impl.wire.freshness import fresh, whole_number
from reference_impl.wire.strictjson import write_object

_HEAD = ("method", "app_id", "term_id", "version", "timestamp", "enc_type", "biz_content")
_ANSWER = ("code", "message")


class ContentCipher(Protocol):
    """Turns the content into the text of ``biz_content`` and back."""

    def encrypt(self, plain: str) -> str:
        """Return the text on the wire."""
        ...

    def decrypt(self, text: str) -> str:
        """Return the content.

        Raises:
            ValueError: the text is no such cipher text, or not its one spelling.
        """
        ...


class GatewayCodec:
    """Seals and opens the fields of one row under one secret; everything that stays the same is made once.

    Raises:
        ValueError: the secret is too short to give the cipher its key.
    """

    def __init__(self, row: Dialect, app_secret: str) -> None:
        self.row = row
        self._versions = frozenset(row.versions)
        # Copying a fresh state takes half the time of asking for the algorithm by name.
        self._digests = {rule.digest_type: hashlib.new(rule.algorithm, usedforsecurity=False) for rule in row.digests}
        self._ciphers = {way.enc_type: content_cipher(way, app_secret, row.encoding) for way in row.encryptions}
        self._question_text = _digested(row, app_secret, (*_HEAD, row.digest_type_field))
        self._answer_text = _digested(row, app_secret, (*_HEAD, row.digest_type_field, *_ANSWER))
        self._question_names = (*_HEAD, row.digest_type_field, row.digest_field)
        self._answer_names = (*self._question_names, *_ANSWER)

    def head(
        self,
        method: str,
        app_id: str,
        term_id: str,
        timestamp_ms: int,
        *,
        version: str = "",
        digest_type: str = "",
        enc_type: str = "",
    ) -> dict[str, str]:
        """Return the fields before the content, in the words of the row; "" takes the row's first choice.

        Raises:
            ValueError: the row knows no such digest or encryption.
        """
        row = self.row
        head = {
            "method": method,
            "app_id": app_id,
            "term_id": term_id,
            "version": version or row.versions[0],
            "timestamp": str(timestamp_ms),
            row.digest_type_field: digest_type or row.digests[0].digest_type,
            "enc_type": enc_type or row.encryptions[0].enc_type,
        }
        if head[row.digest_type_field] not in self._digests or head["enc_type"] not in self._ciphers:
            raise ValueError(f"{row.name} knows no such digest or encryption")
        return head

    def seal(self, fields: dict[str, str], plain: str) -> dict[str, str]:
        """Return the fields with digest and content."""
        sealed = self._ciphers[fields["enc_type"]].encrypt(plain)
        fields["biz_content"] = plain if self.row.digest_over == "plaintext" else sealed
        fields[self.row.digest_field] = self._digest(fields)
        fields["biz_content"] = sealed
        return fields

    def question(self, envelope: Mapping[str, object]) -> dict[str, str]:
        """Return the fields of a request, each of which must be there and be text.

        Raises:
            MalformedError: one is not.
        """
        return read_fields(envelope, self._question_names)

    def answer(self, envelope: Mapping[str, object]) -> dict[str, str]:
        """Return the fields of an answer, each of which must be there and be text.

        Raises:
            MalformedError: one is not.
        """
        return read_fields(envelope, self._answer_names)

    def open(self, fields: Mapping[str, str]) -> str:
        """Return the content of sealed fields as text, proved authentic.

        Raises:
            UnsupportedError: version, digest or cipher belong to another dialect.
            BadDigestError: the fields were not sealed with this secret, or were changed since.
        """
        row = self.row
        if fields["version"] not in self._versions:
            raise UnsupportedError("version")
        if fields[row.digest_type_field] not in self._digests:
            raise UnsupportedError(row.digest_type_field)
        cipher = self._ciphers.get(fields["enc_type"])
        if cipher is None:
            raise UnsupportedError("enc_type")
        try:
            plain = cipher.decrypt(fields["biz_content"])
            covered = {**fields, "biz_content": plain} if row.digest_over == "plaintext" else fields
            digest = self._digest(covered)
        except ValueError as error:
            # "cannot be decrypted" apart from "digest differs" would be a padding oracle.
            raise BadDigestError from error
        if not hmac.compare_digest(digest.encode(), fields[row.digest_field].encode()):
            raise BadDigestError
        return plain

    def fresh(self, timestamp: str, now_ms: int) -> int:
        """Return a timestamp in milliseconds if it is inside the window.

        Raises:
            MalformedError: it is no number.
            StaleTimestampError: it is outside, before or after.
        """
        return fresh(whole_number(timestamp, "timestamp"), now_ms, self.row.window_s)

    def _digest(self, fields: Mapping[str, str]) -> str:
        text = self._answer_text(fields) if "code" in fields else self._question_text(fields)
        state = self._digests[fields[self.row.digest_type_field]].copy()
        state.update(text.encode(self.row.encoding))
        digest = state.hexdigest()
        return digest.upper() if self.row.digest_case == "upper" else digest


def content_cipher(way: Encryption, secret: str, encoding: str) -> ContentCipher:
    """Return the cipher of one encryption under a secret.

    Raises:
        ValueError: the secret is too short to give it its key.
    """
    key = secret.encode("utf-8")[:BLOCK_BYTES]
    if len(key) < BLOCK_BYTES:
        raise ValueError(f"an application secret has at least {BLOCK_BYTES} bytes")
    if way.cipher == "plain":
        return _Plain()
    algorithm: CipherAlgorithm = SM4(key) if way.cipher == "sm4-ecb" else AES(key)
    return _Block(Ecb(algorithm, way.padding), way.armour, encoding)


class _Plain:
    def encrypt(self, plain: str) -> str:
        return plain

    def decrypt(self, text: str) -> str:
        return text


class _Block:
    def __init__(self, ecb: Ecb, armour: Armour, encoding: str) -> None:
        self._ecb = ecb
        self._to_text: Callable[[bytes], str] = _to_base64 if armour == "base64" else bytes.hex
        self._from_text: Callable[[str], bytes] = binascii.a2b_base64 if armour == "base64" else bytes.fromhex
        self._encoding = encoding

    def encrypt(self, plain: str) -> str:
        return self._to_text(self._ecb.encrypt(plain.encode(self._encoding)))

    def decrypt(self, text: str) -> str:
        sealed = self._from_text(text)
        # One content has one spelling: spare bits, spaces or the other case would pass unseen otherwise.
        if self._to_text(sealed) != text:
            raise ValueError("not the canonical spelling")
        return self._ecb.decrypt(sealed).decode(self._encoding)


def _to_base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def _digested(row: Dialect, secret: str, names: Sequence[str]) -> Callable[[Mapping[str, str]], str]:
    """Return what makes the digested text out of the fields of ``names``."""
    order = [*(row.digest_order or ()), *(name for name in sorted(names) if name not in (row.digest_order or ()))]
    suffix = row.secret_suffix.format(secret=secret)
    if row.digest_form == "json":
        return lambda fields: write_object({name: fields[name] for name in order}) + suffix
    # One formatting of the whole text takes a third of the time of joining its parts.
    template = "&".join(f"{name}=%({name})s" for name in order) + suffix.replace("%", "%%")
    return template.__mod__


def read_fields(envelope: Mapping[str, object], names: Sequence[str]) -> dict[str, str]:
    """Return the named fields of an envelope, each of which must be there and be text.

    Raises:
        MalformedError: one is not, cannot be encoded, or could be read as two.
    """
    fields: dict[str, Any] = {name: envelope.get(name) for name in names}
    try:
        # All at once, for this is done with every envelope; which field it was is only asked when there is one.
        joined = "&".join(fields.values())
        good = joined.count("&") - fields["biz_content"].count("&") == len(fields) - 1
        if not (good and (joined.isascii() or joined.encode("utf-8"))):
            raise ValueError("a value holds the separator")
    except (TypeError, ValueError) as error:
        raise MalformedError(next(name for name, value in fields.items() if not _stands_alone(name, value))) from error
    return fields


def _stands_alone(name: str, value: object) -> bool:
    # Values are joined by "&" unescaped: only the content, which every later field closes, may hold one.
    if not isinstance(value, str) or ("&" in value and name != "biz_content"):
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
