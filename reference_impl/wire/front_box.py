"""Family B: the box that a vendor puts in front of a hospital, asked at ``/api/do`` (one vendor's form, reconstructed).

``method headSign bodySign version appId nonceStr timestamp signMode encryptMode body`` is answered by ``returnCode
returnDesc datas``. The box's other three addresses only sign, encrypt and decipher for its caller: they are the pure
functions ``sign``, ``encrypt`` and ``decipher``.

Reconstructed: the rule of the two signatures (SM3 over the canonical JSON and the secret, the head's signature over the
body's), the armour (lower hex), the millisecond timestamp, and ``nonceStr timestamp bodySign`` in the answer, without
which nobody could tell whose answer it is. No terminal is named ("").
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from reference_impl.wire.blockcipher import BLOCK_BYTES, Ecb
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
from reference_impl.wire.outcome_codes import OutcomeCodes
from reference_impl.wire.sm import sm3_hex
from reference_impl.wire.strictjson import read_object, write_canonical, write_object, write_object_bytes
from reference_impl.wire.texts import named_texts, spelt_answer, spelt_texts
from reference_impl.wire.vocabulary import ACTIVATE, ALTERINFO, QUERY, REGISTER, VERIFY, Vocabulary

NAME: Final = "front-box"
PATH: Final = "/api/do"
CONTENT_TYPE: Final = "application/json;charset=UTF-8"
CODES: Final = OutcomeCodes("0", "1")
VERSION: Final = "V2.0.0"
SIGN_MODE: Final = "SM3"
ENCRYPTED: Final = "SM4/ECB/ZeroBytePadding"
IN_CLEAR: Final = "none"
WINDOW_S: Final = 300

_HEAD = ("method", "bodySign", "version", "appId", "nonceStr", "timestamp", "signMode", "encryptMode")
_ANSWER = ("returnCode", "returnDesc", "nonceStr", "timestamp", "bodySign")
_NONCE_BYTES = 16
_LONGEST_NONCE = 64

WORDS: Final = Vocabulary(
    methods={
        REGISTER: "createVmcardQRcode",
        ALTERINFO: "modifyVmcardInfo",
        QUERY: "getPersonInfo",
        VERIFY: "getPersonInfoByQrCode",
        ACTIVATE: "activateVmcardQRcode",
    },
    synonyms={"queryIfHasRegistered": QUERY},
    fields={
        "mindex_id": "empi",
        "ehealth_card_id": "erhcCardNo",
        "ehealth_code": "qrCode",
        "org_code": "orgCode",
        "register_no": "appRecordNo",
        "apply_type": "appMode",
        "id_type": "idType",
        "id_no": "idCode",
    },
    # The box stands at the window, and its caller does not say for which step a code was scanned.
    filled={VERIFY: {"medstepcode": "000000", "channelcode": "0100", "terminalcode": "01"}},
)


def sign(text: str, secret: str) -> str:
    """Return the box's signature of a text: SM3 over it and the secret, 64 upper-case hex characters."""
    return sm3_hex((text + secret).encode()).upper()


def encrypt(text: str, secret: str) -> str:
    """Return a text as lower hex of SM4-ECB, zero-padded, under the first 16 bytes of the secret."""
    return _cipher(secret).encrypt(text.encode()).hex()


def decipher(sealed: str, secret: str) -> str:
    """Undo ``encrypt``.

    Raises:
        BadDigestError: it is not lower hex of whole blocks of UTF-8 text.
    """
    try:
        data = bytes.fromhex(sealed)
        if data.hex() != sealed:
            raise BadDigestError
        return _cipher(secret).decrypt(data).decode()
    except ValueError as error:
        raise BadDigestError from error


class FrontBoxProfile:
    """The server's end."""

    name = NAME

    def receive(self, http: HttpRequest) -> Call:
        """Decode a request as far as its sender.

        Raises:
            MalformedError: a field is missing or has another form.
            UnsupportedError: version or modes are not the dialect's.
        """
        document = read_object(http.body, "body")
        head = named_texts(document, (*_HEAD, "headSign"))
        if head["version"] != VERSION:
            raise UnsupportedError("version")
        if head["signMode"] != SIGN_MODE:
            raise UnsupportedError("signMode")
        if head["encryptMode"] not in (ENCRYPTED, IN_CLEAR):
            raise UnsupportedError("encryptMode")
        for name in ("method", "appId", "nonceStr"):
            if not 0 < len(head[name]) <= _LONGEST_NONCE:
                raise MalformedError(name)
        return Call(WORDS.hear_method(head["method"]), head["appId"], "", (head, document.get("body")))

    def line(self, credentials: Credentials) -> FrontBoxLine:
        """Return the line to one application.

        Raises:
            ValueError: the secret is too short to give the cipher its key.
        """
        return FrontBoxLine(credentials)

    def refuse(self, call: Call | None, outcome: str, message: str, now_ms: int) -> HttpAnswer:
        """Answer a sender that proved nothing: the same form, without signature and content."""
        code, text = CODES.say(outcome, message)
        head = {
            "returnCode": code,
            "returnDesc": text,
            "nonceStr": call.envelope[0]["nonceStr"] if call else "",
            "timestamp": str(now_ms),
            "bodySign": "",
        }
        return HttpAnswer(HTTP_OK, CONTENT_TYPE, write_object_bytes({**head, "datas": {}}))


