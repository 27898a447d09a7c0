"""The city merchant XML: a form of ``xml`` and ``sign``, where ``sign = MD5(key + Funcid + Timer + xml)``.

The head of ``xml`` holds Merid, Funcid and Timer (Unix milliseconds); the reply's head RetCode ``0000`` or ``9999`` and
Errmsg. Servers of the field check the five minutes only for the past; here both directions are checked.

Reconstructed: the names of the elements around the head, lower hex, replies as the same form signed in the same way,
their head repeating Funcid and the asked ``Timer`` as ``AskTimer``, so that a reply belongs to one request. ``Merid``
names the application; no terminal is named ("").
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from reference_impl.wire.errors import (
    BadDigestError,
    MalformedError,
    UnsealedRefusalError,
    WrongAnswerError,
)
from reference_impl.wire.exchange import (
    HTTP_OK,
    Biz,
    Call,
    Credentials,
    HttpAnswer,
    HttpRequest,
    Order,
    Request,
    Response,
    Sent,
    as_named,
)
from reference_impl.wire.form import CONTENT_TYPE, read_form, write_form
from reference_impl.wire.freshness import fresh, whole_number
from reference_impl.wire.outcome_codes import OutcomeCodes
from reference_impl.wire.vocabulary import CLOSE, GENERATE, QUERY, REGISTER, USAGE, VERIFY, Vocabulary
from reference_impl.wire.xmltext import read_sections, texts_of, writable, write_sections

NAME: Final = "city"
PATH: Final = "/city"
CODES: Final = OutcomeCodes("0000", "9999")
WINDOW_S: Final = 300

_FORM = ("xml", "sign")
_SECTIONS = ("head", "body")
_HEAD = ("Merid", "Funcid", "Timer")
_ANSWER = ("RetCode", "Errmsg", "Funcid", "Timer", "AskTimer")
_LONGEST_NAME = 64

WORDS: Final = Vocabulary(
    methods={
        REGISTER: "A1001",
        GENERATE: "A1026",
        VERIFY: "A1027",
        QUERY: "A1028",
        CLOSE: "A1029",
        USAGE: "A1030",
    },
    # The business elements are not public: they bear the neutral names. A1027 says no place of the scan.
    filled={VERIFY: {"medstepcode": "000000", "channelcode": "0200", "terminalcode": "02"}},
)


def signature(key: str, funcid: str, timer: str, xml: str) -> str:
    """Return the dialect's signature: MD5 over the four texts, 32 lower-case hex characters."""
    return hashlib.md5((key + funcid + timer + xml).encode(), usedforsecurity=False).hexdigest()


class CityProfile:
    """The server's end; ``order`` is that of its answers' form and head, which the signature covers as they stand."""

    name = NAME

    def __init__(self, order: Order = as_named) -> None:
        self._order = order

    def receive(self, http: HttpRequest) -> Call:
        """Decode a request as far as its sender.

        Raises:
            MalformedError: the form or its XML has another shape.
        """
        form = read_form(http.body, _FORM)
        sections = read_sections(form["xml"], "root", _SECTIONS)
        head, body = texts_of(sections["head"], "head"), texts_of(sections["body"], "body")
        for name in _HEAD:
            if not 0 < len(head.get(name, "")) <= _LONGEST_NAME:
                raise MalformedError(name)
        return Call(WORDS.hear_method(head["Funcid"]), head["Merid"], "", (form, head, body))

    def line(self, credentials: Credentials) -> CityLine:
        """Return the line to one application."""
        return CityLine(credentials, self._order)

    def refuse(self, call: Call | None, outcome: str, message: str, now_ms: int) -> HttpAnswer:
        """Answer a sender that proved nothing: the same form, its ``sign`` empty."""
        code, text = CODES.say(outcome, message)
        asked = call.envelope[1] if call else {"Funcid": "", "Timer": ""}
        xml = _reply(asked, code, text, {}, now_ms, self._order)
        return HttpAnswer(HTTP_OK, CONTENT_TYPE, write_form(self._order({"xml": xml, "sign": ""})))


