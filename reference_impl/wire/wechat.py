"""Family C: the envelope of the WeChat health-card open platform, as its vendor publishes it.

``{commonIn:{appToken, requestId, hospitalId, timestamp, channelNum, sign}, req:{…}}`` posted to ``/wechat/{method}``,
answered by ``{commonOut:{requestId, resultCode, errMsg}, rsp:{…}}``. Two weaknesses are the vendor's: the signature
does not cover the method, and answers have none, so that only TLS protects them.

Reconstructed: the session token that ``getAppToken`` gives is the application's own name, so that the platform keeps no
sessions; a terminal is not named (""); ``hospitalId`` and ``channelNum`` are served as business fields.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from reference_impl.wire.errors import BadDigestError, MalformedError, UnsupportedError, WrongAnswerError
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
from reference_impl.wire.strictjson import read_object, write_object_bytes
from reference_impl.wire.texts import spelt, spelt_answer, spelt_texts
from reference_impl.wire.vocabulary import (
    APP_TOKEN,
    BIND,
    GENERATE,
    ORDER_ID,
    QUERY,
    RECOGNISE_DOCUMENT,
    REGISTER,
    REGISTER_BATCH,
    USAGE,
    VERIFY,
    Vocabulary,
)

NAME: Final = "wechat"
PATH: Final = "/wechat/"
CONTENT_TYPE: Final = "application/json;charset=UTF-8"
CODES: Final = OutcomeCodes("0", None)
WINDOW_S: Final = 300

_TOKEN_METHOD = "getAppToken"  # noqa: S105 - a method's name
_REQUEST_ID_BYTES = 16
_PLUMBING = ("appToken", "requestId", "timestamp")
_COMMON = frozenset((*_PLUMBING, "hospitalId", "channelNum", "sign"))

WORDS: Final = Vocabulary(
    methods={
        REGISTER: "registerHealthCard",
        REGISTER_BATCH: "registerBatchHealthCard",
        QUERY: "getHealthCardByHealthCode",
        GENERATE: "getDynamicQRCode",
        VERIFY: "verifyQRCode",
        BIND: "bindCardRelation",
        USAGE: "reportHISData",
        RECOGNISE_DOCUMENT: "ocrInfo",
        ORDER_ID: "getOrderIdByOutAppId",
        APP_TOKEN: _TOKEN_METHOD,
    },
    synonyms={"getHealthCardByQRCode": QUERY},
    fields={
        "ehealth_code": "qrCodeText",
        "ehealth_card_id": "healthCardId",
        "id_type": "idType",
        "id_no": "idNumber",
        "ewmbs": "codeType",
        "visit_card_no": "patid",
        "hospital_id": "hospitalId",
        "channel_num": "channelNum",
        "department_type": "department",
        "card_type": "cardType",
        "channel_code": "cardChannel",
        "charge_type": "cardCostTypes",
        "health_code": "healthCode",
        "app_token": "appToken",
        "items": "healthCardItems",
    },
    field_synonyms={"idCardNumber": "id_no"},
    # A scan reported here says neither step nor terminal; like an issuance, it came through a public account.
    filled={
        VERIFY: {"medstepcode": "000000", "channelcode": "0401", "terminalcode": "99"},
        REGISTER: {"channelcode": "0401"},
    },
)

PATHS: Final = tuple(PATH + name for name in (*WORDS.methods.values(), *WORDS.synonyms))


def signature(fields: Mapping[str, object], secret: str) -> str:
    """Sign by the vendor's rule: base64 of SHA-256 over ``k=v`` by name joined by ``&``, the secret behind.

    Null and "" are left out, 0 is not; a nested value is its compact JSON.
    """
    pairs = sorted((name, value) for name, value in spelt_texts(fields).items() if value)
    text = "&".join(f"{name}={value}" for name, value in pairs) + secret
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


class WeChatProfile:
    """The server's end."""

    name = NAME

    def receive(self, http: HttpRequest) -> Call:
        """Decode a request as far as its sender; the last part of the path is the method.

        Raises:
            MalformedError: the body has another form, a field stands in both halves with two values, or a value holds
                ``&``, which the signature could not tell from two fields.
            UnsupportedError: the path is not the dialect's.
        """
        if not http.path.startswith(PATH):
            raise UnsupportedError("path")
        name = http.path.removeprefix(PATH)
        merged, sign = _merged(read_object(http.body, "body"))
        app_id = merged.get("appId" if name == _TOKEN_METHOD else "appToken", "")
        if not app_id:
            raise MalformedError("appToken")
        for required in ("requestId", "timestamp"):
            if not merged.get(required):
                raise MalformedError(required)
        return Call(WORDS.hear_method(name), app_id, "", (merged, sign))

    def line(self, credentials: Credentials) -> WeChatLine:
        """Return the line to one application."""
        return WeChatLine(credentials)

    def refuse(self, call: Call | None, outcome: str, message: str, now_ms: int) -> HttpAnswer:
        """Answer a sender that proved nothing; it looks like any other answer, for none is signed."""
        del now_ms
        return _answer(call.envelope[0]["requestId"] if call else "", outcome, message, {})


