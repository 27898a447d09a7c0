"""The sentences of steps: each is written in both languages, and a feature uses one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_bdd.parser import Step
from pytest_bdd.steps import step_function_context_registry

_KEYWORDS = {"given": "假如", "when": "当", "then": "那么", "and": "并且", "but": "但是"}
"""Gherkin keywords of the English features, by their Chinese ones."""


def sentences_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Every sentence a step function is written under."""
    return tuple(
        one.parser.name for one in step_function_context_registry.values() if one.step_func is function and one.type
    )


def both_languages(step: Step, function: Callable[..., Any]) -> str:
    """A step as it stands in its feature, with its keyword, and behind it what it says in the other language."""
    own = f"{step.keyword} {step.name}".strip()
    other = [said for said in sentences_of(function) if is_chinese(said) is not is_chinese(step.name)]
    if not other:
        return own
    if not is_chinese(step.name):
        return f"{own} · {_KEYWORDS.get(step.keyword.lower().strip(), '')}{other[0]}"
    return f"{own} · {other[0]}"


def is_chinese(text: str) -> bool:
    """Whether a sentence is Chinese."""
    return any("\u4e00" <= character <= "\u9fff" for character in text)
