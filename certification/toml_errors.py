"""Turns the validation of a TOML file into sentences that name the key and the remedy."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from certification.catalogue import Text


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


def every_problem(error: ValidationError, model: type[BaseModel]) -> list[tuple[str, Text, Text]]:
    """Every problem of a file as (key, what, remedy) in both languages, in the order of the file's form."""
    return [_told(problem, model) for problem in error.errors()]


def without_errors(data: dict[str, Any], error: ValidationError) -> dict[str, Any]:
    """The data without what the form refused, so that it can be looked at for what else is wrong."""
    left = copy.deepcopy(data)
    for problem in error.errors():
        if problem["type"] != "missing":
            _take_out(left, problem["loc"])
    return left


def _take_out(data: Any, path: tuple[Any, ...]) -> None:
    """Remove what a path leads to; a path may go on into the alternatives of a value, which are no part of the data."""
    for part, following in zip(path, (*path[1:], None), strict=True):
        inner = data[part] if _holds(data, part) else None
        if following is None or not _holds(inner, following):
            if isinstance(data, dict):
                data.pop(part, None)
            elif isinstance(data, list) and _holds(data, part):
                data[part] = {}
            return
        data = inner


def _holds(data: Any, part: Any) -> bool:
    if isinstance(data, dict):
        return part in data
    return isinstance(data, list) and isinstance(part, int) and part < len(data)


def _told(problem: Any, model: type[BaseModel]) -> tuple[str, Text, Text]:
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = _keys_at(model, problem["loc"][:-1])
        near = difflib.get_close_matches(str(problem["loc"][-1]), known, n=1, cutoff=0.5)
        if near:
            remedy = Text(zh=f"是否应为 {near[0]}？", en=f"did you mean {near[0]!r}?")
        else:
            remedy = Text(zh=f"可用的键：{'、'.join(sorted(known))}", en=f"known keys: {', '.join(sorted(known))}")
        return key, Text(zh="未知的键", en="unknown key"), remedy
    if problem["type"] == "missing":
        return key, Text(zh="缺少该键", en="is missing"), Text(zh="请补上", en="add it")
    said = problem["msg"].removeprefix("Value error, ")
    found = problem["input"]
    found = found if isinstance(found, str | int | float | bool) else type(found).__name__
    return (
        key or "—",
        Text(zh=f"值无效：{found!r}（{said}）", en=f"{said} (found {found!r})"),
        Text(zh="更正该值", en="correct the value"),
    )


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
