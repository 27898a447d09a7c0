"""Answers of which nothing holds but what is promised: fields in any order, empty ones perhaps left out, strangers in.

No dialect promises an order of its fields, or that one without content is there at all, or that there will never be
one more. Whoever reads fields by their names and takes a missing one for an empty one notices none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import TypeVar

from reference_impl.wire.exchange import Biz

Value = TypeVar("Value")

DROPPED = 0.5
"""Chance of an empty field to be left out."""
ADDED = 0.5
"""Chance of an answer to hold a field that nobody has heard of."""
STRANGER = "x_strict_"
"""What the name of such a field begins with; a number follows, so that nobody gets used to it."""

_STRANGERS = 1000


class UnpromisedAnswers:
    """Changes the business fields of answers before they are sealed.

    Args:
        chance: what the choices are drawn from.
    """

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def __call__(self, biz: Biz) -> Biz:
        """Return what the same answer may look like as well; one without any field stays so."""
        if not biz:
            return biz
        chance = self._chance
        fields = {name: value for name, value in biz.items() if value != "" or chance.random() >= DROPPED}
        if chance.random() < ADDED:
            value = f"{chance.getrandbits(32):08x}"
            height = _height(biz)
            fields[f"{STRANGER}{chance.randrange(_STRANGERS)}"] = value if height is None else (value,) * height
        return self.in_any_order(fields)

    def in_any_order(self, fields: Mapping[str, Value], /) -> Mapping[str, Value]:
        """Return the same fields in an order drawn anew; an ``Order``."""
        names = list(fields)
        self._chance.shuffle(names)
        return {name: fields[name] for name in names}


def _height(biz: Biz) -> int | None:
    """Return how many rows an answer of columns has, None for one that is no table: a table stays one."""
    heights = {None if isinstance(value, str) else len(value) for value in biz.values()}
    return heights.pop() if len(heights) == 1 else None
