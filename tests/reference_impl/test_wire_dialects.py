"""Every dialect, both ends: round trip, tampering, clock, codes, and whatever else may come over a wire."""

import contextlib
import dataclasses
from random import Random

import pytest
from wire_ends import (
    BIZ,
    BOUND_ANSWERS,
    CREDENTIALS,
    EVERY,
    NOW,
    OTHER,
    PROFILES,
    SIGNED_ANSWERS,
    answer_of,
    answered,
    caller,
    method_of,
    sent,
    served,
)

from reference_impl.wire import vocabulary
from reference_impl.wire.errors import (
    BadDigestError,
    StaleTimestampError,
    UnsealedRefusalError,
    UnsupportedError,
    WireError,
    WrongAnswerError,
)
from reference_impl.wire.exchange import Credentials
from reference_impl.wire.outcome_codes import OutcomeCodes
from reference_impl.wire.registry import DIALECTS
from reference_impl.wire.vocabulary import REGISTER


def test_the_registry_tells_of_every_end():
    assert set(PROFILES) == set(DIALECTS)
    assert [d.name for d in DIALECTS.values() if d.label != "reconstructed"] == ["wechat"]
    paths = [path for dialect in DIALECTS.values() for path in dialect.paths]
    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize("name", EVERY)
def test_a_call_is_posted_where_its_dialect_is_served(name):
    http = sent(name).http
    assert http.path in DIALECTS[name].paths
    assert http.content_type == DIALECTS[name].content_type


@pytest.mark.parametrize("name", EVERY)
def test_a_call_opens_as_it_was_sealed(name):
    asked = sent(name)
    request = served(name, asked.http)
    assert (request.method, request.app_id) == (method_of(name), "app-1")
    assert request.term_id == ("T01" if DIALECTS[name].terminal else "")
    assert request.biz.items() >= BIZ.items()
    assert request.timestamp_ms == NOW
    assert request.expires_ms == NOW + 300_000
    assert PROFILES[name].receive(asked.http).sender.app_id == "app-1"


@pytest.mark.parametrize("name", EVERY)
def test_an_answer_opens_as_it_was_sealed(name):
    asked = sent(name)
    http = answered(name, asked)
    response = caller(name).open_answer(asked, http, NOW)
    assert (http.status, response.success, response.outcome, response.message) == (200, True, "000", "成功")
    assert response.code == DIALECTS[name].success_code
    assert response.biz == answer_of(name)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("outcome", ["107", "301", "406"])
def test_a_refusal_never_reads_as_success_and_keeps_its_neutral_code(name, outcome):
    asked = sent(name)
    response = caller(name).open_answer(asked, answered(name, asked, outcome, "不行", {}), NOW)
    assert (response.success, response.outcome, response.biz) == (False, outcome, {})
    assert response.code != DIALECTS[name].success_code
    assert "不行" in response.message


def test_double_zero_is_failure_in_sc_and_triple_zero_success_only_where_it_is_said():
    codes = DIALECTS["sc"].codes
    assert (codes.say("000", "ok"), codes.say("301", "no")) == (("10", "ok"), ("00", "[301] no"))
    assert codes.hear("00", "ok") == ""
    assert codes.hear("00", "[000] ok") == ""
    assert codes.hear("000", "ok") == ""
    assert {name: DIALECTS[name].success_code for name in EVERY} == {
        "hn-a": "000",
        "sc": "10",
        "go": "200",
        "xm": "1",
        "fmsh": "000",
        "hn-s": "000",
        "front-box": "0",
        "wechat": "0",
        "soap": "0",
        "city": "0000",
        "primary-care": "0",
    }
    for name in EVERY:
        for not_success in ("00", "", "-1", "000 ", "9999", "success"):
            assert DIALECTS[name].codes.hear(not_success, "") != "000"


@pytest.mark.parametrize("name", EVERY)
def test_no_dialect_says_a_code_that_is_none(name):
    for outcome in ("", "1", "0000", "abc"):
        with pytest.raises(ValueError, match="no code of a refusal"):
            DIALECTS[name].codes.say(outcome, "")


@pytest.mark.parametrize("name", EVERY)
def test_another_secret_opens_nothing(name):
    asked = sent(name)
    with pytest.raises(BadDigestError):
        served(name, asked.http, credentials=OTHER)


