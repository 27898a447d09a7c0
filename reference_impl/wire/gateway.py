"""The two ends of an ``ehc.*`` gateway, for every row of the table of dialects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, TypeGuard

from reference_impl.wire.dialects import Dialect
from reference_impl.wire.errors import (
    BadDigestError,
    MalformedError,
    UnsealedRefusalError,
    UnsupportedError,
    WrongAnswerError,
)
from reference_impl.wire.exchange import (
    HTTP_OK,
    Biz,
    Call,
    Credentials,
    HttpAnswer,
    HttpRequest,
    Request,
    Response,
    Sent,
)
from reference_impl.wire.gateway_codec import GatewayCodec
from reference_impl.wire.strictjson import read_object, write_object, write_object_bytes
from reference_impl.wire.texts import answer_texts, question_texts
from reference_impl.wire.written_biz import text_of

CONTENT_TYPE: Final = "application/json;charset=UTF-8"

ALL = "all"
"""What the envelope says for a method that stands in the content."""

_SENDER = ("method", "app_id", "term_id")
_NAME_CHARACTERS = 64
_NAME = re.compile(rf"[A-Za-z0-9._-]{{1,{_NAME_CHARACTERS}}}")


class GatewayProfile:
    """The server's end of one row; its calls hold all fields of the envelope, the path's method among them."""

    def __init__(self, row: Dialect) -> None:
        self.row = row
        self.name = row.name

    def receive(self, http: HttpRequest) -> Call:
        """Decode a request as far as its sender; the path must be one of the row's where it tells the method.

        Raises:
            MalformedError: the body is no such envelope, or a name in it has characters that names do not have.
            UnsupportedError: the path is none of the dialect's.
        """
        envelope = read_object(http.body, "body")
        if self.row.method_style == "path":
            method = self.row.paths.get(http.path)
            if method is None:
                raise UnsupportedError("path")
            envelope["method"] = method
        return self.claim(envelope)

    def claim(self, envelope: Mapping[str, object]) -> Call:
        """Read the sender of a decoded envelope.

        Raises:
            MalformedError: as for ``receive``.
        """
        method, app_id, term_id = map(envelope.get, _SENDER)
        if not (_is_name(method) and _is_name(app_id) and _is_name(term_id)):
            raise MalformedError(next(name for name in _SENDER if not _is_name(envelope.get(name))))
        if self.row.method_style == "content":
            if method != ALL:
                raise UnsupportedError("method")
            method = ""
        return Call(method, app_id, term_id, envelope)

    def line(self, credentials: Credentials) -> GatewayLine:
        """Return the line to one application.

        Raises:
            ValueError: the secret is too short to give the cipher its key.
        """
        return GatewayLine(self.row, credentials)

    def refuse(self, call: Call | None, outcome: str, message: str, now_ms: int) -> HttpAnswer:
        """Answer a sender that proved nothing: no digest, no content, only code and message."""
        del call
        return _answer(unsealed_fields(self.row, *self.row.codes.say(outcome, message), now_ms))


class GatewayLine:
    """The server's end toward one application."""

    slow = False

    def __init__(self, row: Dialect, credentials: Credentials) -> None:
        self._row = row
        self._codec = GatewayCodec(row, credentials.app_secret)
        self._window_ms = row.window_s * 1000

    def open(self, call: Call, now_ms: int) -> Request:
        """Prove a call authentic and fresh, and decrypt its content.

        Raises:
            MalformedError: a field is missing or is not text, or the authentic content is no object of texts.
            UnsupportedError: version, digest or cipher belong to another dialect.
            BadDigestError: the envelope was not sealed with this secret, or was changed since.
            StaleTimestampError: the timestamp is outside the window, before or after.
        """
        fields = self._codec.question(call.envelope)
        plain = self._codec.open(fields)
        timestamp_ms = self._codec.fresh(fields["timestamp"], now_ms)
        biz = question_texts(read_object(plain, "biz_content"), "biz_content")
        method = call.method or _named(biz)
        digest = fields[self._row.digest_field]
        return Request(
            method,
            call.app_id,
            call.term_id,
            timestamp_ms,
            digest,
            bytes.fromhex(digest),
            timestamp_ms + self._window_ms,
            biz,
        )

    def seal(self, call: Call, outcome: str, message: str, biz: Biz, now_ms: int) -> HttpAnswer:
        """Answer a call in the version, digest and encryption it was made in."""
        code, text = self._row.codes.say(outcome, message)
        envelope = call.envelope
        fields = self._codec.head(
            envelope["method"],
            call.app_id,
            call.term_id,
            now_ms,
            version=envelope["version"],
            digest_type=envelope[self._row.digest_type_field],
            enc_type=envelope["enc_type"],
        )
        fields["code"], fields["message"] = code, text
        return _answer(_on_the_wire(self._row, self._codec.seal(fields, text_of(biz))))


