"""What of a record a publication shows: what is named here as harmless, and nothing else.

A name that is not listed is hidden, so that a record somebody adds tomorrow cannot give away what nobody thought of.
Every string that is shown is looked at as well: one that could be an identity number, a PAN or a key is hidden under
whatever name it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

JOURNAL, OBSERVATIONS = "journal.jsonl", "observations.jsonl"
"""The chained files of a run."""
JOURNAL_WORDS = {
    *("channel", "dir", "what", "direction", "method", "role", "outcome"),
    *("framing", "line", "interface", "wall", "boot", "sw", "profile", "protocol"),
}
"""Fields of a journal record whose words are shown."""
OBSERVATION_WORDS = {"requirement", "measure", "value", "unit", "picture", "set_aside"}
"""Fields of an observation whose words are shown."""
CELL = "cell"
"""Field that says where in a test matrix something was measured: every word below it is shown."""
SMALL = 10**10
"""Numbers below it are shown; a telephone number has eleven digits, one of a card 13 and more."""
MOMENTS = ("_ns", "_us", "_ms")
"""Endings of the names of times, whose numbers are shown however large."""
DIGEST = "_sha256"
"""Ending of the names of measures whose value is a digest, which is shown although it might be a key by its looks."""

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TELLING = re.compile(r"\d{11}|[0-9A-Fa-f]{32}|PRIVATE KEY")
"""Eleven digits are a telephone number at least, 32 hexadecimal ones a key."""


def hidden_in_journal(record: Mapping[str, Any]) -> list[str]:
    """Dotted paths of what a publication leaves out of a journal record."""
    return list(_hidden(record, JOURNAL_WORDS))


def hidden_in_observation(record: Mapping[str, Any]) -> list[str]:
    """Dotted paths of what a publication leaves out of an observation, or of a mark that sets some aside."""
    measure, value = str(record.get("measure")), record.get("value")
    digest = measure.endswith(DIGEST) and _DIGEST.fullmatch(str(value))
    moment = measure.endswith(MOMENTS) and isinstance(value, int | float)
    return [path for path in _hidden(record, OBSERVATION_WORDS) if not ((digest or moment) and path == "value")]


HIDDEN_IN: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    JOURNAL: hidden_in_journal,
    OBSERVATIONS: hidden_in_observation,
}
"""The rule of each chained file."""


def _hidden(part: Mapping[str, Any], words: Collection[str], above: str = "", *, cell: bool = False) -> Iterator[str]:
    for key, value in part.items():
        path = f"{above}{key}"
        if isinstance(value, Mapping) and _plain_keys(value):
            yield from _hidden(value, words, f"{path}.", cell=cell or path == CELL)
        elif not _shown(key, value, cell or path in words):
            yield path


def _plain_keys(value: Mapping[Any, Any]) -> bool:
    """Whether the names of a part are names, and not data that somebody used as such."""
    return all(isinstance(key, str) and _KEY.fullmatch(key) and not _TELLING.search(key) for key in value)


def _shown(key: str, value: Any, word: bool) -> bool:
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, int | float):
        return abs(value) < SMALL or key.endswith(MOMENTS)
    if isinstance(value, str):
        return word and not _TELLING.search(value)
    return isinstance(value, list | tuple) and all(_shown(key, part, word) for part in value)