@pytest.mark.parametrize("name", SIGNED_ANSWERS)
def test_another_secret_opens_no_answer(name):
    asked = sent(name)
    with pytest.raises(BadDigestError):
        caller(name).open_answer(asked, answered(name, asked, credentials=OTHER), NOW)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("away", [301_000, -301_000, 86_400_000, -86_400_000])
def test_a_call_too_far_from_the_clock_is_stale_in_both_directions(name, away):
    with pytest.raises(StaleTimestampError):
        served(name, sent(name).http, NOW + away)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("away", [300_000, -300_000])
def test_a_call_at_the_edge_is_fresh(name, away):
    assert served(name, sent(name).http, NOW + away).biz.items() >= BIZ.items()


@pytest.mark.parametrize("name", EVERY)
def test_a_stale_call_of_a_stranger_is_a_stranger_s(name):
    with pytest.raises(BadDigestError):
        served(name, sent(name).http, NOW + 86_400_000, credentials=OTHER)


@pytest.mark.parametrize("name", SIGNED_ANSWERS)
@pytest.mark.parametrize("away", [301_000, -301_000])
def test_an_answer_too_far_from_the_clock_is_stale_in_both_directions(name, away):
    asked = sent(name)
    with pytest.raises(StaleTimestampError):
        caller(name).open_answer(asked, answered(name, asked), NOW + away)


def meaning(request):
    return (request.method, request.app_id, request.term_id, request.timestamp_ms, request.replay_key, request.biz)


def flips(name, body):
    """One flipped bit in every byte; signatures of SM2 take long, so there only in some."""
    random = Random(name)
    for place in range(0, len(body), 5 if name == "hn-s" else 1):
        yield body[:place] + bytes([body[place] ^ (1 << random.randrange(8))]) + body[place + 1 :]


def test_a_row_of_codes_never_lets_a_refusal_read_as_success():
    with pytest.raises(ValueError, match="no code of a refusal"):
        OutcomeCodes("200", None).say("200", "")
    assert OutcomeCodes("200", "500").say("200", "no") == ("500", "[200] no")
    with pytest.raises(ValueError, match="one code"):
        OutcomeCodes("00", "00")
    assert OutcomeCodes("0", None).hear("000", "") == ""
    assert OutcomeCodes("10", "00").hear("99", "[301] no") == ""


@pytest.mark.parametrize("name", EVERY)
def test_a_flipped_bit_anywhere_is_refused_or_was_another_spelling(name):
    asked = sent(name)
    whole = served(name, asked.http)
    respelt = 0
    for body in flips(name, asked.http.body):
        try:
            request = served(name, dataclasses.replace(asked.http, body=body))
        except WireError:
            continue
        # "%2B" and "%2b" are the same character of a form; nothing else has two spellings.
        assert asked.http.content_type.startswith("application/x-www-form-urlencoded")
        assert meaning(request) == meaning(whole)
        respelt += 1
    assert respelt < len(asked.http.body) / 10


@pytest.mark.parametrize("name", SIGNED_ANSWERS)
def test_a_flipped_bit_anywhere_in_an_answer_is_refused_or_was_another_spelling(name):
    asked = sent(name)
    http = answered(name, asked)
    end = caller(name)
    whole = end.open_answer(asked, http, NOW)
    for body in flips(name, http.body):
        try:
            response = end.open_answer(asked, dataclasses.replace(http, body=body), NOW)
        except WireError:
            continue
        assert http.content_type.startswith("application/x-www-form-urlencoded")
        assert response == whole


@pytest.mark.parametrize("name", EVERY)
def test_a_call_has_one_replay_key_and_two_calls_have_two(name):
    first, second = sent(name), sent(name, now=NOW + 1000)
    keys = [served(name, asked.http).replay_key for asked in (first, first, second)]
    assert keys[0] == keys[1] != keys[2]
    assert len(keys[0]) >= 16


@pytest.mark.parametrize("name", SIGNED_ANSWERS)
def test_a_refusal_that_proves_nothing_is_told_apart(name):
    asked = sent(name)
    for call in (PROFILES[name].receive(asked.http), None):
        http = PROFILES[name].refuse(call, "103", "应用未登记", NOW)
        with pytest.raises(UnsealedRefusalError) as caught:
            caller(name).open_answer(asked, http, NOW)
        assert caught.value.code != DIALECTS[name].success_code


