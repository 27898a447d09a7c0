"""The hardened profile ``hn-s``: SM2 signatures, a nonce in every request, SM4-GCM over the content.

This project's own, reconstructed like every provincial profile; it answers what the field's gateways leave open: a
request cannot be replayed or sent to another method, and an answer belongs to one request.

Request: ``method app_id term_id version timestamp nonce enc_type sign_type sign biz_content``; the answer has ``code``
and ``message`` beside them, and the request's nonce. ``sign`` is over all other fields as ``k=v`` by name joined by
``&``, after a line that says which of the two it is. ``biz_content`` is base64 of nonce (12 bytes), cipher text, tag.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
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

NAME: Final = "hn-s"
PATH: Final = "/hn-s/gateway"
CONTENT_TYPE: Final = "application/json;charset=UTF-8"
CODES: Final = OutcomeCodes("000", None)
VERSION: Final = "S.1"
WINDOW_S: Final = 300
NONCE_BYTES: Final = 16

_SAID = {"version": VERSION, "enc_type": "SM4-GCM", "sign_type": "SM2"}
_SIGNED = ("method", "app_id", "term_id", "timestamp", "nonce", "biz_content", *_SAID)
_SIGNED_ANSWER = (*_SIGNED, "code", "message")
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
        signer: signs the platform's answers.
        verifier_of: makes the verifier of a public key of 65 bytes; raises ValueError for what is none.
        random: where the nonces of the cipher come from.
    """

    name = NAME

    def __init__(self, signer: Sm2Signer, verifier_of: Callable[[bytes], Sm2Verifier], random: RandomBytes) -> None:
        self._signer = signer
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
        return HnSLine(credentials, self._verifier_of(credentials.public_key), self._signer, self._random)

    def refuse(self, call: Call | None, outcome: str, message: str, now_ms: int) -> HttpAnswer:
        """Answer a sender that proved nothing, without signature and content."""
        code, text = CODES.say(outcome, message)
        fields = dict.fromkeys((*_SIGNED_ANSWER, "sign"), "")
        nonce = call.envelope["nonce"] if call else ""
        said = {"version": VERSION, "timestamp": str(now_ms), "nonce": nonce, "code": code, "message": text}
        return HttpAnswer(HTTP_OK, CONTENT_TYPE, write_object_bytes(fields | said))


class HnSLine:
    """The server's end toward one application."""

    def __init__(self, credentials: Credentials, verifier: Sm2Verifier, signer: Sm2Signer, random: RandomBytes) -> None:
        self._secret = credentials.app_secret.encode()
        self._verifier = verifier
        self._signer = signer
        self._random = random

    def open(self, call: Call, now_ms: int) -> Request:
        """Check signature and timestamp of a call, then decrypt its content.

        Raises:
            MalformedError, UnsupportedError, BadDigestError, StaleTimestampError: as ``exchange.Line``.
        """
        fields = call.envelope
        _check(self._verifier, _ASKED, fields, _SIGNED)
        timestamp_ms = fresh(whole_number(fields["timestamp"], "timestamp"), now_ms, WINDOW_S)
        nonce = fields["nonce"]
        plain = _decrypt(self._secret, _ASKED, nonce, fields["biz_content"])
        return Request(
            method=call.method,
            app_id=call.app_id,
            term_id=call.term_id,
            timestamp_ms=timestamp_ms,
            digest=nonce,
            replay_key=f"{call.app_id}|{nonce}".encode(),
            expires_ms=timestamp_ms + WINDOW_S * 1000,
            biz=question_texts(read_object(plain, "biz_content"), "biz_content"),
        )

    def seal(self, call: Call, outcome: str, message: str, biz: Biz, now_ms: int) -> HttpAnswer:
        """Encrypt and sign the answer to a call, bound to its nonce."""
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
        fields["biz_content"] = _encrypt(self._secret, _ANSWERED, asked["nonce"], biz, self._random)
        fields["sign"] = self._signer.sign(_text(_ANSWERED, fields, _SIGNED_ANSWER)).hex()
        return HttpAnswer(HTTP_OK, CONTENT_TYPE, write_object_bytes(fields))


