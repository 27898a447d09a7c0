"""Turns the validation of a TOML file into one sentence that names the key and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError


def first_problem(error: ValidationError, model: type[BaseModel]) -> tuple[str, str]:
    """The first problem of a file as (what, remedy), misspelt keys with the nearest right one.

    A misspelling shows up twice, as an unknown key and as a missing one; the unknown key is the one to name.
    """
    problems = sorted(error.errors(), key=lambda p: p["type"] != "extra_forbidden")
    problem = problems[0]
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        table, name = problem["loc"][:-1], str(problem["loc"][-1])
        near = difflib.get_close_matches(name, _keys_at(model, table), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(_keys_at(model, table)))}"
        return f"unknown key {key!r}", hint
    if problem["type"] == "missing":
        return f"key {key!r} is missing", "add it"
    return f"{key or 'the file'}: {problem['msg']} (found {problem['input']!r})", "correct the value"


def _keys_at(model: type[BaseModel], path: Iterable[Any]) -> list[str]:
    current: type[BaseModel] = model
    for part in path:
        candidates = _models_in(current.model_fields[part].annotation) if part in current.model_fields else []
        if not candidates:
            return sorted({name for m in _models_in(current) for name in m.model_fields})
        current = candidates[0]
    return list(current.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
