"""The bench of a multi-in-one terminal: a sound card side, one that mixes, one that leaks, and what a run leaves."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from random import Random

import pytest
from certifying import certify

from fixtures import cards
from fixtures.card_deck import SyntheticDeck
from rigs.number_search import numbers_in_files
from rigs.pcsc_daemon import missing_programs
from steps.cards import shuffled_deck

BENCH = ("--bench", "rigs/benches/emulated-multi-in-one.toml")
ROWS = ("EHC-TRM-019", "EHC-TRM-020", "EHC-TRM-021", "EHC-TRM-022")
SEED = 7
missing = [*missing_programs(), *([] if importlib.util.find_spec("smartcard") else ["pyscard"])]
pytestmark = pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


def test_one_record_of_two_cards_is_a_failure(tmp_path):
    ended = certify(tmp_path / "run", *BENCH, "--defect", "mixes-records", "--only", "EHC-TRM-021")
    assert ended.verdicts["EHC-TRM-021"] == "FAIL", ended.said
    assert ended.exit_code == 1


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(1, 4))
def test_a_sound_terminal_passes_whatever_the_seed_and_its_run_holds_no_number(seed, tmp_path):
    ended = certify(tmp_path / "run", *BENCH, "--seed", str(seed), "--only", *ROWS, timeout_s=1700)
    assert ended.planned() == dict.fromkeys(ROWS, "PASS"), ended.said
    assert _numbers_told(ended, shown_deck(seed) + bank_deck(seed)) == set()


@pytest.mark.parametrize(
    "defect",
    [
        pytest.param((), marks=pytest.mark.nightly),
        ("--defect", "leaks-pan"),
        pytest.param(("--defect", "pan-on-scanner-line"), marks=pytest.mark.nightly),
    ],
)
def test_no_number_of_a_bank_card_is_in_anything_a_run_leaves_not_even_of_a_terminal_that_leaks_it(defect, tmp_path):
    ended = certify(tmp_path / "run", *BENCH, "--seed", str(SEED), *defect, "--only", "EHC-TRM-022")
    assert ended.verdicts["EHC-TRM-022"] == ("FAIL" if defect else "PASS"), ended.said
    deck = bank_deck(SEED)
    assert "999999" in (ended.folder / "observations.jsonl").read_text(encoding="utf-8")
    assert deck[0].parts["number"] in (ended.folder / "observations.jsonl").read_text(encoding="utf-8")
    assert _numbers_told(ended, deck) == set()


def _numbers_told(ended, deck) -> set[str]:
    """Names of secrets that stand in a file of the run, or in what the command said."""
    said = ended.folder.parent / "said"
    said.write_text(ended.said, encoding="utf-8")
    secrets = {f"{n} {name}": number for n, card in enumerate(deck) for name, number in card.secrets.items()}
    return {f"{name}: {file}" for name, file in numbers_in_files(secrets, [Path(ended.folder), said])}


def bank_deck(seed: int) -> list[cards.CardInHand]:
    """The bank cards EHC-TRM-022 shows with a seed."""
    chance = Random(f"{seed}/EHC-TRM-022")
    chips = [cards.contactless_bank_card(chance) for _ in range(12)]
    return chips + [cards.bank_stripe_card(chance) for _ in range(8)]


def shown_deck(seed: int) -> list[cards.CardInHand]:
    """Cards with secrets that EHC-TRM-020 shows with a seed."""
    deck = shuffled_deck(Random(f"{seed}/EHC-TRM-020"), SyntheticDeck())
    return [card for card in deck if card.secrets]
