"""The envelopes of the ``ehc.*`` gateways as mappings, for callers that carry them over a wire of their own.

The work is done by ``gateway``; here a row and credentials are named with every call. The method stands in the field
``method`` whatever the row, and ``biz_content`` holds what the row puts there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from reference_impl.wire.dialects import HN_A, Dialect
from reference_impl.wire.exchange import Biz, Credentials, Request, Response, Sender
from reference_impl.wire.gateway import GatewayClient, GatewayLine, GatewayProfile, unsealed_fields
from reference_impl.wire.gateway_codec import GatewayCodec, read_fields
from reference_impl.wire.strictjson import write_object

__all__ = [
    "REQUEST_FIELDS",
    "RESPONSE_FIELDS",
    "Biz",
    "Credentials",
    "Request",
    "Response",
    "Sender",
    "claimed_sender",
    "open_request",
    "open_response",
    "seal_request",
    "seal_response",
    "unsealed_refusal",
]

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

_KEPT = 64

_client = lru_cache(_KEPT)(GatewayClient)
_line = lru_cache(_KEPT)(GatewayLine)


def seal_request(
    dialect: Dialect, credentials: Credentials, method: str, biz: Mapping[str, str], timestamp_ms: int
) -> dict[str, str]:
    """Return the nine fields of a request, ready to be sent as JSON.

    Raises:
        ValueError: the secret is too short to give the cipher its key.
    """
    return _client(dialect, credentials).seal_fields(method, biz, timestamp_ms)


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
    """Return the eleven fields of an answer, ready to be sent as JSON; ``code`` is the dialect's own.

    Raises:
        ValueError: the secret is too short to give the cipher its key.
    """
    codec = GatewayCodec(dialect, credentials.app_secret)
    head = codec.head(method, credentials.app_id, credentials.term_id, timestamp_ms)
    return codec.seal(head | {"code": code, "message": message}, write_object(dict(biz)))


def unsealed_refusal(dialect: Dialect, code: str, message: str, timestamp_ms: int) -> dict[str, str]:
    """Return the answer to a sender that proved nothing: no digest, no content, only code and message.

    The field's gateways do not say what they answer here; this form is reconstructed.
    """
    return unsealed_fields(dialect, code, message, timestamp_ms)


def claimed_sender(envelope: Mapping[str, object]) -> Sender:
    """Read who a request claims to come from, so that its secret can be looked up.

    Raises:
        MalformedError: a field of the request is missing, is not text, or has characters that names do not have.
    """
    read_fields(envelope, REQUEST_FIELDS)
    return GatewayProfile(HN_A).claim(envelope).sender


def open_request(dialect: Dialect, credentials: Credentials, envelope: Mapping[str, object], now_ms: int) -> Request:
    """Check digest and timestamp of a request and decrypt its content; ``now_ms`` is Unix time in milliseconds.

    Raises:
        MalformedError: a field is missing or is not text, or the authentic content is no object of texts.
        UnsupportedError: version, digest or cipher belong to another dialect.
        BadDigestError: the envelope was not sealed with this secret, or was changed since.
        StaleTimestampError: the timestamp is outside the window, before or after.
    """
    return _line(dialect, credentials).open(GatewayProfile(dialect).claim(envelope), now_ms)


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
    return _client(dialect, credentials).open_fields(envelope, method, now_ms)
