"""Family D: SOAP 1.1 whose operations take one string of XML and give one back.

``qrcodeVerification(<root><request><YLJGDM/><QRCODE/>…</request></root>)`` is answered by ``<root><response>…``. The
field shows no proof of who asks. Reconstructed: ``TIMESTAMP`` (Unix milliseconds) and ``SIGN`` (upper hex SM3 over the
operation and all elements as canonical JSON, then the secret) in both strings; the name of the parameter; the names of
the operations beside ``qrcodeVerification``. ``YLJGDM``, the institution's code, names the application; ``TERMID`` the
terminal; ``OUTTRADENO`` the request, and its answer repeats it.
"""

from __future__ import annotations

import hmac
import re
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
    RandomBytes,
    Request,
    Response,
    Sent,
    as_named,
)
from reference_impl.wire.freshness import fresh, whole_number
from reference_impl.wire.outcome_codes import OutcomeCodes
from reference_impl.wire.sm import sm3_hex
from reference_impl.wire.strictjson import write_canonical
from reference_impl.wire.vocabulary import CLOSE, GENERATE, QUERY, REGISTER, USAGE, VERIFY, Vocabulary
from reference_impl.wire.xmltext import read_document, read_sections, texts_of, writable, write_fields, write_sections

NAME: Final = "soap"
PATH: Final = "/soap"
CONTENT_TYPE: Final = "text/xml;charset=UTF-8"
CODES: Final = OutcomeCodes("0", "-1")
WINDOW_S: Final = 300

_ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}"
_SERVICE = "urn:ehealthcard"
_PARAMETER = "arg0"
_RESULT = "return"
_PLUMBING = ("YLJGDM", "TERMID", "OUTTRADENO", "TIMESTAMP", "SIGN")
_ANSWER = ("CODE", "MESSAGE", "OUTTRADENO", "TIMESTAMP", "SIGN")
_TRADE_BYTES = 8
_OPERATION = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")

WORDS: Final = Vocabulary(
    methods={
        VERIFY: "qrcodeVerification",
        REGISTER: "cardRegister",
        GENERATE: "qrcodeGenerate",
        QUERY: "cardQuery",
        CLOSE: "cardClose",
        USAGE: "usageReport",
    },
    fields={
        "ehealth_code": "QRCODE",
        "terminalcode": "TERMCODE",
        "department_type": "MEDDEPTCODE",
        "medstepcode": "MEDSTEPCODE",
        "ehealth_card_id": "EHEALTHCARDID",
        "mindex_id": "MINDEXID",
        "id_type": "IDTYPE",
        "id_no": "IDNO",
        "name": "NAME",
    },
    # The dialect names no channel; its terminals stand at windows.
    filled={VERIFY: {"channelcode": "0100"}, USAGE: {"channelcode": "0100"}},
)


class SoapProfile:
    """The server's end; ``order`` is that of the elements of its answers."""

    name = NAME

    def __init__(self, order: Order = as_named) -> None:
        self._order = order

    def receive(self, http: HttpRequest) -> Call:
        """Decode a request as far as its sender.

        Raises:
            MalformedError: the body is no such envelope, or an element of the string is missing.
        """
        operation, text = _unwrap(http.body, _PARAMETER)
        fields = texts_of(read_sections(text, "root", ("request",))["request"], "request")
        for name in _PLUMBING:
            if name not in fields or (name != "TERMID" and not fields[name]):
                raise MalformedError(name)
        return Call(WORDS.hear_method(operation), fields["YLJGDM"], fields["TERMID"], (operation, fields))

    def line(self, credentials: Credentials) -> SoapLine:
        """Return the line to one application."""
        return SoapLine(credentials, self._order)

    def refuse(self, call: Call | None, outcome: str, message: str, now_ms: int) -> HttpAnswer:
        """Answer a sender that proved nothing: the same string, its ``SIGN`` empty."""
        code, text = CODES.say(outcome, message)
        operation, fields = call.envelope if call else ("unknown", {"OUTTRADENO": ""})
        head = {"CODE": code, "MESSAGE": text, "OUTTRADENO": fields["OUTTRADENO"], "TIMESTAMP": str(now_ms)}
        return _answer(operation, self._order(writable({**head, "SIGN": ""})))


class SoapLine:
    """The server's end toward one application."""

    slow = False

    def __init__(self, credentials: Credentials, order: Order = as_named) -> None:
        self._secret = credentials.app_secret
        self._order = order

    def open(self, call: Call, now_ms: int) -> Request:
        """Check signature and timestamp of a call.

        Raises:
            MalformedError, BadDigestError, StaleTimestampError: as ``exchange.Line``.
        """
        operation, fields = call.envelope
        _check(operation, fields, self._secret)
        timestamp_ms = fresh(whole_number(fields["TIMESTAMP"], "TIMESTAMP"), now_ms, WINDOW_S)
        business = {name: value for name, value in fields.items() if name not in _PLUMBING}
        return Request(
            method=call.method,
            app_id=call.app_id,
            term_id=call.term_id,
            timestamp_ms=timestamp_ms,
            digest=fields["SIGN"],
            replay_key=bytes.fromhex(fields["SIGN"]),
            expires_ms=timestamp_ms + WINDOW_S * 1000,
            biz=WORDS.hear_fields(call.method, business),
        )

    def seal(self, call: Call, outcome: str, message: str, biz: Biz, now_ms: int) -> HttpAnswer:
        """Answer a call under its ``OUTTRADENO``."""
        operation, asked = call.envelope
        code, text = CODES.say(outcome, message)
        head = {"CODE": code, "MESSAGE": text, "OUTTRADENO": asked["OUTTRADENO"], "TIMESTAMP": str(now_ms)}
        fields = writable({**WORDS.say_answer(biz), **head})
        return _answer(operation, self._order({**fields, "SIGN": _sign(operation, fields, self._secret)}))


