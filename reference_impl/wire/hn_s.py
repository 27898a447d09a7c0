"""The hardened profile ``hn-s``: SM2 signatures, a nonce in every request, SM4-GCM over the content.

This project's own, reconstructed like every provincial profile; it answers what the field's gateways leave open: a
request cannot be replayed or sent to another method, and an answer belongs to one request.

Request: ``method app_id term_id version timestamp nonce enc_type sign_type sign biz_content``. ``sign`` is the
application's over all other fields as ``k=v`` by name joined by ``&``, after a line that says which of the two it is.
The answer has ``code`` and ``message`` and the request's nonce; the same text of its fields is what the tag of its
content covers, under a key that only the platform and the application have and that serves this one answer: an answer
needs to convince nobody else, and a signature would cost as much again as checking the request's. ``biz_content`` is
base64 of nonce (12 bytes), cipher text, tag.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final, Protocol

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
    RandomBytes,
    Request,
    Response,
    Sent,
)
from reference_impl.wire.freshness import fresh, whole_number
from reference_impl.wire.gateway_codec import read_fields
from reference_impl.wire.outcome_codes import OutcomeCodes
from reference_impl.wire.sm import GCM_NONCE_BYTES, hmac_sm3, sm4_gcm_decrypt, sm4_gcm_encrypt
from reference_impl.wire.strictjson import read_object, write_object_bytes
from reference_impl.wire.texts import answer_texts, question_texts
from reference_impl.wire.written_biz import text_of

NAME: Final = "hn-s"
PATH: Final = "/hn-s/gateway"
CONTENT_TYPE: Final = "application/json;charset=UTF-8"
CODES: Final = OutcomeCodes("000", None)
VERSION: Final = "S.1"
WINDOW_S: Final = 300
NONCE_BYTES: Final = 16

_SAID = {"version": VERSION, "enc_type": "SM4-GCM", "sign_type": "SM2"}
_HEAD = ("method", "app_id", "term_id", "timestamp", "nonce", *_SAID)
_SIGNED = (*_HEAD, "biz_content")
_ANSWER_HEAD = (*_HEAD, "code", "message")
_ASKED = "hn-s request"
_ANSWERED = "hn-s answer"

_NAMED = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NONCE = re.compile(r"[0-9a-f]{32}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_KEY_BYTES = 16


class Sm2Signer(Protocol):
    """Signs with one private key, wherever that key is kept."""

    def sign(self, data: bytes, /) -> bytes:
        """Return the 64 bytes r, s of GB/T 32918.2."""
        ...


class Sm2Verifier(Protocol):
    """Checks signatures of one public key."""

    def verify(self, data: bytes, signature: bytes, /) -> bool:
        """Tell whether ``signature`` (64 bytes) is one of ``data``."""
        ...


class HnSProfile:
    """The server's end.

    Args:
        verifier_of: makes the verifier of a public key of 65 bytes; raises ValueError for what is none.
        random: where the nonces of the cipher come from.
    """

    name = NAME

    def __init__(self, verifier_of: Callable[[bytes], Sm2Verifier], random: RandomBytes) -> None:
        self._verifier_of = verifier_of
        self._random = random

    def receive(self, http: HttpRequest) -> Call:
        """Decode a request as far as its sender.

        Raises:
            MalformedError: a field is missing, is not text or has another form.
        """
        fields = read_fields(read_object(http.body, "body"), (*_SIGNED, "sign"))
        for name in ("method", "app_id", "term_id"):
            if not _NAMED.fullmatch(fields[name]):
                raise MalformedError(name)
        if not _NONCE.fullmatch(fields["nonce"]):
            raise MalformedError("nonce")
        return Call(fields["method"], fields["app_id"], fields["term_id"], fields)

    def line(self, credentials: Credentials) -> HnSLine:
        """Return the line to one application.

        Raises:
            ValueError: the application has no public key, or one that is no point of the curve.
        """
        return HnSLine(credentials, self._verifier_of(credentials.public_key), self._random)

    def refuse(self, call: Call | None, outcome: str, message: str, now_ms: int) -> HttpAnswer:
        """Answer a sender that proved nothing, without content and so without proof."""
        code, text = CODES.say(outcome, message)
        fields = dict.fromkeys((*_ANSWER_HEAD, "biz_content"), "")
        nonce = call.envelope["nonce"] if call else ""
        said = {"version": VERSION, "timestamp": str(now_ms), "nonce": nonce, "code": code, "message": text}
        return HttpAnswer(HTTP_OK, CONTENT_TYPE, write_object_bytes(fields | said))


class HnSLine:
    """The server's end toward one application."""

    slow = True

    def __init__(self, credentials: Credentials, verifier: Sm2Verifier, random: RandomBytes) -> None:
        self._secret = credentials.app_secret.encode()
        self._verifier = verifier
        self._random = random

    def open(self, call: Call, now_ms: int) -> Request:
        """Check signature and timestamp of a call, then decrypt its content.

        Raises:
            MalformedError, UnsupportedError, BadDigestError, StaleTimestampError: as ``exchange.Line``.
        """
        fields = call.envelope
        _check(self._verifier, fields)
        timestamp_ms = fresh(whole_number(fields["timestamp"], "timestamp"), now_ms, WINDOW_S)
        nonce = fields["nonce"]
        plain = _decrypt(self._secret, _ASKED, nonce, nonce.encode(), fields["biz_content"])
        return Request(
            method=call.method,
            app_id=call.app_id,
            term_id=call.term_id,
            timestamp_ms=timestamp_ms,
            digest=nonce,
            replay_key=hashlib.new("sm3", f"{call.app_id}|{nonce}".encode()).digest(),
            expires_ms=timestamp_ms + WINDOW_S * 1000,
            biz=question_texts(read_object(plain, "biz_content"), "biz_content"),
        )

    def seal(self, call: Call, outcome: str, message: str, biz: Biz, now_ms: int) -> HttpAnswer:
        """Encrypt the answer to a call, every field of it bound to the content and all to the call's nonce."""
        code, text = CODES.say(outcome, message)
        asked = call.envelope
        fields = {
            "method": asked["method"],
            "app_id": asked["app_id"],
            "term_id": asked["term_id"],
            "timestamp": str(now_ms),
            "nonce": asked["nonce"],
            "code": code,
            "message": text,
            **_SAID,
        }
        bound = _text(_ANSWERED, fields, _ANSWER_HEAD)
        fields["biz_content"] = _encrypt(self._secret, _ANSWERED, asked["nonce"], bound, biz, self._random)
        return HttpAnswer(HTTP_OK, CONTENT_TYPE, write_object_bytes(fields))


