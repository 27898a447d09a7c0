"""The sentences of steps: each is written in both languages, and a feature uses one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_bdd.parser import Step
from pytest_bdd.steps import step_function_context_registry

_KEYWORDS = {
    "given": ("假如", "Given"),
    "when": ("当", "When"),
    "then": ("那么", "Then"),
    "and": ("并且", "And"),
    "but": ("但是", "But"),
}


def sentences_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Every sentence a step function is written under."""
    return tuple(one.parser.name for one in step_function_context_registry.values() if one.step_func is function)


def both_languages(step: Step, function: Callable[..., Any]) -> str:
    """A step with its keyword in Chinese, and behind it in English; as its feature has it where one is missing."""
    said = {is_chinese(sentence): sentence for sentence in (*sentences_of(function), step.name)}
    zh, en = _keywords(step)
    return " · ".join(
        f"{keyword}{said[chinese]}" for chinese, keyword in ((True, zh), (False, f"{en} ")) if chinese in said
    )


def _keywords(step: Step) -> tuple[str, str]:
    """The Gherkin keyword of a step, one that only goes on as such."""
    own = step.keyword.strip()
    return _KEYWORDS[next((kind for kind, words in _KEYWORDS.items() if own in words), step.type)]


def is_chinese(text: str) -> bool:
    """Whether a sentence is Chinese."""
    return any("\u4e00" <= character <= "\u9fff" for character in text)