class SoapClient:
    """A caller's end; ``random`` is where the request numbers come from."""

    def __init__(self, credentials: Credentials, random: RandomBytes) -> None:
        self._credentials = credentials
        self._random = random

    def seal_call(self, method: str, biz: Mapping[str, str], now_ms: int) -> Sent:
        """Make the request for a neutral method.

        Raises:
            UnsupportedError: the dialect has no such method.
        """
        operation = WORDS.say_method(method)
        trade = self._random(_TRADE_BYTES).hex()
        fields = {
            "YLJGDM": self._credentials.app_id,
            "TERMID": self._credentials.term_id,
            "OUTTRADENO": trade,
            "TIMESTAMP": str(now_ms),
            **WORDS.say_fields(texts_of(writable(biz), "biz")),
        }
        fields["SIGN"] = _sign(operation, fields, self._credentials.app_secret)
        text = write_sections("root", {"request": fields})
        return Sent(HttpRequest(PATH, CONTENT_TYPE, _wrap(operation, _PARAMETER, text)), method, trade)

    def open_answer(self, sent: Sent, answer: HttpAnswer, now_ms: int) -> Response:
        """Check that an answer is authentic, fresh and to this request.

        Raises:
            WireError: as ``exchange.Client``.
        """
        said, text = _unwrap(answer.body, _RESULT)
        fields = dict(read_sections(text, "root", ("response",))["response"])
        head = texts_of({name: fields[name] for name in _ANSWER if name in fields}, "response")
        if len(head) != len(_ANSWER):
            raise MalformedError("response")
        code, message = head["CODE"], head["MESSAGE"]
        if not head["SIGN"]:
            if code == CODES.success:
                raise BadDigestError
            raise UnsealedRefusalError(code, message)
        operation = WORDS.say_method(sent.method)
        _check(operation, fields, self._credentials.app_secret)
        if said != f"{operation}Response" or head["OUTTRADENO"] != sent.bound_to:
            raise WrongAnswerError("OUTTRADENO")
        timestamp_ms = fresh(whole_number(head["TIMESTAMP"], "TIMESTAMP"), now_ms, WINDOW_S)
        biz = WORDS.hear_answer({name: value for name, value in fields.items() if name not in _ANSWER})
        return Response(sent.method, code, message, timestamp_ms, code == CODES.success, biz, CODES.hear(code, message))


def _sign(operation: str, fields: Biz, secret: str) -> str:
    covered = {name: value for name, value in fields.items() if name != "SIGN"}
    return sm3_hex((write_canonical({"operation": operation, "fields": covered}) + secret).encode()).upper()


def _check(operation: str, fields: Biz, secret: str) -> None:
    if not hmac.compare_digest(_sign(operation, fields, secret).encode(), str(fields["SIGN"]).encode()):
        raise BadDigestError


def _answer(operation: str, fields: Biz) -> HttpAnswer:
    text = write_sections("root", {"response": fields})
    return HttpAnswer(HTTP_OK, CONTENT_TYPE, _wrap(f"{operation}Response", _RESULT, text))


def _wrap(operation: str, parameter: str, text: str) -> bytes:
    return (
        f'<s:Envelope xmlns:s="{_ENVELOPE[1:-1]}"><s:Body><e:{operation} xmlns:e="{_SERVICE}">'
        f"{write_fields({parameter: text})}</e:{operation}></s:Body></s:Envelope>"
    ).encode()


def _unwrap(body: bytes, parameter: str) -> tuple[str, str]:
    """Return the operation's name and its one string."""
    try:
        top = read_document(body.decode(), f"{_ENVELOPE}Envelope")
    except UnicodeDecodeError as error:
        raise MalformedError("body") from error
    inside = [part for part in top if part.tag != f"{_ENVELOPE}Header"]
    if [part.tag for part in inside] != [f"{_ENVELOPE}Body"] or len(inside[0]) != 1:
        raise MalformedError("body")
    called = inside[0][0]
    namespace, _, operation = called.tag.rpartition("}")
    if namespace != f"{{{_SERVICE}" or not _OPERATION.fullmatch(operation):
        raise MalformedError("body")
    if [part.tag for part in called] != [parameter] or len(called[0]):
        raise MalformedError(parameter)
    return operation, called[0].text or ""
