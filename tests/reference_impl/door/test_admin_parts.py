"""What the admin page is made of: whole, of one place, with a word for every code."""

import re

from reference_impl.access.scopes import KINDS, LEVELS, SCOPES
from reference_impl.door.admin import page
from reference_impl.door.admin.words import all_words
from reference_impl.keys.purposes import PROVINCE, PURPOSES
from reference_impl.refusals import OUTCOMES
from reference_impl.wire.codetables import TERMINAL_TYPES
from reference_impl.wire.registry import DIALECTS


def test_every_part_of_the_page_can_be_fetched_and_names_no_other_place():
    for name, (content, _) in page._parts().items():
        assert not re.findall(rb"https?://(?!www\.w3\.org/)", content), name


def test_every_purpose_of_a_key_has_a_word():
    assert {*PURPOSES, PROVINCE} <= set(all_words()["purpose"])


def test_whatever_is_chosen_in_a_dialog_has_a_word():
    chosen = {"scope": SCOPES, "dialect": DIALECTS, "terminal_type": TERMINAL_TYPES, "level": LEVELS, "kind": KINDS}
    assert {name: set(all_words()[name]) for name in chosen} == {name: set(codes) for name, codes in chosen.items()}


def test_every_outcome_has_both_its_words():
    assert all_words()["outcome"].keys() == OUTCOMES.keys()
    assert all(zh and en for table in all_words().values() for zh, en in table.values())