class HnSClient:
    """A caller's end.

    Args:
        credentials: the application's; its secret keys the cipher.
        signer: signs with the application's key.
        random: where the nonces come from.
    """

    def __init__(self, credentials: Credentials, signer: Sm2Signer, random: RandomBytes) -> None:
        self._credentials = credentials
        self._secret = credentials.app_secret.encode()
        self._signer = signer
        self._random = random

    def seal_call(self, method: str, biz: Mapping[str, str], now_ms: int) -> Sent:
        """Make the request for a method."""
        nonce = self._random(NONCE_BYTES).hex()
        fields = {
            "method": method,
            "app_id": self._credentials.app_id,
            "term_id": self._credentials.term_id,
            "timestamp": str(now_ms),
            "nonce": nonce,
            **_SAID,
        }
        fields["biz_content"] = _encrypt(self._secret, _ASKED, nonce, nonce.encode(), biz, self._random)
        fields["sign"] = self._signer.sign(_text(_ASKED, fields, _SIGNED)).hex()
        return Sent(HttpRequest(PATH, CONTENT_TYPE, write_object_bytes(fields)), method, nonce)

    def open_answer(self, sent: Sent, answer: HttpAnswer, now_ms: int) -> Response:
        """Check that the platform sealed an answer to this very request, and decrypt its content.

        Raises:
            WireError: as ``exchange.Client``.
        """
        fields = read_fields(read_object(answer.body, "body"), (*_ANSWER_HEAD, "biz_content"))
        code, message = fields["code"], fields["message"]
        if not fields["biz_content"]:
            if code == CODES.success:
                raise BadDigestError
            raise UnsealedRefusalError(code, message)
        if fields["nonce"] != sent.bound_to:
            raise WrongAnswerError("nonce")
        bound = _text(_ANSWERED, fields, _ANSWER_HEAD)
        # The key comes from the nonce of the question: what opens under it was sealed for this question.
        plain = _decrypt(self._secret, _ANSWERED, sent.bound_to, bound, fields["biz_content"])
        timestamp_ms = fresh(whole_number(fields["timestamp"], "timestamp"), now_ms, WINDOW_S)
        expected = {
            "method": sent.method,
            "app_id": self._credentials.app_id,
            "term_id": self._credentials.term_id,
        }
        for name, value in expected.items():
            if fields[name] != value:
                raise WrongAnswerError(name)
        biz = answer_texts(read_object(plain, "biz_content"), "biz_content")
        success = code == CODES.success
        return Response(sent.method, code, message, timestamp_ms, success, biz, CODES.hear(code, message))


def _text(which: str, fields: Mapping[str, str], names: tuple[str, ...]) -> bytes:
    return (_template(which, names) % fields).encode()


@cache
def _template(which: str, names: tuple[str, ...]) -> str:
    pairs = "&".join(f"{name}=%({name})s" for name in sorted(names))
    return f"{which}\n{pairs}"


def _check(verifier: Sm2Verifier, fields: Mapping[str, str]) -> None:
    for name, value in _SAID.items():
        if fields[name] != value:
            raise UnsupportedError(name)
    # One signature has one spelling: the other case would pass unseen otherwise.
    if not _SIGNATURE.fullmatch(fields["sign"]):
        raise BadDigestError
    if not verifier.verify(_text(_ASKED, fields, _SIGNED), bytes.fromhex(fields["sign"])):
        raise BadDigestError


def _content_key(secret: bytes, which: str, nonce: str) -> bytes:
    # A key for each message and direction: no count of messages brings a nonce of the cipher back under one key.
    return hmac_sm3(secret, f"{which}|{nonce}".encode())[:_KEY_BYTES]


def _encrypt(secret: bytes, which: str, nonce: str, bound: bytes, biz: Biz, random: RandomBytes) -> str:
    iv = random(GCM_NONCE_BYTES)
    sealed = sm4_gcm_encrypt(_content_key(secret, which, nonce), iv, text_of(biz).encode(), bound)
    return base64.b64encode(iv + sealed).decode("ascii")


def _decrypt(secret: bytes, which: str, nonce: str, bound: bytes, text: str) -> bytes:
    try:
        sealed = base64.b64decode(text, validate=True)
        iv = sealed[:GCM_NONCE_BYTES]
        return sm4_gcm_decrypt(_content_key(secret, which, nonce), iv, sealed[GCM_NONCE_BYTES:], bound)
    except ValueError as error:
        raise BadDigestError from error
