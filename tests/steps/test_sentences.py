"""Every step is written in both languages, and is told in both whichever its feature uses."""

import pytest
from pytest_bdd.parser import Step
from pytest_bdd.steps import step_function_context_registry

from steps.criterion import criterion_met
from steps.sentences import both_languages, is_chinese, sentences_of

FUNCTIONS = {
    one.step_func
    for one in step_function_context_registry.values()
    if one.step_func.__module__.startswith(("steps.", "fixtures."))
}
CRITERION = "满足需求目录中的判据", "the criterion of the catalogue is met"


def step(kind, name, keyword):
    return Step(type=kind, name=name, indent=4, line_number=1, keyword=keyword)


@pytest.mark.parametrize(
    ("keyword", "name", "told"),
    [
        ("Then", CRITERION[1], "那么满足需求目录中的判据 · Then the criterion of the catalogue is met"),
        ("And", CRITERION[1], "并且满足需求目录中的判据 · And the criterion of the catalogue is met"),
        ("那么", CRITERION[0], "那么满足需求目录中的判据 · Then the criterion of the catalogue is met"),
        ("并且", CRITERION[0], "并且满足需求目录中的判据 · And the criterion of the catalogue is met"),
    ],
)
def test_step_is_told_in_both_languages(keyword, name, told):
    assert both_languages(step("then", name, keyword), criterion_met) == told


def test_step_written_in_one_language_is_told_as_it_is():
    def single():
        """A step nobody translated."""

    assert both_languages(step("when", "it rains", "When"), single) == "When it rains"


def test_every_step_has_a_sentence_in_each_language():
    assert len(FUNCTIONS) > 60
    for function in FUNCTIONS:
        languages = {is_chinese(sentence) for sentence in sentences_of(function)}
        assert languages == {True, False}, f"{function.__module__}.{function.__qualname__}"
