from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from fixtures.forgeries import FAMILIES, Genuine, forgeries
from reference_impl.codes.tokens import EPOCH_MS, TokenKeys, issue
from reference_impl.codes.verification import ACTIVE, Verification
from reference_impl.refusals import RefusalError
from reference_impl.storage.batch import CardRow

NOW_MS = EPOCH_MS + 200_000_000_000
CARDS = [f"{number:064X}" for number in (0xA7, 0xB8, 0xC9)]
KEYS = TokenKeys({1: bytes(range(32))}, 1, {})


def genuine(chance: Random) -> list[Genuine]:
    return [Genuine(card, token) for card in CARDS for token in issue(KEYS, card, NOW_MS, chance.randbytes, 4)]


def accepts(text: str) -> bool:
    rule = Verification(KEYS, 60_000)
    try:
        code = rule.read(text)
        card = CardRow(1, ACTIVE, 0, "", b"") if code.card_id in CARDS else None
        rule.judge(code, card, NOW_MS)
    except RefusalError:
        return False
    return True


def test_the_codes_forgeries_are_made_from_are_good():
    assert all(accepts(f"{code.card_id}:0:{code.token}") for code in genuine(Random(1)))


@pytest.mark.parametrize("seed", range(4))
def test_no_forgery_is_accepted_and_none_is_a_genuine_code(seed):
    chance = Random(seed)
    codes = genuine(chance)
    known = {f"{code.card_id}:0:{code.token}" for code in codes} | {f"{card}:1" for card in CARDS}
    for forged in islice(forgeries(codes, chance), 5000):
        assert forged.text not in known, forged.family
        assert not accepts(forged.text), forged.family


def test_a_card_id_in_lower_case_is_tried_with_a_token_as_it_was_issued():
    codes, chance = genuine(Random(1)), Random(1)
    alone = {f"{code.card_id.lower()}:0:{code.token}" for code in codes}
    assert alone & {forged.text for forged in islice(forgeries(codes, chance), 1000)}


def test_the_same_seed_forges_the_same_codes():
    codes = genuine(Random(1))
    first, again = (list(islice(forgeries(codes, Random(5)), 200)) for _ in range(2))
    assert first == again
    assert {forged.family for forged in first} == set(FAMILIES)