class WeChatLine:
    """The server's end toward one application."""

    slow = False

    def __init__(self, credentials: Credentials) -> None:
        self._secret = credentials.app_secret

    def open(self, call: Call, now_ms: int) -> Request:
        """Check the signature and the timestamp, which is in seconds.

        Only what is signed is served: a field that is null or "" is as if it were not there.

        Raises:
            MalformedError, BadDigestError, StaleTimestampError: as ``exchange.Line``.
        """
        merged, sign = call.envelope
        if not hmac.compare_digest(signature(merged, self._secret).encode(), sign.encode()):
            raise BadDigestError
        timestamp_ms = fresh(whole_number(merged["timestamp"], "timestamp") * 1000, now_ms, WINDOW_S)
        fields = {name: value for name, value in merged.items() if name not in _PLUMBING}
        return Request(
            method=call.method,
            app_id=call.app_id,
            term_id="",
            timestamp_ms=timestamp_ms,
            digest=sign,
            replay_key=base64.b64decode(sign),
            expires_ms=timestamp_ms + WINDOW_S * 1000,
            biz=WORDS.hear_fields(call.method, fields),
        )

    def seal(self, call: Call, outcome: str, message: str, biz: Biz, now_ms: int) -> HttpAnswer:
        """Answer a call under its request number; the dialect has neither signature nor time in its answers."""
        del now_ms
        return _answer(call.envelope[0]["requestId"], outcome, message, biz)


class WeChatClient:
    """A caller's end.

    Args:
        credentials: the application's; ``term_id`` is not said.
        hospital_id: the institution the call is for.
        random: where the request numbers come from.
    """

    def __init__(self, credentials: Credentials, hospital_id: str, random: RandomBytes) -> None:
        self._credentials = credentials
        self._hospital_id = hospital_id
        self._random = random

    def seal_call(self, method: str, biz: Mapping[str, str], now_ms: int) -> Sent:
        """Make the request for a neutral method; the time is cut to whole seconds.

        Raises:
            UnsupportedError: the dialect has no such method.
        """
        name = WORDS.say_method(method)
        request_id = self._random(_REQUEST_ID_BYTES).hex().upper()
        common: dict[str, object] = {
            "requestId": request_id,
            "hospitalId": self._hospital_id,
            "timestamp": now_ms // 1000,
            "channelNum": 0,
        }
        fields: dict[str, object] = dict(WORDS.say_fields(biz))
        if method == APP_TOKEN:
            fields["appId"] = self._credentials.app_id
        else:
            common["appToken"] = self._credentials.app_id
        common["sign"] = signature(common | fields, self._credentials.app_secret)
        body = write_object_bytes({"commonIn": common, "req": fields})
        return Sent(HttpRequest(PATH + name, CONTENT_TYPE, body), method, request_id)

    def open_answer(self, sent: Sent, answer: HttpAnswer, now_ms: int) -> Response:
        """Read the answer to a request: its request number must be the one sent. Nothing else can be checked.

        Raises:
            MalformedError: the answer has another form.
            WrongAnswerError: it answers another request.
        """
        del now_ms
        document = read_object(answer.body, "body")
        common, rsp = document.get("commonOut"), document.get("rsp")
        if not isinstance(common, dict) or not isinstance(rsp, dict) or "resultCode" not in common:
            raise MalformedError("commonOut")
        if common.get("requestId") != sent.bound_to:
            raise WrongAnswerError("requestId")
        code, message = spelt(common["resultCode"]), spelt(common.get("errMsg", ""))
        biz = WORDS.hear_answer(spelt_answer(rsp))
        return Response(sent.method, code, message, 0, code == CODES.success, biz, CODES.hear(code, message))


def _merged(document: Mapping[str, object]) -> tuple[dict[str, str], str]:
    """Return the signed fields of both halves as texts, and the signature."""
    common, req = document.get("commonIn"), document.get("req")
    if not isinstance(common, dict) or not isinstance(req, dict) or not set(common) <= _COMMON:
        raise MalformedError("commonIn")
    sign = common.pop("sign", None)
    if not isinstance(sign, str):
        raise MalformedError("sign")
    merged: dict[str, str] = {}
    for half in (common, req):
        for name, value in spelt_texts(half).items():
            if "&" in value or "&" in name or "=" in name or merged.get(name, value) != value:
                raise MalformedError("req")
            if value:
                merged[name] = value
    return merged, sign


def _answer(request_id: str, outcome: str, message: str, biz: Biz) -> HttpAnswer:
    code, text = CODES.say(outcome, message)
    common = {"requestId": request_id, "resultCode": int(code), "errMsg": text}
    return HttpAnswer(HTTP_OK, CONTENT_TYPE, write_object_bytes({"commonOut": common, "rsp": WORDS.say_answer(biz)}))
