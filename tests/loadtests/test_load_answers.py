"""What a platform answers is judged whatever it is: a strange answer is its fault, and none of the generator's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loadtests.asking import (
    MALFORMED,
    METHODS,
    WRONG_PERSON,
    Question,
    fetched_codes,
    generation,
    query,
    registering,
    static_code,
    usage,
    verification,
    wrong_with,
)
from loadtests.callers import Asker, able
from loadtests.codes import life_s
from loadtests.errands import Errand, Outcome
from loadtests.holders import Holders
from loadtests.http_line import Address, HttpReply
from loadtests.people import registration
from loadtests.tally import Tally
from reference_impl.wire.errors import UnsealedRefusalError
from reference_impl.wire.exchange import Credentials, HttpRequest, Response, Sent
from reference_impl.wire.registry import DIALECTS, Caller, client
from reference_impl.wire.sm2 import generate

CARD, OTHER = "A" * 64, "B" * 64
QUESTIONS = (
    verification("T-1", static_code(CARD)),
    generation("T-2", CARD, 2),
    query("T-3", CARD),
    registering("T-4", 7),
    usage("T-5", CARD, 1_800_000_000.0),
)
REGISTERED = registration(7, "T-4")
KEYS = generate()
SENT = Sent(HttpRequest("/", "", b""), "")


class Deep:
    """Lists in lists, too many to be shown."""

    def __init__(self, depth: int) -> None:
        self._depth = depth

    def __bytes__(self) -> bytes:
        return b"[" * self._depth


class Saying:
    """The caller's end of a dialect that makes an answer of whatever it is told."""

    def __init__(self, said: Response | Exception) -> None:
        self._said = said

    def seal_call(self, *_: object) -> Sent:
        return SENT

    def open_answer(self, *_: object) -> Response:
        if isinstance(self._said, Exception):
            raise self._said
        return self._said


def judged(said: Response | Exception, question: Question = QUESTIONS[0]) -> Outcome:
    saying: Any = Saying(said)
    return outcome_of(Asker("hn-a", "app", "T01", saying), question, b"")


def outcome_of(asker: Asker, question: Question, body: bytes) -> Outcome:
    errand = Errand(0.0, "hold", question, asker)
    errand.seal(Address("http://127.0.0.1:1"), 0)
    outcome = errand.judge(HttpReply(200, body, "application/json", False, 1.0))
    booked(errand, outcome)
    return outcome


def booked(errand: Errand, outcome: Outcome) -> None:
    """Whatever is made of an accepted answer can be made of it, and told to the master."""
    tally = Tally()
    tally.begin(0.0, 0)
    if outcome.accepted:
        Holders().contradicts(errand.question, errand.asker, outcome.biz)
        assert life_s(outcome.biz) >= 0
        for code in fetched_codes(outcome.biz) if errand.question.kind == "generation" else ():
            Errand(0.0, "hold", verification("T-9", code), errand.asker).seal(Address("http://127.0.0.1:1"), 0)
    tally.settled(errand, outcome, 1.0)
    assert json.dumps([outcome.refusal, outcome.error], ensure_ascii=False).encode()


@pytest.mark.parametrize("codes", [[123], [None], 5, True, {"a": 1}, [], "", [f"{CARD}:0:\ud800"], [[CARD]]])
def test_codes_that_are_none_are_malformed(codes):
    assert wrong_with(QUESTIONS[1], {"ehealth_codes": codes}) == MALFORMED
    assert fetched_codes({"ehealth_codes": codes}) == ()


def test_codes_of_another_card_are_another_persons():
    assert wrong_with(QUESTIONS[1], {"ehealth_codes": [f"{CARD}:0:F"]}) == ""
    assert wrong_with(QUESTIONS[1], {"ehealth_code": f"{CARD}:0:F"}) == ""
    assert wrong_with(QUESTIONS[1], {"ehealth_codes": (f"{CARD}:0:F", f"{OTHER}:0:F")}) == WRONG_PERSON


