"""Odd inputs for each parser in this process; ten million of them are the sample of EHC-PLT-015 in the full plan."""

from __future__ import annotations

import time
from itertools import islice
from random import Random

import pytest

from fixtures.mutations import mutated
from reference_impl.door.parser_process import PARSERS
from reference_impl.platform import close_now, open_platform
from reference_impl.refusals import RefusalError
from reference_impl.wire.errors import WireError
from steps.platform.fuzzing import PARSERS as SEEDS

INPUTS = 20_000


@pytest.fixture
def platform(tmp_path):
    opened = open_platform(tmp_path)
    yield opened
    close_now(opened)


@pytest.mark.parametrize("parser", sorted(PARSERS))
def test_a_parser_understands_or_refuses_whatever_it_is_given(parser, platform):
    parse, refused = PARSERS[parser](platform), 0
    seeds = SEEDS[parser](Random(1))
    for content in islice(mutated(seeds, Random(2)), INPUTS):
        begun = time.process_time()
        try:
            parse(content)
        except (RefusalError, WireError):
            refused += 1
        assert time.process_time() - begun < 1
    assert 0 < refused < INPUTS


def test_inputs_follow_from_their_seed():
    first, again = (list(islice(mutated([b"abc", b"{}"], Random(3)), 500)) for _ in range(2))
    assert first == again
    assert len(set(first)) > 100