class FrontBoxLine:
    """The server's end toward one application."""

    slow = False

    def __init__(self, credentials: Credentials) -> None:
        _cipher(credentials.app_secret)
        self._secret = credentials.app_secret

    def open(self, call: Call, now_ms: int) -> Request:
        """Check both signatures and the timestamp of a call.

        Raises:
            MalformedError, BadDigestError, StaleTimestampError: as ``exchange.Line``.
        """
        head, sealed = call.envelope
        _same(sign(write_canonical({name: head[name] for name in _HEAD}), self._secret), head["headSign"])
        body = _opened(sealed, head["encryptMode"], self._secret, "body")
        _same(sign(write_canonical(body), self._secret), head["bodySign"])
        timestamp_ms = fresh(whole_number(head["timestamp"], "timestamp"), now_ms, WINDOW_S)
        return Request(
            method=call.method,
            app_id=call.app_id,
            term_id="",
            timestamp_ms=timestamp_ms,
            digest=head["headSign"],
            replay_key=bytes.fromhex(head["headSign"]),
            expires_ms=timestamp_ms + WINDOW_S * 1000,
            biz=WORDS.hear_fields(call.method, spelt_texts(body)),
        )

    def seal(self, call: Call, outcome: str, message: str, biz: Biz, now_ms: int) -> HttpAnswer:
        """Answer a call in its mode of encryption, bound to its nonce."""
        asked = call.envelope[0]
        code, text = CODES.say(outcome, message)
        head = {"returnCode": code, "returnDesc": text, "nonceStr": asked["nonceStr"], "timestamp": str(now_ms)}
        datas = WORDS.say_answer(biz)
        signed = sign(write_canonical({**head, "method": asked["method"], "datas": datas}), self._secret)
        content = _sealed(datas, asked["encryptMode"], self._secret)
        return HttpAnswer(HTTP_OK, CONTENT_TYPE, write_object_bytes({**head, "bodySign": signed, "datas": content}))


class FrontBoxClient:
    """A caller's end.

    Args:
        credentials: the application's; ``term_id`` is not said.
        random: where the nonces come from.
        encrypt_mode: ``ENCRYPTED`` or ``IN_CLEAR``.

    Raises:
        ValueError: the secret is too short to give the cipher its key.
    """

    def __init__(self, credentials: Credentials, random: RandomBytes, encrypt_mode: str = ENCRYPTED) -> None:
        _cipher(credentials.app_secret)
        self._app_id = credentials.app_id
        self._secret = credentials.app_secret
        self._random = random
        self._encrypt_mode = encrypt_mode

    def seal_call(self, method: str, biz: Mapping[str, str], now_ms: int) -> Sent:
        """Make the request for a neutral method.

        Raises:
            UnsupportedError: the dialect has no such method.
        """
        nonce = self._random(_NONCE_BYTES).hex()
        # The box enciphers the very text it has signed.
        body = dict(sorted(WORDS.say_fields(biz).items()))
        head = {
            "method": WORDS.say_method(method),
            "bodySign": sign(write_canonical(body), self._secret),
            "version": VERSION,
            "appId": self._app_id,
            "nonceStr": nonce,
            "timestamp": str(now_ms),
            "signMode": SIGN_MODE,
            "encryptMode": self._encrypt_mode,
        }
        signed = sign(write_canonical(head), self._secret)
        content = _sealed(body, self._encrypt_mode, self._secret)
        http = HttpRequest(PATH, CONTENT_TYPE, write_object_bytes({**head, "headSign": signed, "body": content}))
        return Sent(http, method, nonce)

    def open_answer(self, sent: Sent, answer: HttpAnswer, now_ms: int) -> Response:
        """Check that an answer is authentic, fresh and to this request.

        Raises:
            WireError: as ``exchange.Client``.
        """
        document = read_object(answer.body, "body")
        head = named_texts(document, _ANSWER)
        code, message = head["returnCode"], head["returnDesc"]
        if not head["bodySign"]:
            if code == CODES.success:
                raise BadDigestError
            raise UnsealedRefusalError(code, message)
        datas = _opened(document.get("datas"), self._encrypt_mode, self._secret, "datas")
        signed = head.pop("bodySign")
        method = WORDS.say_method(sent.method)
        _same(sign(write_canonical({**head, "method": method, "datas": datas}), self._secret), signed)
        if head["nonceStr"] != sent.bound_to:
            raise WrongAnswerError("nonceStr")
        timestamp_ms = fresh(whole_number(head["timestamp"], "timestamp"), now_ms, WINDOW_S)
        biz = WORDS.hear_answer(spelt_answer(datas))
        return Response(sent.method, code, message, timestamp_ms, code == CODES.success, biz, CODES.hear(code, message))


def _cipher(secret: str) -> Ecb:
    return Ecb(SM4(secret.encode()[:BLOCK_BYTES]), "zero")


def _sealed(content: Mapping[str, object], mode: str, secret: str) -> object:
    return content if mode == IN_CLEAR else encrypt(write_object(dict(content)), secret)


def _opened(content: object, mode: str, secret: str, where: str) -> dict[str, object]:
    if mode == IN_CLEAR:
        if not isinstance(content, dict):
            raise MalformedError(where)
        return content
    if not isinstance(content, str):
        raise MalformedError(where)
    return read_object(decipher(content, secret), where)


def _same(computed: str, received: str) -> None:
    if not hmac.compare_digest(computed.encode(), received.encode()):
        raise BadDigestError
