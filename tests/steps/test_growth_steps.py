"""Whether verification slows down with the cards, judged from records that take turns."""

from __future__ import annotations

import json
from itertools import pairwise
from random import Random
from types import SimpleNamespace

import pytest
from told_loads import Tale, row_of

from certification.verdicts import Verdict
from loadtests.record import Found, Reason
from loadtests.schedule import draw
from rigs import seeded_data
from rigs.bench_tables.load import LoadTable
from rigs.errors import BenchFileError, InvalidLoadError, NotAssessedError
from steps.load import growth, offering
from steps.load.growth import LEAST_ROUNDS, MOST_ROUNDS, Base

FEW, MANY = 100_000, 10_000_000
LISTED = 380


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(offering, "SETTLING_S", 0.0)
    monkeypatch.setattr(growth.time, "sleep", lambda _: None)


def told(middle_ms=4.0, number=0, **others):
    """A round whose latencies scatter around a middle, each round's a little differently."""
    random = Random(number)
    times = [(middle_ms * random.lognormvariate(0, 0.3), 1) for _ in range(400)]
    return Tale([("hold", 20, {})], times_ms={"hold": times}, **others)


def timed(folder, tales, sizes=(FEW, MANY), table=None):
    row = row_of("EHC-PRF-004", folder, *tales, table=table or LoadTable())
    bases = []
    for cards in sizes:
        listed = folder / f"{cards}.jsonl"
        listed.write_text("".join(json.dumps({"card_id": f"{n:064X}"}) + "\n" for n in range(LISTED)))
        bases.append(Base(cards, row.platform, listed))
    found = growth.time_both(row.sampler, Random(1), (bases[0], bases[1]))
    growth.observe_growth(row.sampler, Random(1), found)
    growth.integrity_of_both(row.sampler, found)
    return row


def in_turns(few, many, rounds):
    """Loads in the order in which they are offered: two that warm, then rounds that take turns about who is first."""
    yield from (told(), told())
    for number in range(rounds):
        pair = [few(number), many(number)]
        yield from pair if number % 2 == 0 else reversed(pair)


def grown(factor, rounds=LEAST_ROUNDS, **others):
    return list(in_turns(lambda n: told(4.0, n), lambda n: told(4.0 * factor, n + 100, **others), rounds))


def test_no_growth_between_the_registered_bases_is_met(tmp_path):
    row = timed(tmp_path, grown(1.0))
    assert row.verdict is Verdict.PASS, (row.broken(), row.open())
    assert len(row.plans) == 2 + 2 * LEAST_ROUNDS


def test_growth_breaks_the_row_and_nothing_else(tmp_path):
    row = timed(tmp_path, grown(1.6))
    assert row.verdict is Verdict.FAIL
    assert row.broken() == {"verification_p95_growth"}
    sizes = {one.cell["cards"]: one.value for one in row.observations if one.measure == "verification_p95"}
    assert sizes[MANY] / sizes[FEW] == pytest.approx(1.6, rel=0.1)


def test_growth_at_the_limit_is_looked_at_longer_and_then_left_open(tmp_path):
    row = timed(tmp_path, grown(1.2, MOST_ROUNDS))
    assert row.verdict is Verdict.INCONCLUSIVE
    assert len(row.plans) > 2 + 2 * LEAST_ROUNDS


def test_smaller_bases_and_shorter_loads_can_only_break_it(tmp_path):
    for number, (sizes, seconds) in enumerate([((1000, 10_000), None), ((FEW, MANY), 12.0)]):
        sound, slow = tmp_path / f"sound{number}", tmp_path / f"slow{number}"
        sound.mkdir()
        slow.mkdir()
        table = LoadTable(seconds=seconds)
        assert timed(sound, grown(1.0), sizes, table).verdict is Verdict.INCONCLUSIVE
        assert timed(slow, grown(1.6), sizes, table).verdict is Verdict.FAIL


@pytest.mark.parametrize("reason", [{"refused": {"http-503": 40}}, {"errors": {"timeout": 40}}])
def test_a_larger_base_that_answers_fewer_is_slower(tmp_path, reason):
    row = timed(tmp_path, grown(1.0, stage_totals={"hold": reason}))
    assert row.broken() == {"verification_p95_growth"}


