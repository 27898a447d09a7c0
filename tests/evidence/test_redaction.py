"""What a publication shows of a record: the harmless by name, and nothing nobody thought of."""

import pytest

from certification.observations import Observation, SetAside
from evidence.redaction import hidden_in_journal, hidden_in_observation

ID, PAN, KEY = "439900200001011234", "6221260012345678", "00112233445566778899aabbccddeeff"


def event(**fields) -> dict:
    return {"n": 7, "t_ns": 10**15, "channel": "scanner", "dir": "event", "what": "asked", **fields}


JOURNAL = {
    "what was received": ({"hex": "0d0a"}, ["hex"]),
    "a word nobody listed": ({"reason": "no answer"}, ["reason"]),
    "words in a list": ({"shows": ["text"]}, ["shows"]),
    "a number that may be one of a card": ({"number": 6221260012345678}, ["number"]),
    "the same as a fraction": ({"number": 6221260012345678.0}, ["number"]),
    "a number that may be one of a card of 13 digits": ({"number": 4222222222222}, ["number"]),
    "a number that may be one of a telephone": ({"few": [1, 13800138000], "number": -13800138000.5}, ["few", "number"]),
    "a number of ten digits": ({"number": 9_999_999_999}, []),
    "an identity number under a harmless name": ({"role": f"x{ID}"}, ["role"]),
    "a key under a harmless name": ({"outcome": KEY}, ["outcome"]),
    "words below a harmless name": ({"role": {"name": "somebody"}}, ["role.name"]),
    "words in a part": ({"body": {"status": 200, "name": "某人", "in": {"deep": "er"}}}, ["body.name", "body.in.deep"]),
    "data used as names": ({"undeclared": {"10.0.0.1": 4}}, ["undeclared"]),
    "an identity number as a name": ({"body": {f"of{ID}": 1}}, ["body"]),
    "a name that is no word": ({"body": {7: 1}}, ["body"]),
    "parts in a list": ({"body": [{"name": 1}]}, ["body"]),
    "numbers, and what is neither": ({"seq": 4, "lux": 1.5, "same": True, "body": None, "few": [1, 2], "no": {}}, []),
    "harmless words": ({"method": "POST", "role": "admin", "outcome": "accepted"}, []),
    "moments": ({"shown_ns": 10**18, "expires_ms": 10**12}, []),
}


@pytest.mark.parametrize("what", JOURNAL)
def test_the_journal_shows_what_is_listed_and_small_numbers(what):
    fields, hidden = JOURNAL[what]
    assert hidden_in_journal(event(**fields)) == hidden


def test_an_observation_shows_what_a_verdict_rests_on_and_hides_what_was_read():
    made = Observation(
        "EHC-TRM-003",
        "read",
        "exact",
        cell={"colour": "#F39119", "tilt": 15.0},
        t_ns=10**15,
        journal=(5, 9),
        detail={"shown": "CODE", "got": "CODE", "latency_ms": 12.5},
        picture="EHC-TRM-003-shown-01-x.png",
        times=3,
    )
    assert hidden_in_observation(made.as_record()) == ["detail.shown", "detail.got"]
    assert hidden_in_observation(SetAside("EHC-TRM-003", 2, 5).as_record()) == []


@pytest.mark.parametrize("told", [ID, PAN, KEY, "a 13912345678 b"])
def test_an_observation_hides_a_number_even_where_words_are_shown(told):
    assert hidden_in_observation({"value": told, "cell": {"card": told}}) == ["value", "cell.card"]


def test_a_digest_is_shown_where_a_digest_is_measured_and_nowhere_else():
    digest = "0123456789abcdef" * 4
    assert hidden_in_observation({"measure": "firmware_sha256", "value": digest}) == []
    assert hidden_in_observation({"measure": "firmware_sha256", "value": ID}) == ["value"]
    assert hidden_in_observation({"measure": "read", "value": digest}) == ["value"]


def test_a_measured_number_is_shown_unless_it_may_be_somebodys():
    assert hidden_in_observation({"measure": "rate", "value": 4e9, "uncertainty": 0.0}) == []
    assert hidden_in_observation({"measure": "rate", "value": 13800138000, "uncertainty": 4e15}) == [
        "value",
        "uncertainty",
    ]
    assert hidden_in_observation({"measure": "expires_ms", "value": 10**12}) == []
    assert hidden_in_observation({"measure": "expires_ms", "value": ID}) == ["value"]
