"""Business fields are texts: how a decoded document becomes them, and what it must hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reference_impl.wire.errors import MalformedError
from reference_impl.wire.exchange import Biz
from reference_impl.wire.strictjson import write_value


def question_texts(document: Mapping[str, object], where: str) -> dict[str, str]:
    """Return the fields of a question, every one a text.

    Raises:
        MalformedError: one is not.
    """
    texts = {name: value for name, value in document.items() if isinstance(value, str)}
    if len(texts) != len(document):
        raise MalformedError(where)
    return texts


def answer_texts(document: Mapping[str, object], where: str) -> Biz:
    """Return the fields of an answer, every one a text or a list of texts.

    Raises:
        MalformedError: one is not.
    """
    answer: dict[str, str | Sequence[str]] = {}
    for name, value in document.items():
        if isinstance(value, str):
            answer[name] = value
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            answer[name] = tuple(value)
        else:
            raise MalformedError(where)
    return answer


def spelt_texts(document: Mapping[str, object]) -> dict[str, str]:
    """Return the fields of a loosely typed question: null is left out, a number or nested value is its JSON text.

    0 stays "0": a field that is zero is there.
    """
    return {name: spelt(value) for name, value in document.items() if value is not None}


def spelt_answer(document: Mapping[str, object]) -> Biz:
    """Return the fields of a loosely typed answer: as ``spelt_texts``, but a list of texts stays a list."""
    return {
        name: tuple(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else spelt(value)
        for name, value in document.items()
        if value is not None
    }


def spelt(value: object) -> str:
    """Return a text as it is and anything else as compact JSON."""
    return value if isinstance(value, str) else write_value(value)


def named_texts(document: Mapping[str, object], names: Sequence[str]) -> dict[str, str]:
    """Return the named fields of a document, each of which must be there and be text.

    Raises:
        MalformedError: one is not.
    """
    texts: dict[str, str] = {}
    for name in names:
        value = document.get(name)
        if not isinstance(value, str):
            raise MalformedError(name)
        texts[name] = value
    return texts