@pytest.mark.parametrize(
    ("fault", "measure"),
    [
        ({"totals": {"wrong_persons": Found(1, ("T0001",))}}, "wrong_persons"),
        ({"totals": {"reused_accepted": Found(1, ("T0001",))}}, "reused_codes_accepted"),
    ],
)
def test_one_wrong_answer_in_any_round_breaks_the_row(tmp_path, fault, measure):
    row = timed(
        tmp_path, list(in_turns(lambda n: told(4.0, n, **(fault if n == 3 else {})), lambda n: told(4.0, n), 6))
    )
    assert row.broken() == {measure}


def test_rounds_meet_the_same_arrivals_and_ask_for_cards_of_their_own(tmp_path):
    row = timed(tmp_path, grown(1.0))
    rounds = row.plans[2:]
    seeds = [plan.seed for plan in rounds]
    assert [one == other for one, other in pairwise(seeds)] == [n % 2 == 0 for n in range(len(seeds) - 1)]
    asked = [
        frozenset(plan.population.read_text().splitlines())
        for plan in rounds
        if plan.population.name.endswith(f"{FEW}.jsonl")
    ]
    assert len(asked) == LEAST_ROUNDS
    assert len(frozenset().union(*asked)) == sum(map(len, asked)) == LEAST_ROUNDS * LISTED // (MOST_ROUNDS + 1)
    assert sum(plan.stages[0].seconds for plan in rounds) == 2 * 120


def test_a_verification_that_is_timed_is_of_a_card_that_nothing_else_has_had_looked_up(tmp_path):
    row = timed(tmp_path, grown(1.0))
    for plan in row.plans[2:]:
        assert (dict(plan.mix), plan.reuse_share) == ({"verification": 1.0}, 0.0)
    warm, first = (frozenset(plan.population.read_text().splitlines()) for plan in row.plans[1:3])
    assert not warm & first
    # A card each, of those that are listed of a real base.
    assert all(draw(plan).requests < seeded_data.LISTED // (MOST_ROUNDS + 1) for plan in row.plans[2:])


def test_what_shows_while_a_platform_is_warmed_breaks_the_row_too(tmp_path):
    tales = grown(1.0)
    tales[0] = told(totals={"reused_accepted": Found(1, ("T0001",))})
    row = timed(tmp_path, tales)
    assert row.broken() == {"reused_codes_accepted"}
    assert {(plan.mix["generation"] > 0, plan.reuse_share) for plan in row.plans[:2]} == {(True, growth.WARM_REUSE)}


LATE = {"totals": {"invalid": (Reason("迟发", "was late"),)}}


def test_a_round_that_was_not_as_planned_is_offered_again_and_shows_nothing(tmp_path):
    tales = grown(1.0)
    tales[4:4] = [told(400.0, **LATE)] * growth.AGAIN
    row = timed(tmp_path, tales)
    assert row.verdict is Verdict.PASS, (row.broken(), row.open())
    assert len({plan.seed for plan in row.plans[4 : 5 + growth.AGAIN]}) == 1


def test_rounds_that_are_never_as_planned_are_the_generators_fault(tmp_path):
    with pytest.raises(InvalidLoadError, match="was late"):
        timed(tmp_path, [told(), told()] + [told(**LATE)] * (1 + growth.AGAIN))


def bench_of(table, reference=True):
    platform = SimpleNamespace(reference=SimpleNamespace() if reference else None)
    bench = SimpleNamespace(file=SimpleNamespace(load=table, platform=platform))
    return SimpleNamespace(run=SimpleNamespace(bench=bench))


def test_a_platform_at_a_url_is_not_assessed():
    with pytest.raises(NotAssessedError, match="only a platform that the bench starts"):
        next(growth.bases(bench_of(LoadTable(), reference=False)))


def test_a_larger_base_that_is_not_larger_is_a_wrong_bench():
    with pytest.raises(BenchFileError, match="cards_large"):
        next(growth.bases(bench_of(LoadTable(cards_small=10, cards_large=10))))
