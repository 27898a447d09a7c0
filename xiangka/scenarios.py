"""Which requirements have a scenario: the tags of the feature files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gherkin.parser import Parser

from certification.catalogue import Catalogue
from certification.errors import PlanError

ROOT = Path(__file__).resolve().parent.parent
FEATURES = ROOT / "features"


@dataclass(frozen=True)
class Scenario:
    """One scenario.

    Attributes:
        requirement: id it is tagged with.
        name: its title.
        file: feature file, relative to ``features/``.
    """

    requirement: str
    name: str
    file: str


@cache
def all_scenarios(features: Path = FEATURES) -> list[Scenario]:
    """Every scenario of the project, in file order."""
    found = []
    for file in sorted(features.rglob("*.feature")):
        document: Any = Parser().parse(file.read_text(encoding="utf-8"))
        feature = document["feature"]
        for child in feature["children"]:
            scenario = child.get("scenario")
            if scenario is None:
                continue
            for tag in [*feature["tags"], *scenario["tags"]]:
                name = tag["name"].removeprefix("@")
                found.append(Scenario(name, scenario["name"], str(file.relative_to(features))))
    return found


def implemented(catalogue: Catalogue) -> frozenset[str]:
    """Requirements that have a scenario.

    Raises:
        PlanError: a scenario is tagged with a requirement the catalogue does not know.
    """
    for scenario in all_scenarios():
        if scenario.requirement not in catalogue:
            raise PlanError(
                f"scenario {scenario.name!r} is tagged {scenario.requirement!r}, which the catalogue does not know",
                where=f"features/{scenario.file}",
                remedy="correct the tag, or add the requirement",
            )
    return frozenset(scenario.requirement for scenario in all_scenarios())
