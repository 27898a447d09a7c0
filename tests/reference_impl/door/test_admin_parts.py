"""What the admin page is made of: whole, of one place, with a word for every code."""

import re

from reference_impl.door.admin import page
from reference_impl.door.admin.words import all_words
from reference_impl.keys.purposes import PROVINCE, PURPOSES
from reference_impl.refusals import OUTCOMES


def test_every_part_of_the_page_can_be_fetched_and_names_no_other_place():
    for name, (content, _) in page._parts().items():
        assert not re.findall(rb"https?://(?!www\.w3\.org/)", content), name


def test_every_purpose_of_a_key_has_a_word():
    assert {*PURPOSES, PROVINCE} <= set(all_words()["purpose"])


def test_every_outcome_has_both_its_words():
    assert all_words()["outcome"].keys() == OUTCOMES.keys()
    assert all(zh and en for table in all_words().values() for zh, en in table.values())
