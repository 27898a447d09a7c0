"""The envelope of Hunan's primary-care system 3.0: a form field ``data`` of JSON, posted to ``services.ashx``.

``{requestId, securityToken, modularCode, interfaceType, actionCode, requestTime, verifyCode, requestParams}`` is
answered by ``responseContent[]``. Only the actions A01 (regions) and B01 (institutions) are public.

Reconstructed: the clinical actions C01 C02 C03 and P01; the rule of ``verifyCode`` (upper hex HMAC-SM3 under the
secret, over the canonical JSON of all other fields); the answer's fields beside ``responseContent``, which are sealed
in the same way; ``securityToken`` names the application. No terminal is named (""). Times are of China, to the second.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

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
from reference_impl.wire.form import CONTENT_TYPE, read_form, write_form
from reference_impl.wire.freshness import fresh
from reference_impl.wire.outcome_codes import OutcomeCodes
from reference_impl.wire.sm import hmac_sm3
from reference_impl.wire.strictjson import read_object, write_canonical, write_object, write_object_bytes
from reference_impl.wire.texts import answer_texts, named_texts, question_texts, spelt_texts
from reference_impl.wire.vocabulary import (
    DISPENSE,
    INSTITUTIONS,
    PUBLIC_HEALTH,
    REGIONS,
    SETTLE,
    VISIT,
    Vocabulary,
)

NAME: Final = "primary-care"
PATH: Final = "/httpapi/services.ashx"
ANSWER_TYPE: Final = "application/json;charset=UTF-8"
CODES: Final = OutcomeCodes("0", None)
INTERFACE: Final = "JC3_JK01"
WINDOW_S: Final = 300

_MODULE = "JC3"
_FIELDS = (
    "requestId",
    "securityToken",
    "modularCode",
    "interfaceType",
    "actionCode",
    "requestTime",
    "verifyCode",
)
_ANSWER = ("requestId", "actionCode", "responseCode", "responseMessage", "responseTime", "verifyCode")
_ID_BYTES = 16
_LONGEST = 64
_LISTS = frozenset((REGIONS, INSTITUTIONS))
_CHINA = timezone(timedelta(hours=8))
_TIME = "%Y-%m-%d %H:%M:%S"

WORDS: Final = Vocabulary(
    methods={
        REGIONS: "JC3_JK01_A01",
        INSTITUTIONS: "JC3_JK01_B01",
        VISIT: "JC3_JK01_C01",
        DISPENSE: "JC3_JK01_C02",
        SETTLE: "JC3_JK01_C03",
        PUBLIC_HEALTH: "JC3_JK01_P01",
    },
    fields={
        "area_code": "areaCode",
        "org_type": "orgType",
        "parent_org_code": "parentOrgCode",
        "page_index": "pageIndex",
        "ehealth_card_id": "healthCardId",
        "ehealth_code": "qrCode",
        "org_code": "orgCode",
        "orgname": "orgName",
        "orglevel": "orgLevel",
        "area_name": "areaName",
        "parent_area_code": "parentAreaCode",
    },
)


class PrimaryCareProfile:
    """The server's end."""

    name = NAME

    def receive(self, http: HttpRequest) -> Call:
        """Decode a request as far as its sender.

        Raises:
            MalformedError: the form or its JSON has another shape.
            UnsupportedError: it names another interface.
        """
        document = read_object(read_form(http.body, ("data",))["data"], "data")
        if set(document) != {*_FIELDS, "requestParams"}:
            raise MalformedError("data")
        fields = named_texts(document, _FIELDS)
        if not isinstance(document["requestParams"], dict):
            raise MalformedError("requestParams")
        for name in ("requestId", "securityToken", "actionCode"):
            if not 0 < len(fields[name]) <= _LONGEST:
                raise MalformedError(name)
        if fields["interfaceType"] != INTERFACE:
            raise UnsupportedError("interfaceType")
        return Call(WORDS.hear_method(fields["actionCode"]), fields["securityToken"], "", document)

    def line(self, credentials: Credentials) -> PrimaryCareLine:
        """Return the line to one application."""
        return PrimaryCareLine(credentials)

    def refuse(self, call: Call | None, outcome: str, message: str, now_ms: int) -> HttpAnswer:
        """Answer a sender that proved nothing: the same form, ``verifyCode`` empty."""
        asked = call.envelope if call else {"requestId": "", "actionCode": ""}
        return HttpAnswer(
            HTTP_OK, ANSWER_TYPE, write_object_bytes({**_answer(asked, outcome, message, {}, now_ms), "verifyCode": ""})
        )


