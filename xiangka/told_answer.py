"""A gateway's answer told to a person or a program: its outcome in both languages, identity numbers hidden."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from reference_impl.refusals import OUTCOMES
from reference_impl.wire.exchange import Biz

UNSIGNED = "应答未签名，不足为凭 / the answer is not signed and proves nothing"

_NUMBER = "id_no"
"""The field that holds the number of a document and nothing else, whatever the kind of document."""
_CITIZEN = re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")
_SHOWN = (6, 1)
"""How many characters are shown at the beginning and at the end, as of a linked number."""
_OUTCOME_BEFORE = re.compile(r"^\[[0-9]{3}\] ")


@dataclass(frozen=True)
class Told:
    """What came of a question.

    Attributes:
        method, dialect, url: what was asked, how and where.
        success: whether it was granted.
        code, message: the dialect's own.
        outcome: neutral code, "" where the answer does not tell it.
        signed: whether the answer proves that it is the platform's.
        biz: business fields of the answer.
    """

    method: str
    dialect: str
    url: str
    success: bool
    code: str
    outcome: str
    message: str
    signed: bool = True
    biz: Biz = field(default_factory=dict, repr=False)


def print_answer(told: Told, *, as_json: bool, show: bool) -> None:
    """Print an answer; ``show`` leaves identity numbers whole."""
    biz = {name: value if show else _masked(name, value) for name, value in told.biz.items()}
    if as_json:
        print(json.dumps(_document(told, biz), ensure_ascii=False, indent=2))
        return
    print(f"{told.method} · {told.dialect} · {told.url}")
    print(f"{told.outcome or told.code}  {_words(told)}")
    if told.outcome and told.code != told.outcome:
        print(f"code {told.code}")
    if not told.signed:
        print(UNSIGNED)
    margin = max(map(len, biz), default=0)
    for name, value in biz.items():
        for item in [value] if isinstance(value, str) else value:
            print(f"  {name:{margin}}  {item}")


def _words(told: Told) -> str:
    said = _OUTCOME_BEFORE.sub("", told.message)
    known = OUTCOMES.get(told.outcome)
    if known is None or known.message() in said:
        return said
    return f"{known.message()} ({said})" if said else known.message()


def _document(told: Told, biz: Biz) -> dict[str, Any]:
    known = OUTCOMES.get(told.outcome)
    return {
        "method": told.method,
        "dialect": told.dialect,
        "url": told.url,
        "success": told.success,
        "outcome": told.outcome,
        "outcome_name": known.name if known else "",
        "outcome_words": {"zh": known.zh, "en": known.en} if known else {},
        "code": told.code,
        "message": told.message,
        "signed": told.signed,
        "answer": {name: value if isinstance(value, str) else list(value) for name, value in biz.items()},
    }


def _masked(name: str, value: str | Sequence[str]) -> str | Sequence[str]:
    if not isinstance(value, str):
        return [str(_masked(name, item)) for item in value]
    if name == _NUMBER:
        return _hidden(value)
    return _CITIZEN.sub(lambda number: _hidden(number[0]), value)


def _hidden(number: str) -> str:
    head, tail = _SHOWN
    if len(number) <= head + tail:
        return "*" * len(number)
    return number[:head] + "*" * (len(number) - head - tail) + number[-tail:]
