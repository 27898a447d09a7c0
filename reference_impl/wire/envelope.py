"""Sealing and opening the envelopes of the ``ehc.*`` gateways, requests and responses alike.

Every rule that differs between gateways is read from the dialect's row; the field names are common to the family.
Digest-over-plaintext: the sender digests the envelope with ``biz_content`` in clear, then encrypts it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reference_impl.wire.dialects import Dialect
from reference_impl.wire.errors import (
    BadDigestError,
    MalformedError,
    StaleTimestampError,
    UnsealedRefusalError,
    UnsupportedError,
    WrongAnswerError,
)
from reference_impl.wire.sm import BLOCK_BYTES, sm4_decrypt, sm4_encrypt
from reference_impl.wire.strictjson import read_object, write_object

REQUEST_FIELDS = (
    "method",
    "app_id",
    "term_id",
    "version",
    "timestamp",
    "digest_type",
    "digest",
    "enc_type",
    "biz_content",
)
RESPONSE_FIELDS = (*REQUEST_FIELDS, "code", "message")

Biz = Mapping[str, str | Sequence[str]]

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TIMESTAMP = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True)
class Credentials:
    """What one application of one institution signs with; ``app_secret`` has at least 16 bytes in UTF-8."""

    app_id: str
    app_secret: str = field(repr=False)
    term_id: str


@dataclass(frozen=True)
class Sender:
    """Who an envelope says it comes from: nothing is proved yet."""

    app_id: str
    term_id: str


@dataclass(frozen=True)
class Request:
    """An authentic, fresh request; ``timestamp_ms`` is Unix time in milliseconds, as the sender stamped it."""

    method: str
    app_id: str
    term_id: str
    timestamp_ms: int
    digest: str
    biz: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Response:
    """An authentic, fresh answer; ``success`` compares ``code`` with the dialect's one success code."""

    method: str
    code: str
    message: str
    timestamp_ms: int
    success: bool
    biz: Biz = field(repr=False)


def seal_request(
    dialect: Dialect, credentials: Credentials, method: str, biz: Mapping[str, str], timestamp_ms: int
) -> dict[str, str]:
    """Return the nine fields of a request, ready to be sent as JSON.

    Raises:
        ValueError: the secret is too short to give the cipher its key.
    """
    return _seal(dialect, credentials, _head(dialect, credentials, method, timestamp_ms), biz)


def seal_response(
    dialect: Dialect,
    credentials: Credentials,
    method: str,
    *,
    code: str,
    message: str,
    biz: Biz,
    timestamp_ms: int,
) -> dict[str, str]:
    """Return the eleven fields of an answer, ready to be sent as JSON.

    Raises:
        ValueError: the secret is too short to give the cipher its key.
    """
    head = _head(dialect, credentials, method, timestamp_ms) | {"code": code, "message": message}
    return _seal(dialect, credentials, head, biz)


def unsealed_refusal(dialect: Dialect, code: str, message: str, timestamp_ms: int) -> dict[str, str]:
    """Return the answer to a sender that proved nothing: no digest, no content, only code and message.

    The field's gateways do not say what they answer here; this form is reconstructed.
    """
    empty = dict.fromkeys(RESPONSE_FIELDS, "")
    return empty | {
        "version": dialect.version,
        "timestamp": str(timestamp_ms),
        "code": code,
        "message": message,
    }


def claimed_sender(envelope: Mapping[str, object]) -> Sender:
    """Read who a request claims to come from, so that its secret can be looked up.

    Raises:
        MalformedError: a field of the request is missing, is not text, or has characters that names do not have.
    """
    fields = _fields(envelope, REQUEST_FIELDS)
    for name in ("method", "app_id", "term_id"):
        if not _NAME.fullmatch(fields[name]):
            raise MalformedError(name)
    return Sender(fields["app_id"], fields["term_id"])


def open_request(dialect: Dialect, credentials: Credentials, envelope: Mapping[str, object], now_ms: int) -> Request:
    """Check digest and timestamp of a request and decrypt its content; ``now_ms`` is Unix time in milliseconds.

    Raises:
        MalformedError: a field is missing or is not text, or the authentic content is no object of texts.
        UnsupportedError: version, digest or cipher belong to another dialect.
        BadDigestError: the envelope was not sealed with this secret, or was changed since.
        StaleTimestampError: the timestamp is outside the window, before or after.
    """
    claimed_sender(envelope)
    fields = _fields(envelope, REQUEST_FIELDS)
    biz = _question_texts(_open(dialect, credentials, fields))
    return Request(
        method=fields["method"],
        app_id=fields["app_id"],
        term_id=fields["term_id"],
        timestamp_ms=_fresh(dialect, fields["timestamp"], now_ms),
        digest=fields["digest"],
        biz=biz,
    )


def open_response(
    dialect: Dialect, credentials: Credentials, envelope: Mapping[str, object], method: str, now_ms: int
) -> Response:
    """Check that an answer is authentic, fresh and for ``method``, and decrypt its content.

    The dialect has no field that binds an answer to its request: within the window an older answer to the same
    method, application and terminal cannot be told from a new one.

    Raises:
        MalformedError, UnsupportedError, BadDigestError, StaleTimestampError: as for ``open_request``.
        UnsealedRefusalError: the platform refused without a digest.
        WrongAnswerError: the answer belongs to another method, application or terminal.
    """
    fields = _fields(envelope, RESPONSE_FIELDS)
    if not fields["digest"]:
        if fields["code"] == dialect.success_code:
            raise BadDigestError
        raise UnsealedRefusalError(fields["code"], fields["message"])
    biz = _open(dialect, credentials, fields)
    timestamp_ms = _fresh(dialect, fields["timestamp"], now_ms)
    expected = {"method": method, "app_id": credentials.app_id, "term_id": credentials.term_id}
    for name, value in expected.items():
        if fields[name] != value:
            raise WrongAnswerError(name)
    return Response(
        method=method,
        code=fields["code"],
        message=fields["message"],
        timestamp_ms=timestamp_ms,
        success=fields["code"] == dialect.success_code,
        biz=_answer_texts(biz),
    )


