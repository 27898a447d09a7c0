"""Tells Allure the story of a scenario: its requirement, its Gherkin steps, and inside each the pictures it kept."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import allure
import allure_commons
import pytest
from allure_commons.model2 import TestResult
from allure_commons.types import LabelType
from pytest_bdd.parser import Feature, Scenario, Step

from fixtures.evidence import Evidence
from fixtures.run import RUN
from steps.sentences import both_languages

_ROOT = f"{Path(__file__).resolve().parents[1]}/"
_OPEN = pytest.StashKey[tuple[Any, int]]()


class _NothingOfTheMachine:
    """Takes out of a result, before it is written, what names the computer of the run and its folders."""

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: TestResult) -> None:
        """Drop the host's name, and tell files by their place in the project."""
        result.labels = [label for label in result.labels if label.name != LabelType.HOST]
        result.description = _from_root(result.description)
        if result.statusDetails is not None:
            result.statusDetails.trace = _from_root(result.statusDetails.trace)


def _from_root(text: str | None) -> str | None:
    return text and text.replace(_ROOT, "")


def pytest_configure(config: pytest.Config) -> None:
    """Look at every result before it is written, as long as this session lasts."""
    plugin = _NothingOfTheMachine()
    allure_commons.plugin_manager.register(plugin)
    config.add_cleanup(lambda: allure_commons.plugin_manager.unregister(plugin))


def pytest_bdd_before_scenario(request: pytest.FixtureRequest, feature: Feature, scenario: Scenario) -> None:
    """Name the scenario by its requirement, in both languages, and link it to its place in the report."""
    marker = request.node.get_closest_marker("requirement")
    run = request.config.stash.get(RUN, None)
    if marker is None or run is None:
        return
    requirement = run.catalogue[marker.args[0]]
    allure.dynamic.title(f"{requirement.id} {requirement.title.zh} · {scenario.name}")
    texts = (requirement.criterion_text.zh, requirement.criterion_text.en)
    allure.dynamic.description_html("".join(f"<p>{escape(text)}</p>" for text in texts))
    allure.dynamic.feature(feature.name)
    allure.dynamic.tag(requirement.id, str(requirement.level))
    # as seen from the page made of these results, which stands in a folder beside that of the run
    place = f"../{quote(run.evidence.folder.resolve().name)}/report.html#{requirement.id}"
    allure.dynamic.link(place, name=f"{requirement.id} {requirement.title.en}")


def pytest_bdd_before_step_call(request: pytest.FixtureRequest, step: Step, step_func: Callable[..., Any]) -> None:
    """Open the step."""
    run = request.config.stash.get(RUN, None)
    opened = allure.step(both_languages(step, step_func))
    opened.__enter__()
    request.node.stash[_OPEN] = (opened, 0 if run is None else len(run.evidence.observations))


def pytest_bdd_after_step(request: pytest.FixtureRequest) -> None:
    """Attach what the step kept, and close it."""
    _close(request, None)


def pytest_bdd_step_error(request: pytest.FixtureRequest, step_func: Callable[..., Any], exception: Exception) -> None:
    """Attach what the step kept, and close it as broken."""
    del step_func
    _close(request, exception)


def _close(request: pytest.FixtureRequest, error: Exception | None) -> None:
    found = request.node.stash.get(_OPEN, None)
    if found is None:
        return
    opened, first = found
    run = request.config.stash.get(RUN, None)
    if run is not None:
        _attach_pictures(run.evidence, first)
    opened.__exit__(None if error is None else type(error), error, None)
    del request.node.stash[_OPEN]


def _attach_pictures(evidence: Evidence, first: int) -> None:
    for observation in evidence.observations[first:]:
        if observation.picture is not None:
            allure.attach.file(
                str(evidence.folder / "pictures" / observation.picture),
                name=f"{observation.value} {' '.join(str(v) for v in observation.cell.values())}",
                attachment_type=allure.attachment_type.PNG,
            )
