"""No codec raises anything but its own error on any bytes, and none cares how the bytes were cut into pieces."""

from __future__ import annotations

import dataclasses
import types
from contextlib import suppress
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rigs.protocols import honeywell
from tests.fuzzing.codecs import (
    PACKAGE,
    Measure,
    Reader,
    WayIn,
    measures,
    modules,
    own_errors,
    readers,
    tokens,
    ways_in,
)

_MODULES = {module.__name__: module for module in modules()}
quickly = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def messages(module: types.ModuleType) -> st.SearchStrategy[bytes]:
    """What means something to a codec."""
    return st.sampled_from(sorted(tokens(module)) or [b"\0"])


@cache
def streams(module: types.ModuleType) -> st.SearchStrategy[bytes]:
    """Noise with what means something to a codec in it, whole and in pieces."""
    known = messages(module)
    begun = known.flatmap(lambda token: st.integers(0, len(token)).map(lambda end: token[:end]))
    spoilt = st.tuples(known, st.integers(0, 600), st.integers(1, 255)).map(lambda args: _spoilt(*args))
    return st.lists(known | begun | spoilt | st.binary(max_size=12), max_size=10).map(b"".join)


def _spoilt(token: bytes, where: int, how: int) -> bytes:
    at = where % len(token)
    return token[:at] + bytes((token[at] ^ how,)) + token[at + 1 :]


def _module(name: str) -> types.ModuleType:
    return _MODULES[f"{PACKAGE}.{name.split('.', maxsplit=1)[0]}"]


@pytest.mark.parametrize("way", ways_in(), ids=lambda way: way.name)
def test_no_codec_raises_anything_but_its_own_error(way: WayIn) -> None:
    errors = own_errors()

    @quickly
    @given(streams(_module(way.name)))
    def feed(data: bytes) -> None:
        with suppress(*errors):
            way.call(data)

    feed()


@pytest.mark.parametrize("reader", readers(), ids=lambda reader: reader.name)
def test_messages_do_not_depend_on_how_the_bytes_were_cut(reader: Reader) -> None:
    @quickly
    @given(streams(_module(reader.name)), st.binary(max_size=4), st.lists(st.integers(0, 200), max_size=6))
    def feed(data: bytes, how: bytes, cuts: list[int]) -> None:
        whole = [reader.feed(reader.make(how), data)]
        one = reader.make(how)
        ends = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
        pieces = [reader.feed(one, data[start:end]) for start, end in pairwise(ends)]
        assert _joined(pieces) == _joined(whole)

    feed()


def _joined(outcomes: list[Any]) -> Any:
    """What several calls of ``feed`` returned, as one call would have."""
    first = outcomes[0]
    if dataclasses.is_dataclass(first) and not isinstance(first, type):
        names = [field.name for field in dataclasses.fields(first)]
        return tuple(_joined([getattr(outcome, name) for outcome in outcomes]) for name in names)
    joined = first
    for outcome in outcomes[1:]:
        joined = joined + outcome
    return joined


@pytest.mark.parametrize("measure", measures(), ids=lambda measure: measure.name)
def test_a_message_is_measured_when_it_is_whole_and_not_before(measure: Measure) -> None:
    module = _module(measure.name)
    known = sorted(tokens(module))
    measured = set()

    @quickly
    @given(streams(module), st.binary(max_size=80))
    def look(behind: bytes, how: bytes) -> None:
        others = measure.others(how)
        others |= {"sent": honeywell.command("CBRENA?,MIN?;QRCENA1")} if "sent" in others else {}
        for first in known:
            data = first + behind
            if length := measure.function(data, **others):
                measured.add(first)
                whole = data[:length]
                assert measure.function(whole, **others) == length == len(whole)
                assert {measure.function(whole[:end], **others) for end in range(1, length)} <= {0}

    look()
    assert measured, "no message of this codec was ever whole: add one to EXAMPLES"
