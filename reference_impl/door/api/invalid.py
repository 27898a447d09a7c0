"""What is told of a request that is not as described: the place and the rule in words, and never the value.

The name of a field that is not known is the caller's word too, so that the known ones are told instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.requests import Request

from reference_impl.door.api.problems import problem_answer

MAX_FAULTS = 10
"""As many faults are told at once; whoever sent more of them has sent something else than was described."""

UNKNOWN_FIELD = "extra_forbidden"
_NO_NUMBER = ("不是整数", "is no whole number")
_NO_TRUTH = ("不是 true 或 false", "is neither true nor false")
_NO_OBJECT = ("不是 JSON 对象", "is no JSON object")
_RULES: Mapping[str, tuple[str, str]] = {
    "missing": ("缺失", "is missing"),
    "json_invalid": ("不是 JSON", "is no JSON"),
    "string_type": ("不是文本", "is no text"),
    "string_pattern_mismatch": ("格式不符（见 /openapi.json）", "is not of the form that /openapi.json describes"),
    "string_too_short": ("少于 {min_length} 个字符", "has fewer characters than {min_length}"),
    "string_too_long": ("多于 {max_length} 个字符", "has more characters than {max_length}"),
    "literal_error": ("应为 {expected}", "is not {expected}"),
    "int_type": _NO_NUMBER,
    "int_parsing": _NO_NUMBER,
    "int_from_float": _NO_NUMBER,
    "float_type": ("不是数", "is no number"),
    "float_parsing": ("不是数", "is no number"),
    "bool_type": _NO_TRUTH,
    "bool_parsing": _NO_TRUTH,
    "greater_than": ("应大于 {gt}", "is not more than {gt}"),
    "greater_than_equal": ("小于 {ge}", "is less than {ge}"),
    "less_than": ("应小于 {lt}", "is not less than {lt}"),
    "less_than_equal": ("大于 {le}", "is more than {le}"),
    "list_type": ("不是列表", "is no list"),
    "too_short": ("少于 {min_length} 项", "has fewer entries than {min_length}"),
    "too_long": ("多于 {max_length} 项", "has more entries than {max_length}"),
    "model_attributes_type": _NO_OBJECT,
    "dict_type": _NO_OBJECT,
}
"""Rules of pydantic (documented under "Validation Errors") in words; what they are filled with is ours, not sent."""
_OTHER = ("不符合 /openapi.json 的规定", "is not what /openapi.json describes")


async def invalid_answer(request: Request, error: RequestValidationError) -> Response:
    """Answer a request whose path, query or body is not as described."""
    known = _fields_of(request.scope.get("route"))
    told = sorted({_told(fault, known) for fault in error.errors()})[:MAX_FAULTS]
    chinese, english = ("；".join(zh for zh, _ in told), "; ".join(en for _, en in told))
    return problem_answer(422, "invalid", f"{chinese} / {english}")


def _told(fault: Mapping[str, Any], known: Iterable[str]) -> tuple[str, str]:
    if fault["type"] == UNKNOWN_FIELD:
        place, names = _place(fault["loc"][:-1]), ", ".join(known)
        zh, en = f"{place} 含有未知字段", f"{place} has a field that is not known"
        # Only of the whole body it is known here which fields it may have.
        return (f"{zh}，可用字段：{names}", f"{en}, it may have {names}") if names and place == "body" else (zh, en)
    limits = {name: _plain(value) for name, value in fault.get("ctx", {}).items()}
    zh, en = (words.format(**limits) for words in _RULES.get(fault["type"], _OTHER))
    place = _place(fault["loc"])
    return f"{place} {zh}", f"{place} {en}"


def _plain(limit: object) -> object:
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def _place(where: Iterable[int | str]) -> str:
    return ".".join(map(str, where))


def _fields_of(route: object) -> list[str]:
    body = route.body_field if isinstance(route, APIRoute) else None
    return list(getattr(body.field_info.annotation, "model_fields", ())) if body is not None else []