class HnSClient:
    """A caller's end.

    Args:
        credentials: the application's; its secret keys the cipher.
        signer: signs with the application's key.
        platform: checks the platform's signatures.
        random: where the nonces come from.
    """

    def __init__(self, credentials: Credentials, signer: Sm2Signer, platform: Sm2Verifier, random: RandomBytes) -> None:
        self._credentials = credentials
        self._secret = credentials.app_secret.encode()
        self._signer = signer
        self._platform = platform
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
        fields["biz_content"] = _encrypt(self._secret, _ASKED, nonce, biz, self._random)
        fields["sign"] = self._signer.sign(_text(_ASKED, fields, _SIGNED)).hex()
        return Sent(HttpRequest(PATH, CONTENT_TYPE, write_object_bytes(fields)), method, nonce)

    def open_answer(self, sent: Sent, answer: HttpAnswer, now_ms: int) -> Response:
        """Check that the platform signed an answer to this very request, and decrypt its content.

        Raises:
            WireError: as ``exchange.Client``.
        """
        fields = read_fields(read_object(answer.body, "body"), (*_SIGNED_ANSWER, "sign"))
        code, message = fields["code"], fields["message"]
        if not fields["sign"]:
            if code == CODES.success:
                raise BadDigestError
            raise UnsealedRefusalError(code, message)
        _check(self._platform, _ANSWERED, fields, _SIGNED_ANSWER)
        timestamp_ms = fresh(whole_number(fields["timestamp"], "timestamp"), now_ms, WINDOW_S)
        expected = {
            "nonce": sent.bound_to,
            "method": sent.method,
            "app_id": self._credentials.app_id,
            "term_id": self._credentials.term_id,
        }
        for name, value in expected.items():
            if fields[name] != value:
                raise WrongAnswerError(name)
        plain = _decrypt(self._secret, _ANSWERED, sent.bound_to, fields["biz_content"])
        biz = answer_texts(read_object(plain, "biz_content"), "biz_content")
        success = code == CODES.success
        return Response(sent.method, code, message, timestamp_ms, success, biz, CODES.hear(code, message))


def _text(which: str, fields: Mapping[str, str], names: tuple[str, ...]) -> bytes:
    pairs = "&".join(f"{name}={fields[name]}" for name in sorted(names))
    return f"{which}\n{pairs}".encode()


def _check(verifier: Sm2Verifier, which: str, fields: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name, value in _SAID.items():
        if fields[name] != value:
            raise UnsupportedError(name)
    # One signature has one spelling: the other case would pass unseen otherwise.
    if not _SIGNATURE.fullmatch(fields["sign"]):
        raise BadDigestError
    if not verifier.verify(_text(which, fields, names), bytes.fromhex(fields["sign"])):
        raise BadDigestError


def _content_key(secret: bytes, which: str, nonce: str) -> bytes:
    # A key for each message and direction: no count of messages brings a nonce of the cipher back under one key.
    return hmac_sm3(secret, f"{which}|{nonce}".encode())[:_KEY_BYTES]


def _encrypt(secret: bytes, which: str, nonce: str, biz: Biz, random: RandomBytes) -> str:
    iv = random(GCM_NONCE_BYTES)
    sealed = sm4_gcm_encrypt(_content_key(secret, which, nonce), iv, write_object_bytes(dict(biz)), nonce.encode())
    return base64.b64encode(iv + sealed).decode("ascii")


def _decrypt(secret: bytes, which: str, nonce: str, text: str) -> bytes:
    try:
        sealed = base64.b64decode(text, validate=True)
        iv = sealed[:GCM_NONCE_BYTES]
        return sm4_gcm_decrypt(_content_key(secret, which, nonce), iv, sealed[GCM_NONCE_BYTES:], nonce.encode())
    except ValueError as error:
        raise BadDigestError from error