class CityLine:
    """The server's end toward one application."""

    slow = False

    def __init__(self, credentials: Credentials, order: Order = as_named) -> None:
        self._key = credentials.app_secret
        self._order = order

    def open(self, call: Call, now_ms: int) -> Request:
        """Check signature and timestamp of a call.

        Raises:
            MalformedError, BadDigestError, StaleTimestampError: as ``exchange.Line``.
        """
        form, head, body = call.envelope
        _check(self._key, head["Funcid"], head["Timer"], form)
        timestamp_ms = fresh(whole_number(head["Timer"], "Timer"), now_ms, WINDOW_S)
        return Request(
            method=call.method,
            app_id=call.app_id,
            term_id="",
            timestamp_ms=timestamp_ms,
            digest=form["sign"],
            replay_key=bytes.fromhex(form["sign"]),
            expires_ms=timestamp_ms + WINDOW_S * 1000,
            biz=WORDS.hear_fields(call.method, body),
        )

    def seal(self, call: Call, outcome: str, message: str, biz: Biz, now_ms: int) -> HttpAnswer:
        """Answer a call, bound to its Funcid and Timer."""
        asked = call.envelope[1]
        code, text = CODES.say(outcome, message)
        xml = _reply(asked, code, text, WORDS.say_answer(biz), now_ms, self._order)
        sign = signature(self._key, asked["Funcid"], str(now_ms), xml)
        return HttpAnswer(HTTP_OK, CONTENT_TYPE, write_form(self._order({"xml": xml, "sign": sign})))


class CityClient:
    """A caller's end; ``term_id`` of the credentials is not said. Equal requests of one millisecond are one request."""

    def __init__(self, credentials: Credentials) -> None:
        self._merid = credentials.app_id
        self._key = credentials.app_secret

    def seal_call(self, method: str, biz: Mapping[str, str], now_ms: int) -> Sent:
        """Make the request for a neutral method.

        Raises:
            UnsupportedError: the dialect has no such method.
        """
        funcid, timer = WORDS.say_method(method), str(now_ms)
        head = {"Merid": self._merid, "Funcid": funcid, "Timer": timer}
        xml = write_sections("root", {"head": head, "body": writable(WORDS.say_fields(biz))})
        body = write_form({"xml": xml, "sign": signature(self._key, funcid, timer, xml)})
        return Sent(HttpRequest(PATH, CONTENT_TYPE, body), method, timer)

    def open_answer(self, sent: Sent, answer: HttpAnswer, now_ms: int) -> Response:
        """Check that an answer is authentic, fresh and to this request.

        Raises:
            WireError: as ``exchange.Client``.
        """
        form = read_form(answer.body, _FORM)
        sections = read_sections(form["xml"], "root", _SECTIONS)
        head = texts_of(sections["head"], "head")
        if set(head) != set(_ANSWER):
            raise MalformedError("head")
        code, message = head["RetCode"], head["Errmsg"]
        if not form["sign"]:
            if code == CODES.success:
                raise BadDigestError
            raise UnsealedRefusalError(code, message)
        _check(self._key, head["Funcid"], head["Timer"], form)
        if (head["Funcid"], head["AskTimer"]) != (WORDS.say_method(sent.method), sent.bound_to):
            raise WrongAnswerError("Funcid")
        timestamp_ms = fresh(whole_number(head["Timer"], "Timer"), now_ms, WINDOW_S)
        biz = WORDS.hear_answer(sections["body"])
        return Response(sent.method, code, message, timestamp_ms, code == CODES.success, biz, CODES.hear(code, message))


def _reply(asked: Mapping[str, str], code: str, message: str, biz: Biz, now_ms: int, order: Order) -> str:
    head = {
        "RetCode": code,
        "Errmsg": message,
        "Funcid": asked["Funcid"],
        "Timer": str(now_ms),
        "AskTimer": asked["Timer"],
    }
    return write_sections("root", {"head": writable(order(head)), "body": writable(biz)})


def _check(key: str, funcid: str, timer: str, form: Mapping[str, str]) -> None:
    if not hmac.compare_digest(signature(key, funcid, timer, form["xml"]).encode(), form["sign"].encode()):
        raise BadDigestError