def _head(dialect: Dialect, credentials: Credentials, method: str, timestamp_ms: int) -> dict[str, str]:
    return {
        "method": method,
        "app_id": credentials.app_id,
        "term_id": credentials.term_id,
        "version": dialect.version,
        "timestamp": str(timestamp_ms),
        "digest_type": dialect.digest_type,
        "enc_type": dialect.enc_type,
    }


def _seal(dialect: Dialect, credentials: Credentials, head: dict[str, str], biz: Biz) -> dict[str, str]:
    plain = write_object(dict(biz))
    digest = _digest(dialect, credentials.app_secret, head | {"biz_content": plain})
    return head | {"digest": digest, "biz_content": _encrypt(dialect, credentials.app_secret, plain)}


def _open(dialect: Dialect, credentials: Credentials, fields: dict[str, str]) -> dict[str, object]:
    for name, value in (
        ("version", dialect.version),
        ("digest_type", dialect.digest_type),
        ("enc_type", dialect.enc_type),
    ):
        if fields[name] != value:
            raise UnsupportedError(name)
    covered = {name: value for name, value in fields.items() if name != "digest"}
    try:
        plain = _decrypt(dialect, credentials.app_secret, fields["biz_content"])
        digest = _digest(dialect, credentials.app_secret, covered | {"biz_content": plain})
    except ValueError as error:
        # "cannot be decrypted" apart from "digest differs" would be a padding oracle.
        raise BadDigestError from error
    if not hmac.compare_digest(digest.encode(), fields["digest"].encode()):
        raise BadDigestError
    return read_object(plain, "biz_content")


def _digest(dialect: Dialect, secret: str, fields: Mapping[str, str]) -> str:
    names = sorted(fields)
    if dialect.digest_order is not None:
        first = dialect.digest_order
        names = [*first, *(name for name in names if name not in first)]
    joined = "&".join(f"{name}={fields[name]}" for name in names) + dialect.secret_suffix.format(secret=secret)
    digest = hashlib.new(dialect.digest_algorithm, joined.encode(dialect.encoding)).hexdigest()
    return digest.upper() if dialect.digest_case == "upper" else digest


def _key(secret: str) -> bytes:
    key = secret.encode("utf-8")[:BLOCK_BYTES]
    if len(key) < BLOCK_BYTES:
        raise ValueError(f"an application secret has at least {BLOCK_BYTES} bytes")
    return key


def _encrypt(dialect: Dialect, secret: str, plain: str) -> str:
    if dialect.cipher == "plain":
        return plain
    sealed = sm4_encrypt(_key(secret), plain.encode(dialect.encoding), dialect.padding)
    return _armour(dialect, sealed)


def _decrypt(dialect: Dialect, secret: str, text: str) -> str:
    if dialect.cipher == "plain":
        return text
    sealed = base64.b64decode(text, validate=True) if dialect.armour == "base64" else bytes.fromhex(text)
    if _armour(dialect, sealed) != text:
        # One content has one spelling: spare bits, spaces or the other case would pass unseen otherwise.
        raise ValueError("not the canonical spelling")
    return sm4_decrypt(_key(secret), sealed, dialect.padding).decode(dialect.encoding)


def _armour(dialect: Dialect, sealed: bytes) -> str:
    return base64.b64encode(sealed).decode("ascii") if dialect.armour == "base64" else sealed.hex()


def _fresh(dialect: Dialect, timestamp: str, now_ms: int) -> int:
    if not _TIMESTAMP.fullmatch(timestamp):
        raise MalformedError("timestamp")
    timestamp_ms = int(timestamp)
    if abs(now_ms - timestamp_ms) > dialect.window_s * 1000:
        raise StaleTimestampError
    return timestamp_ms


def _fields(envelope: Mapping[str, object], names: Sequence[str]) -> dict[str, str]:
    """Return the named fields of an envelope, each of which must be there and be text."""
    fields: dict[str, str] = {}
    for name in names:
        value = envelope.get(name)
        if not isinstance(value, str) or not _encodable(value):
            raise MalformedError(name)
        # Values are joined by "&" unescaped: only the content, which every later field closes, may hold one.
        if name != "biz_content" and "&" in value:
            raise MalformedError(name)
        fields[name] = value
    return fields


def _question_texts(document: Mapping[str, object]) -> dict[str, str]:
    texts = {name: value for name, value in document.items() if isinstance(value, str)}
    if len(texts) != len(document):
        raise MalformedError("biz_content")
    return texts


def _answer_texts(document: Mapping[str, object]) -> Biz:
    answer: dict[str, str | Sequence[str]] = {}
    for name, value in document.items():
        if isinstance(value, str):
            answer[name] = value
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            answer[name] = tuple(value)
        else:
            raise MalformedError("biz_content")
    return answer


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
