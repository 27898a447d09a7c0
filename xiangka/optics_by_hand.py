"""What a sweep may ask of a bench, and of the person who sets a stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from certification.errors import PlanError
from rigs.bench_file import BenchFile
from rigs.optics.parameters import Parameter
from rigs.roles import Setting
from rigs.roles.stage import USUAL
from xiangka.optics_stimulus import Wanted
from xiangka.unbound import unbound_roles

ON_A_STAGE: Mapping[str, str] = {
    "distance": "distance_mm",
    "brightness": "brightness_percent",
    "ambient": "illuminance_lx",
    "polariser": "polariser_deg",
}
"""Parameters a person can set where the bench does not draw them, and the field of the setting that each one is."""


def refuse_bench(file: BenchFile, path: Path) -> None:
    """Refuse a bench on which nothing can be swept.

    Raises:
        PlanError: it is one for a platform, or nothing on it changes distance and light.
    """
    if file.subject == "platform":
        raise PlanError("is a bench for a platform", where=str(path), remedy="name a bench for a terminal")
    if "stage" in unbound_roles(file):
        raise PlanError(
            "nothing and nobody on the bench changes distance and light",
            where=str(path),
            remedy="add a table [stage], or use a bench whose presenter is a frame port",
        )


def by_hand(file: BenchFile, parameter: Parameter, wanted: Wanted) -> Wanted:
    """What is wanted as a person can set it, what stays as usual named.

    Raises:
        PlanError: something of it cannot be set by a person, or not on this bench.
    """
    for name in (parameter.name, *wanted.values):
        if name not in ON_A_STAGE:
            raise PlanError(
                f"nobody can set {name} on this bench",
                where="--parameter" if name == parameter.name else f"--{name}",
                remedy=f"only {', '.join(ON_A_STAGE)} there, or use a bench whose presenter is a frame port",
            )
        if name == "ambient" and file.lux_meter is None:
            raise PlanError(
                "nothing on the bench measures light",
                where="ambient",
                remedy="add a table [lux_meter] to the bench file",
            )
    usual = {"distance": USUAL.distance_mm, "brightness": USUAL.brightness_percent}
    usual.pop(parameter.name, None)
    return replace(wanted, values={**usual, **wanted.values})


def setting_of(wanted: Wanted) -> Setting:
    """The setting of the stage that is wanted."""
    return replace(USUAL, **{ON_A_STAGE[name]: value for name, value in wanted.values.items()})
