"""A stimulus from what was typed: values of the laboratory's parameters, colours, error correction."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from certification.errors import PlanError
from fixtures.card_codes import static_code
from rigs.optics.conditions import Conditions, Sensor
from rigs.optics.parameters import PARAMETERS, Parameter
from rigs.optics.stimulus import Appearance, Stimulus, Symbol, colour_from_hex


@dataclass(frozen=True)
class Wanted:
    """What a stimulus is to be.

    Attributes:
        values: values of parameters by name.
        colours: colours by the name of the appearance's field, ``#RRGGBB``.
        ec_level: error correction.
        two: whether two codes are to be in view.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    ec_level: str = "M"
    two: bool = False

    def stimulus(self, chance: Random) -> Stimulus:
        """A card code nobody holds, drawn at random, under these conditions."""
        count = 2 if self.two or "torn" in self.values else 1
        symbols = tuple(
            Symbol(static_code(chance).encode(), ec_level=self.ec_level, mask=chance.randrange(8)) for _ in range(count)
        )
        looks: dict[str, Any] = {name: colour_from_hex(colour) for name, colour in self.colours.items()}
        seed = chance.randrange(2**31)
        stimulus = Stimulus(symbols, Appearance(**looks), conditions=Conditions(sensor=Sensor(seed=seed)))
        for name, value in self.values.items():
            stimulus = PARAMETERS[name].put(stimulus, value)
        return stimulus

    def at(self, parameter: Parameter, value: float) -> Wanted:
        """The same with another value of one parameter."""
        return replace(self, values={**self.values, parameter.name: value})

    def told(self) -> str:
        """What was set, for people."""
        parts = [f"{name} {value:g}{_behind(PARAMETERS[name].unit)}" for name, value in self.values.items()]
        parts += [f"{name} {colour}" for name, colour in self.colours.items()]
        return ", ".join([*parts, f"EC {self.ec_level}", *(["two codes"] if self.two else [])])


def checked(parameter: Parameter, value: float, where: str) -> float:
    """A value within the parameter's range.

    Raises:
        PlanError: it is not.
    """
    unit = _behind(parameter.unit)
    if not math.isfinite(value) or not parameter.low <= value <= parameter.high:
        raise PlanError(
            f"{parameter.name} {value:g} is outside {parameter.low:g} … {parameter.high:g}{unit}",
            where=where,
            remedy="docs/optics.md lists every parameter with its range",
        )
    if parameter.whole and value != int(value):
        raise PlanError(f"{parameter.name} is a count", where=where, remedy="give a whole number")
    return value


def parameter_named(name: str, where: str) -> Parameter:
    """A parameter by its name.

    Raises:
        PlanError: there is none.
    """
    if name not in PARAMETERS:
        raise PlanError(
            f"there is no parameter {name!r}", where=where, remedy=f"choose one of {', '.join(sorted(PARAMETERS))}"
        )
    return PARAMETERS[name]


def _behind(unit: str) -> str:
    return "" if unit == "1" else unit if unit == "°" else f" {unit}"