@pytest.mark.parametrize(
    "told",
    [
        {"name": "压测癸癸"},
        {"id_no": registration(8, "")["id_no"]},
        {"id_no": "4399**********" + registration(8, "")["id_no"][-4:]},
    ],
)
def test_a_resident_who_is_registered_as_somebody_else_is_found(told):
    assert wrong_with(QUESTIONS[3], {"ehealth_card_id": CARD, **told}) == WRONG_PERSON


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"id_no": REGISTERED["id_no"], "name": REGISTERED["name"]},
        {"id_no": "4399**********" + REGISTERED["id_no"][-4:], "name": "压**" + REGISTERED["name"][-1]},
        {"id_no": "4399XXXXXXXXXX" + REGISTERED["id_no"][-4:], "name": "压某某某"},
        {"id_no": "4399", "name": "压"},
    ],
)
def test_a_platform_may_tell_of_a_resident_what_it_likes_and_mask_the_rest(told):
    assert wrong_with(QUESTIONS[3], {"ehealth_card_id": CARD, **told}) == ""


ANY_TEXT = st.text(st.characters(), max_size=50)
NOISE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
CODES = ANY_TEXT.map(lambda rest: f"{CARD}:0:{rest}")
TOLD = NOISE | st.lists(CODES | NOISE, max_size=2) | CODES
RIGHT = {"ehealth_card_id": CARD, "seq_no": "T-5", "ehealth_codes": [f"{CARD}:0:F"]}
NAMES = (*RIGHT, "mindex_id", "id_no", "name", "expires_ms", "issued_ms")
STRANGE = st.dictionaries(st.sampled_from(NAMES), TOLD | st.integers(0, 10**400), max_size=4)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.kind)
@given(strange=STRANGE)
@settings(max_examples=100, deadline=None)
def test_every_decoded_answer_is_judged(question, strange):
    outcome = judged(Response(METHODS[question.kind], "000", "", 0, True, RIGHT | strange, "000"), question)
    assert outcome.error in ("", MALFORMED, WRONG_PERSON)
    assert judged(Response(METHODS[question.kind], "000", "", 0, True, RIGHT, "000"), question).accepted


@given(code=ANY_TEXT, outcome=ANY_TEXT)
@example(code="\ud800", outcome="")
@settings(max_examples=100, deadline=None)
def test_every_refusal_is_judged(code, outcome):
    assert not judged(Response(METHODS["verification"], code, "", 0, False, {}, outcome)).accepted


@given(code=ANY_TEXT, message=ANY_TEXT)
@settings(max_examples=100, deadline=None)
def test_every_refusal_without_a_seal_is_judged(code, message):
    assert not judged(UnsealedRefusalError(code, message)).accepted


def test_what_cannot_be_opened_is_malformed():
    for error in (TypeError("x"), AttributeError("x"), RecursionError(), OverflowError("x")):
        assert judged(error).error == MALFORMED


def everybody() -> tuple[Asker, ...]:
    credentials = Credentials("app", "0123456789abcdefghij", "T01", KEYS.public)
    caller = Caller(credentials, bytes, KEYS.private, "90003")
    every = [Asker(name, "app", "T01", client(name, caller)) for name in sorted(DIALECTS)]
    return able(every, {"verification": 1.0})["verification"]


JSON = NOISE | st.dictionaries(st.sampled_from(("code", "message", "rsp", "datas", "digest", "return_code")), NOISE)
BODIES = (
    st.binary(max_size=40)
    | JSON.map(lambda document: json.dumps(document).encode())
    | st.integers(1, 100_000).map(Deep)
    | st.text(st.sampled_from("<>/&;a=\"'? !-[]"), max_size=30).map(str.encode)
)


@pytest.mark.parametrize("asker", everybody(), ids=lambda asker: asker.dialect)
@given(body=BODIES)
@settings(max_examples=40, deadline=None)
def test_every_body_is_judged_in_every_dialect(asker, body):
    assert not outcome_of(asker, QUESTIONS[0], bytes(body)).accepted
