"""By how much p95 grew is what the latencies say, and as uncertain as rounds differ."""

from random import Random

import numpy as np
import pytest

from steps.load.growing import Rounds, percentile


def latencies(random, middle, answers=600):
    """A round's histogram, its values as coarse as a recorded one's."""
    values, counts = np.unique(np.round(middle * random.lognormal(0, 0.4, answers), 3), return_counts=True)
    return list(zip(values.tolist(), counts.tolist(), strict=True))


def rounds(random, growth, number=6, machine=lambda _: 1.0, one_only=lambda _: 1.0):
    return Rounds(
        [latencies(random, 4.0 * machine(n)) for n in range(number)],
        [latencies(random, 4.0 * growth * machine(n) * one_only(n)) for n in range(number)],
    )


def test_a_percentile_is_that_of_all_answers_of_all_rounds():
    assert percentile([[(1.0, 94), (9.0, 1)], [(2.0, 5)]]) == 2.0
    assert percentile([[(1.0, 94), (9.0, 6)]]) == 9.0
    assert percentile([[(3.0, 50)], [(1.0, 50)]], 0.5) == 1.0


@pytest.mark.parametrize("growth", [1.0, 1.2, 3.0])
def test_growth_lies_within_its_uncertainty(growth):
    random, outside = np.random.default_rng(1), 0

    for _ in range(10):
        measured = rounds(random, growth)
        off = abs(measured.growth() - (growth - 1) * 100)
        outside += off > measured.uncertainty(Random(1))
    assert outside <= 3


def test_what_slows_the_machine_in_a_round_slows_both():

    measured = rounds(np.random.default_rng(2), 1.0, machine=lambda n: 4.0 if n == 2 else 1.0)
    assert abs(measured.growth()) < 20
    assert measured.growth() - measured.uncertainty(Random(1)) < 20


def test_a_round_unlike_the_others_makes_the_growth_uncertain():

    measured = rounds(np.random.default_rng(3), 1.0, one_only=lambda n: 6.0 if n == 2 else 1.0)
    assert measured.uncertainty(Random(1)) > 20