class PrimaryCareLine:
    """The server's end toward one application."""

    slow = False

    def __init__(self, credentials: Credentials) -> None:
        self._secret = credentials.app_secret

    def open(self, call: Call, now_ms: int) -> Request:
        """Check ``verifyCode`` and time of a call; a parameter that is null is as if it were not there.

        Raises:
            MalformedError, BadDigestError, StaleTimestampError: as ``exchange.Line``.
        """
        document = call.envelope
        _check(document, self._secret)
        timestamp_ms = fresh(_read_time(document["requestTime"], "requestTime"), now_ms, WINDOW_S)
        return Request(
            method=call.method,
            app_id=call.app_id,
            term_id="",
            timestamp_ms=timestamp_ms,
            digest=document["verifyCode"],
            replay_key=bytes.fromhex(document["verifyCode"]),
            expires_ms=timestamp_ms + WINDOW_S * 1000,
            biz=WORDS.hear_fields(call.method, spelt_texts(document["requestParams"])),
        )

    def seal(self, call: Call, outcome: str, message: str, biz: Biz, now_ms: int) -> HttpAnswer:
        """Answer a call under its request number.

        Raises:
            ValueError: an answer of rows has columns of different lengths.
        """
        answer = _answer(call.envelope, outcome, message, biz, now_ms)
        answer["verifyCode"] = _verify_code(answer, self._secret)
        return HttpAnswer(HTTP_OK, ANSWER_TYPE, write_object_bytes(answer))


class PrimaryCareClient:
    """A caller's end; ``random`` is where the request numbers come from."""

    def __init__(self, credentials: Credentials, random: RandomBytes) -> None:
        self._credentials = credentials
        self._random = random

    def seal_call(self, method: str, biz: Mapping[str, str], now_ms: int) -> Sent:
        """Make the request for a neutral method; the time is cut to whole seconds.

        Raises:
            UnsupportedError: the dialect has no such method.
        """
        request_id = self._random(_ID_BYTES).hex()
        document: dict[str, object] = {
            "requestId": request_id,
            "securityToken": self._credentials.app_id,
            "modularCode": _MODULE,
            "interfaceType": INTERFACE,
            "actionCode": WORDS.say_method(method),
            "requestTime": _write_time(now_ms),
            "requestParams": WORDS.say_fields(biz),
        }
        document["verifyCode"] = _verify_code(document, self._credentials.app_secret)
        body = write_form({"data": write_object(document)})
        return Sent(HttpRequest(PATH, CONTENT_TYPE, body), method, request_id)

    def open_answer(self, sent: Sent, answer: HttpAnswer, now_ms: int) -> Response:
        """Check that an answer is authentic, fresh and to this request; rows come back as columns.

        Raises:
            WireError: as ``exchange.Client``.
        """
        document = read_object(answer.body, "body")
        if set(document) != {*_ANSWER, "responseContent"}:
            raise MalformedError("body")
        fields = named_texts(document, _ANSWER)
        code, message = fields["responseCode"], fields["responseMessage"]
        if not fields["verifyCode"]:
            if code == CODES.success:
                raise BadDigestError
            raise UnsealedRefusalError(code, message)
        _check(document, self._credentials.app_secret)
        if (fields["requestId"], fields["actionCode"]) != (sent.bound_to, WORDS.say_method(sent.method)):
            raise WrongAnswerError("requestId")
        timestamp_ms = fresh(_read_time(fields["responseTime"], "responseTime"), now_ms, WINDOW_S)
        biz = WORDS.hear_answer(_from_rows(sent.method, document["responseContent"]))
        return Response(sent.method, code, message, timestamp_ms, code == CODES.success, biz, CODES.hear(code, message))


def _answer(asked: Mapping[str, str], outcome: str, message: str, biz: Biz, now_ms: int) -> dict[str, object]:
    code, text = CODES.say(outcome, message)
    return {
        "requestId": asked["requestId"],
        "actionCode": asked["actionCode"],
        "responseCode": code,
        "responseMessage": text,
        "responseTime": _write_time(now_ms),
        "responseContent": _to_rows(WORDS.hear_method(asked["actionCode"]), WORDS.say_answer(biz)),
    }


def _to_rows(method: str, biz: Biz) -> list[dict[str, object]]:
    """Write the columns of a list as its rows, and any other answer as the only row."""
    if not biz:
        return []
    if method not in _LISTS:
        return [dict(biz)]
    columns = [(value,) if isinstance(value, str) else value for value in biz.values()]
    return [dict(zip(biz, row, strict=True)) for row in zip(*columns, strict=True)]


def _from_rows(method: str, rows: object) -> Biz:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise MalformedError("responseContent")
    if not rows:
        return {}
    if method not in _LISTS and len(rows) == 1:
        return answer_texts(rows[0], "responseContent")
    texts = [question_texts(row, "responseContent") for row in rows]
    if any(row.keys() != texts[0].keys() for row in texts):
        raise MalformedError("responseContent")
    return {name: tuple(row[name] for row in texts) for name in texts[0]}


def _verify_code(document: Mapping[str, object], secret: str) -> str:
    covered = {name: value for name, value in document.items() if name != "verifyCode"}
    return hmac_sm3(secret.encode(), write_canonical(covered).encode()).hex().upper()


def _check(document: Mapping[str, object], secret: str) -> None:
    if not hmac.compare_digest(_verify_code(document, secret).encode(), str(document["verifyCode"]).encode()):
        raise BadDigestError


def _write_time(now_ms: int) -> str:
    return datetime.fromtimestamp(now_ms // 1000, _CHINA).strftime(_TIME)


def _read_time(text: str, where: str) -> int:
    try:
        moment = datetime.strptime(text, _TIME).replace(tzinfo=_CHINA)
    except ValueError as error:
        raise MalformedError(where) from error
    if moment.strftime(_TIME) != text:
        raise MalformedError(where)
    return int(moment.astimezone(UTC).timestamp()) * 1000
