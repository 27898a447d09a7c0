"""An answer that names the right card and describes somebody else is another person's."""

from __future__ import annotations

import pytest

from loadtests.holders import Holders

FIRST = {"id_no": "439900199001010015", "name": "压测甲甲"}
SECOND = {"id_no": "439900199001010023", "name": "压测甲甲"}
MASKED = {"id_no": "4399**********0015", "name": "压测甲甲"}


def test_the_same_person_again_contradicts_nothing() -> None:
    holders = Holders()
    assert not any(holders.contradicts("hn-a", card, told) for card, told in [("A", FIRST), ("B", SECOND)] * 3)


def test_a_card_told_of_somebody_else_is_found() -> None:
    holders = Holders()
    assert not holders.contradicts("hn-a", "A", FIRST)
    assert holders.contradicts("hn-a", "A", {**FIRST, "name": "压测甲乙"})
    assert holders.contradicts("hn-a", "A", SECOND)
    assert not holders.contradicts("hn-a", "A", FIRST)


@pytest.mark.parametrize("told", [FIRST, {**MASKED, "mindex_id": "0F" * 16}])
def test_a_person_told_of_a_second_card_is_found_though_that_card_is_new(told: dict[str, str]) -> None:
    holders = Holders()
    assert not holders.contradicts("hn-a", "A", told)
    assert holders.contradicts("hn-a", "B", told)
    assert not holders.contradicts("hn-a", "B", SECOND)


def test_where_the_number_is_masked_two_people_may_look_alike() -> None:
    holders = Holders()
    assert not holders.contradicts("city-xml", "A", MASKED)
    assert not holders.contradicts("city-xml", "B", MASKED)


def test_dialects_that_tell_differently_do_not_contradict_each_other_and_one_that_tells_nothing_never_does() -> None:
    holders = Holders()
    assert not holders.contradicts("hn-a", "A", FIRST)
    assert not holders.contradicts("city-xml", "A", MASKED)
    assert not holders.contradicts("other", "A", {"ehealth_card_id": "A"})
