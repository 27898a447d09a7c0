"""Every dialect from registration to closing over real HTTP, and what each refuses."""

import time
from itertools import count

import pytest
from dialect_desks import Desks, end_of

from reference_impl.records.china_time import moment_text
from reference_impl.wire.registry import DIALECTS
from reference_impl.wire.vocabulary import CLOSE, GENERATE, INSTITUTIONS, QUERY, REGISTER, VERIFY, VISIT

EVERY = sorted(DIALECTS)
MINUTE_MS = 60_000
LACKING = {
    "front-box": {GENERATE, CLOSE},
    "wechat": {CLOSE},
    "primary-care": {REGISTER, GENERATE, VERIFY, QUERY, CLOSE},
}
"""What a dialect has no words for, and an hn-a application of the same institution does in its place."""

WHOLE = {"medstepcode": "010101", "channelcode": "0100", "terminalcode": "01"}
SCAN = {"front-box": {}, "wechat": {}, "city": {}, "soap": {"medstepcode": "010101", "terminalcode": "01"}}
"""What is said beside the code where a dialect says less than the step, the channel and the terminal."""

SERIALS = count(700)
NUMBERS = count(1)


@pytest.fixture(scope="module")
def desks(served):
    return Desks(served.client(), served.credentials["admin_token"])


@pytest.fixture
def someone(person):
    return person(next(SERIALS))


def shown(name, code):
    """What is sent for one scan: the method and its fields."""
    if name != "primary-care":
        return VERIFY, {"ehealth_code": code, **SCAN.get(name, WHOLE)}
    now = moment_text(int(time.time() * 1000), "%Y%m%d%H%M%S")
    return VISIT, {"ehealth_code": code, "seq_no": f"S{next(NUMBERS)}", "time": now}


def any_question(name):
    return (INSTITUTIONS, {}) if name == "primary-care" else (QUERY, {"ehealth_card_id": "A" * 64})


def test_the_dialects_that_lack_a_method_are_those_we_know(desks):
    methods = {REGISTER, GENERATE, VERIFY, QUERY, CLOSE}
    lacking = {name: {method for method in methods if not desks[name].speaks(method)} for name in EVERY}
    assert {name: lack for name, lack in lacking.items() if lack} == LACKING


@pytest.mark.parametrize("name", EVERY)
def test_a_card_from_registration_to_closing(desks, someone, name):
    desk = desks[name]
    card_id = desks.speaking(name, REGISTER).call(REGISTER, someone).biz["ehealth_card_id"]

    def dynamic():
        asked = {"ehealth_card_id": card_id, "ewmbs": "0"}
        return str(desks.speaking(name, GENERATE).call(GENERATE, asked).biz["ehealth_code"])

    code = dynamic()
    accepted = desk.call(*shown(name, code))
    assert accepted.success
    assert accepted.code == DIALECTS[name].success_code
    assert accepted.biz.items() >= {"ehealth_card_id": card_id, **someone}.items()
    again = desk.call(*shown(name, code))
    assert (again.success, again.outcome, again.biz) == (False, "406", {})

    found = desks.speaking(name, QUERY).call(QUERY, {"ehealth_card_id": card_id})
    assert (found.biz["card_state"], found.biz["name"]) == ("2", someone["name"])

    unused = dynamic()
    closed = desks.speaking(name, CLOSE).call(CLOSE, {"ehealth_card_id": card_id, "revoke_no": "1"})
    assert (closed.success, closed.biz["card_state"]) == (True, "3")
    assert desk.refused(*shown(name, unused)) == "302"


@pytest.mark.parametrize("name", EVERY)
def test_another_secret_is_refused_and_the_right_one_is_not(desks, name):
    method, biz = any_question(name)
    desk = desks[name]
    assert desk.with_secret("x" * 43).refused(method, biz) == "106"
    assert desk.refused(method, biz) in ("000", "301")


@pytest.mark.parametrize("name", EVERY)
def test_a_timestamp_too_old_or_too_new_is_refused(desks, name):
    method, biz = any_question(name)
    desk = desks[name]
    assert DIALECTS[name].window_s == 300
    for away, expected in ((-6, {"107"}), (6, {"107"}), (-4, {"000", "301"}), (4, {"000", "301"})):
        assert desk.outcome(desk.sealed(method, biz, away * MINUTE_MS)) in expected


@pytest.mark.parametrize("name", EVERY)
def test_a_request_heard_again_inside_the_window_is_refused(desks, name):
    desk = desks[name]
    sent = desk.sealed(*any_question(name))
    assert [desk.outcome(sent) for _ in range(3)][1:] == ["108", "108"]
    assert desk.outcome(desk.sealed(*any_question(name))) in ("000", "301")


@pytest.mark.parametrize("name", EVERY)
def test_an_application_is_refused_in_every_dialect_but_its_own(desks, name):
    desk = desks[name]
    for other in EVERY:
        method, biz = any_question(other)
        stranger = end_of(other, desk.credentials)
        sent = stranger.seal_call(method, biz, desk.now_ms())
        outcome = type(desk)(other, desk.credentials, desk.http).outcome(sent)
        assert (outcome == "103") == (other != name), other


IN_CLEAR = {
    "wechat": '"healthCardId":"{}"',
    "primary-care": '"healthCardId":"{}"',
    "soap": "EHEALTHCARDID&gt;{}&lt;",
    "city": "ehealth_card_id%3E{}%3C",
    "xm": 'ehealth_card_id\\":\\"{}\\"',
}
"""How the dialects that do not encrypt their answers write the card's id."""


@pytest.mark.parametrize("name", EVERY)
def test_a_card_is_told_in_the_dialect_s_own_words_or_encrypted(desks, someone, name):
    card_id = desks["hn-a"].call(REGISTER, someone).biz["ehealth_card_id"]
    code = desks["hn-a"].call(GENERATE, {"ehealth_card_id": card_id, "ewmbs": "1"}).biz["ehealth_code"]
    desk = desks[name]
    sent = desk.sealed(*shown(name, str(code)))
    answer = desk.post(sent)
    assert desk.end.open_answer(sent, answer, desk.now_ms()).biz["ehealth_card_id"] == card_id
    if name in IN_CLEAR:
        assert IN_CLEAR[name].format(card_id) in answer.body.decode()
    else:
        assert card_id not in answer.body.decode()


@pytest.mark.parametrize("name", ["hn-a", "sc", "go", "xm", "hn-s"])
def test_a_gateway_serves_the_methods_of_others_by_their_neutral_names(desks, name):
    assert desks.org_code in desks[name].call(INSTITUTIONS, {}).biz["org_code"]


@pytest.mark.parametrize("name", sorted(name for name in EVERY if not DIALECTS[name].terminal))
def test_without_a_terminal_s_name_there_must_be_one_terminal(desks, name):
    desk = desks.enrol(name)
    question = any_question(name)
    assert desk.refused(*question) in ("000", "301")
    desks.enrol_terminal(desk.credentials.app_id, "T02")
    assert desk.refused(*question) == "105"