@pytest.mark.parametrize("name", SIGNED_ANSWERS)
def test_a_success_that_proves_nothing_is_never_believed(name):
    asked = sent(name)
    http = PROFILES[name].refuse(PROFILES[name].receive(asked.http), "000", "ok", NOW)
    with pytest.raises(BadDigestError):
        caller(name).open_answer(asked, http, NOW)


def test_a_refusal_of_wechat_looks_like_any_other():
    asked = sent("wechat")
    http = PROFILES["wechat"].refuse(PROFILES["wechat"].receive(asked.http), "103", "no", NOW)
    assert caller("wechat").open_answer(asked, http, NOW).outcome == "103"


@pytest.mark.parametrize("name", BOUND_ANSWERS)
def test_an_answer_to_another_call_is_refused(name):
    first, second = sent(name), sent(name, now=NOW + 1000)
    with pytest.raises(WrongAnswerError):
        caller(name).open_answer(second, answered(name, first), NOW)


@pytest.mark.parametrize("name", sorted(set(EVERY) - {"wechat", "primary-care", "xm"}))
def test_an_answer_to_another_method_is_refused(name):
    asked = sent(name)
    with pytest.raises(WireError):
        caller(name).open_answer(dataclasses.replace(asked, method=REGISTER), answered(name, asked), NOW)


@pytest.mark.parametrize("name", EVERY)
def test_what_one_dialect_seals_no_other_opens(name):
    http = sent(name).http
    for other in set(EVERY) - {name}:
        with pytest.raises(WireError):
            served(other, dataclasses.replace(http, path=sent(other).http.path))


@pytest.mark.parametrize("name", EVERY)
def test_leading_zeros_and_odd_characters_are_kept(name):
    biz = {"id_no": "000123", "name": '𠮷·O\'Brien <b>"x"</b> \\ %25+€ é', "time": "20260101000000"}
    assert served(name, sent(name, biz).http).biz.items() >= biz.items()
    if name != "primary-care":
        asked = sent(name)
        response = caller(name).open_answer(asked, answered(name, asked, biz=biz), NOW)
        assert response.biz == biz


@pytest.mark.parametrize("name", sorted(set(EVERY) - {"primary-care"}))
@pytest.mark.parametrize("codes", [("a", "b"), ("a",)])
def test_a_list_is_a_list_in_the_answer(name, codes):
    asked = sent(name)
    response = caller(name).open_answer(asked, answered(name, asked, biz={"ehealth_codes": codes}), NOW)
    assert response.biz == {"ehealth_codes": codes}


METHODS = sorted(value for key, value in vars(vocabulary).items() if key.isupper() and str(value).startswith("ehc."))


@pytest.mark.parametrize("name", EVERY)
def test_every_method_a_dialect_has_arrives_as_itself(name):
    arrived = []
    for method in METHODS:
        with contextlib.suppress(UnsupportedError):
            arrived.append(method)
            assert served(name, caller(name).seal_call(method, {}, NOW).http).method == method
    assert arrived


@pytest.mark.parametrize("name", ["city", "front-box", "primary-care", "soap", "wechat", "fmsh"])
def test_a_method_a_dialect_lacks_cannot_be_asked(name):
    with pytest.raises(UnsupportedError):
        caller(name).seal_call("ehc.ehealthcode.addorg", {}, NOW)


@pytest.mark.parametrize("name", ["go", "hn-a", "sc", "xm", "fmsh", "front-box"])
def test_a_secret_too_short_for_the_cipher_is_refused(name):
    short = Credentials("a", "short", "t")
    with pytest.raises(ValueError, match=r"."):
        PROFILES[name].line(short)
    with pytest.raises(ValueError, match=r"."):
        caller(name, credentials=short)


def test_hn_s_needs_the_application_s_key():
    with pytest.raises(ValueError, match=r"."):
        PROFILES["hn-s"].line(dataclasses.replace(CREDENTIALS, public_key=b""))


@pytest.mark.parametrize("name", EVERY)
def test_no_secret_and_no_person_is_shown(name):
    asked = sent(name)
    call = PROFILES[name].receive(asked.http)
    shown = repr((CREDENTIALS, asked, call, served(name, asked.http), answered(name, asked)))
    assert CREDENTIALS.app_secret not in shown
    assert "张三" not in shown