class GatewayClient:
    """A caller's end of one row; ``digest_type`` and ``enc_type`` choose among the row's, "" is its first.

    Raises:
        ValueError: the secret is too short, or the row knows no such digest or encryption.
    """

    def __init__(self, row: Dialect, credentials: Credentials, digest_type: str = "", enc_type: str = "") -> None:
        self._row = row
        self._credentials = credentials
        self._codec = GatewayCodec(row, credentials.app_secret)
        self._choice = {"digest_type": digest_type, "enc_type": enc_type}
        self._codec.head("", "", "", 0, **self._choice)
        self._paths = {method: path for path, method in row.paths.items()}

    def seal_call(self, method: str, biz: Mapping[str, str], now_ms: int) -> Sent:
        """Make the request for a method.

        Raises:
            UnsupportedError: the dialect has no address for it.
        """
        by_path = self._row.method_style == "path"
        path = self._paths.get(method if by_path else "")
        if path is None:
            raise UnsupportedError("method")
        fields = self.seal_fields(method, biz, now_ms)
        body = write_object_bytes(_on_the_wire(self._row, fields))
        return Sent(HttpRequest(path, CONTENT_TYPE, body), method)

    def seal_fields(self, method: str, biz: Mapping[str, str], now_ms: int) -> dict[str, str]:
        """Return the sealed fields of a request."""
        in_content = self._row.method_style == "content"
        content = {"method": method, **biz} if in_content else dict(biz)
        head = self._codec.head(
            ALL if in_content else method, self._credentials.app_id, self._credentials.term_id, now_ms, **self._choice
        )
        return self._codec.seal(head, write_object(content))

    def open_answer(self, sent: Sent, answer: HttpAnswer, now_ms: int) -> Response:
        """Check that an answer is authentic, fresh and to this method, and decrypt its content.

        No dialect of the family has a field that binds an answer to its request: within the window an older answer to
        the same method, application and terminal cannot be told from a new one.

        Raises:
            MalformedError, UnsupportedError, BadDigestError, StaleTimestampError: as for ``GatewayLine.open``.
            UnsealedRefusalError: the platform refused without a digest.
            WrongAnswerError: the answer belongs to another method, application or terminal.
        """
        envelope = read_object(answer.body, "body")
        if self._row.method_style == "path":
            # An answer names no method: one that was sealed for another has another digest.
            envelope["method"] = sent.method
        return self.open_fields(envelope, sent.method, now_ms)

    def open_fields(self, envelope: Mapping[str, object], method: str, now_ms: int) -> Response:
        """Open the decoded envelope of an answer; raises as ``open_answer``."""
        fields = self._codec.answer(envelope)
        code, message = fields["code"], fields["message"]
        if not fields[self._row.digest_field]:
            if code == self._row.codes.success:
                raise BadDigestError
            raise UnsealedRefusalError(code, message)
        plain = self._codec.open(fields)
        timestamp_ms = self._codec.fresh(fields["timestamp"], now_ms)
        expected = {
            "method": ALL if self._row.method_style == "content" else method,
            "app_id": self._credentials.app_id,
            "term_id": self._credentials.term_id,
        }
        for name, value in expected.items():
            if fields[name] != value:
                raise WrongAnswerError(name)
        return Response(
            method,
            code,
            message,
            timestamp_ms,
            code == self._row.codes.success,
            answer_texts(read_object(plain, "biz_content"), "biz_content"),
            self._row.codes.hear(code, message),
        )


def unsealed_fields(row: Dialect, code: str, message: str, timestamp_ms: int) -> dict[str, str]:
    """Return the fields of an answer to a sender that proved nothing."""
    names = ("method", "app_id", "term_id", "version", "timestamp", row.digest_type_field, row.digest_field)
    empty = dict.fromkeys((*names, "enc_type", "biz_content"), "")
    if row.method_style == "path":
        del empty["method"]
    return empty | {"version": row.versions[0], "timestamp": str(timestamp_ms), "code": code, "message": message}


def _answer(fields: dict[str, str]) -> HttpAnswer:
    return HttpAnswer(HTTP_OK, CONTENT_TYPE, write_object_bytes(fields))


def _on_the_wire(row: Dialect, fields: dict[str, str]) -> dict[str, str]:
    if row.method_style == "path":
        del fields["method"]
    return fields


def _is_name(value: object) -> TypeGuard[str]:
    # The same few names come with every request, and looking one up takes a third of the time of matching it.
    return isinstance(value, str) and len(value) <= _NAME_CHARACTERS and _matches(value)


@lru_cache(4096)
def _matches(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _named(biz: dict[str, str]) -> str:
    """Take the method out of the content."""
    method = biz.pop("method", "")
    if not _is_name(method):
        raise MalformedError("method")
    return method
