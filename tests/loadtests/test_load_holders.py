"""An answer that names the right card and describes somebody else is another person's."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from loadtests.asking import Question, query, registering, static_code, verification
from loadtests.callers import Asker
from loadtests.holders import Holders
from loadtests.people import beforehand, registration

FIRST = {"id_no": "439900199001010015", "name": "压测甲甲"}
SECOND = {"id_no": "439900199001010023", "name": "压测甲甲"}
MASKED = {"id_no": "4399**********0015", "name": "压测甲甲"}
MINDEX = "0F" * 16
A, B, C = "A" * 64, "B" * 64, "C" * 64


def asker(dialect: str = "hn-a", app_id: str = "app") -> Asker:
    client: Any = None
    return Asker(dialect, app_id, "T01", client)


def reading(card_id: str) -> Question:
    return verification("T-1", static_code(card_id))


def look_up(card_id: str) -> Question:
    return query("T-2", card_id)


ONE = asker()


def test_the_same_person_again_contradicts_nothing() -> None:
    holders = Holders()
    assert not any(holders.contradicts(reading(card), ONE, told) for card, told in [(A, FIRST), (B, SECOND)] * 3)


def test_a_card_told_of_somebody_else_is_found() -> None:
    holders = Holders()
    assert not holders.contradicts(reading(A), ONE, FIRST)
    assert holders.contradicts(reading(A), ONE, {**FIRST, "name": "压测甲乙"})
    assert holders.contradicts(reading(A), ONE, SECOND)
    assert not holders.contradicts(reading(A), ONE, FIRST)


@pytest.mark.parametrize("told", [FIRST, {**MASKED, "mindex_id": MINDEX}])
def test_a_person_told_of_a_second_card_is_found_though_that_card_is_new(told: dict[str, str]) -> None:
    holders = Holders()
    assert not holders.contradicts(reading(A), ONE, told)
    assert holders.contradicts(look_up(B), ONE, told)
    assert not holders.contradicts(look_up(B), ONE, SECOND)


def test_where_the_number_is_masked_two_people_may_look_alike() -> None:
    holders = Holders()
    assert not holders.contradicts(reading(A), asker("city-xml"), MASKED)
    assert not holders.contradicts(reading(B), asker("city-xml"), MASKED)


@pytest.mark.parametrize("less", [MASKED, {**FIRST, "name": "压**甲"}, {"id_no": FIRST["id_no"]}, {"name": "压测甲甲"}])
@pytest.mark.parametrize(
    ("question", "other"), [(reading(A), ONE), (look_up(A), asker("city-xml")), (look_up(A), asker(app_id="another"))]
)
def test_who_may_be_told_less_contradicts_nobody(less: dict[str, str], question: Question, other: Asker) -> None:
    """A number is masked where a code is read and not where a card is looked up, or for one application only."""
    holders, whole = Holders(), {**FIRST, "mindex_id": MINDEX}
    for _ in range(2):
        assert not holders.contradicts(look_up(A), ONE, whole)
        assert not holders.contradicts(question, other, less)
        assert not holders.contradicts(question, other, {**less, "ehealth_card_id": A})


@pytest.mark.parametrize("other", [ONE, asker("city-xml"), asker(app_id="another")])
def test_a_whole_number_is_compared_whoever_asked_and_for_whatever(other: Asker) -> None:
    holders = Holders()
    assert not holders.contradicts(look_up(A), ONE, FIRST)
    assert holders.contradicts(reading(A), other, SECOND)
    assert holders.contradicts(reading(B), other, FIRST)


def test_a_persons_id_is_compared_among_the_answers_to_one_application() -> None:
    holders, told = Holders(), {"mindex_id": MINDEX}
    assert not holders.contradicts(look_up(A), ONE, told)
    assert holders.contradicts(reading(A), ONE, {"mindex_id": "1F" * 16})
    assert holders.contradicts(reading(B), ONE, told)
    assert not holders.contradicts(reading(B), asker(app_id="another"), told)


def test_an_answer_that_tells_nothing_contradicts_nothing() -> None:
    holders = Holders()
    assert not holders.contradicts(reading(A), ONE, FIRST)
    assert not holders.contradicts(reading(A), ONE, {"ehealth_card_id": A})


def test_a_new_resident_given_a_card_that_is_somebody_elses_is_found() -> None:
    holders = Holders()
    holders.registered([A], beforehand(3, 1))
    assert holders.contradicts(registering("T-1", 1), ONE, {"ehealth_card_id": A})
    assert not holders.contradicts(registering("T-1", beforehand(3, 1)[0]), ONE, {"ehealth_card_id": A})
    assert not holders.contradicts(registering("T-2", 1), ONE, {"ehealth_card_id": B})
    assert holders.contradicts(registering("T-3", 2), ONE, {"ehealth_card_id": B})
    assert not holders.contradicts(registering("T-4", 1), ONE, {"ehealth_card_id": B})
    assert holders.contradicts(registering("T-5", 1), ONE, {"ehealth_card_id": C})


def test_who_was_registered_before_the_load_is_known_from_its_first_answer_on() -> None:
    holders = Holders()
    holders.registered([A, B], beforehand(0, 2))
    first, second = (registration(place, "") for place in beforehand(0, 2))
    assert holders.contradicts(reading(A), ONE, {"id_no": second["id_no"]})
    assert not holders.contradicts(reading(A), ONE, {"id_no": first["id_no"]})


USERS = """
import locust  # patches the standard library, which is why this is a process of its own
from types import SimpleNamespace
from loadtests.asking import registering
from loadtests.errands import Outcome
from loadtests.holders import Holders
from loadtests.users import Window

window = object.__new__(Window)
window._shop = SimpleNamespace(holders=Holders())
asker = SimpleNamespace(dialect="hn-a", app_id="app")
for place in (1, 1, 2):
    said = Outcome(0.0, biz={"ehealth_card_id": "A" * 64})
    errand = SimpleNamespace(judge=lambda reply: reply, question=registering("T-1", place), asker=asker)
    print(window._judged(errand, said).error or "right")
"""


def test_users_compare_the_card_of_a_new_resident_too() -> None:
    ended = subprocess.run([sys.executable, "-c", USERS], capture_output=True, text=True, check=False)
    assert ended.stdout.split() == ["right", "right", "wrong-person"], ended.stderr
