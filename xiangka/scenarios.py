"""Which requirements have a scenario: the tags of the feature files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gherkin.parser import Parser

from certification.catalogue import Catalogue
from certification.errors import PlanError

ROOT = Path(__file__).resolve().parent.parent
FEATURES = ROOT / "features"
UNTAGGED = "no requirement"
"""Stands for the tag of a scenario that has none, so that it is refused like an unknown one."""


@dataclass(frozen=True)
class Scenario:
    """One scenario.

    Attributes:
        requirement: id it is tagged with.
        name: its title.
        file: feature file, relative to ``features/``.
        steps: its sentences without their keywords, those of its background first.
        text: everything it says, as JSON: background, tags, tables and examples included.
    """

    requirement: str
    name: str
    file: str
    steps: tuple[str, ...]
    text: str


@cache
def all_scenarios(features: Path = FEATURES) -> list[Scenario]:
    """Every scenario of the project, in file order."""
    found = []
    for file in sorted(features.rglob("*.feature")):
        document: Any = Parser().parse(file.read_text(encoding="utf-8"))
        feature = document["feature"]
        for before, child in _scenarios_in(feature["children"], ()):
            tags = [tag["name"].removeprefix("@") for tag in [*feature["tags"], *child["tags"]]]
            steps = tuple(step["text"] for part in (*before, child) for step in part["steps"])
            text = json.dumps(_unplaced([*before, child]), ensure_ascii=False)
            where = str(file.relative_to(features))
            found += [Scenario(tag, child["name"], where, steps, text) for tag in tags or [UNTAGGED]]
    return found


def _scenarios_in(children: list[Any], before: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every scenario with the backgrounds that come before it."""
    for child in children:
        if "background" in child:
            before = (*before, child["background"])
        elif "scenario" in child:
            yield before, child["scenario"]
        elif "rule" in child:
            yield from _scenarios_in(child["rule"]["children"], before)


def _unplaced(part: Any) -> Any:
    """A part of a document without the lines it stands on and the numbers the parser gives."""
    if isinstance(part, dict):
        return {key: _unplaced(value) for key, value in part.items() if key not in ("id", "location")}
    return [_unplaced(one) for one in part] if isinstance(part, list) else part


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
