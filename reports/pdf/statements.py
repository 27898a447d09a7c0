"""Everything a report of a run states, statement by statement, in both languages: what a later report is compared with.

It is taken from the very data the pages are set from, so that nothing can be printed and not be compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from certification.catalogue import Text
from reports.certificate_facts import Facts
from reports.pdf.issue import Statement
from reports.pdf.report_data import run_data
from reports.pdf.statement_names import NAMES
from reports.pdf.telling import Telling
from reports.pdf.typesetting import Language
from reports.run_folder import RunFolder
from reports.svg import Plot

_IDENTITIES = ("key", "id", "verdict", "role", "folder", "number", "name", "measure", "title")
"""Fields by which the members of a list are known, the first that tells all of them apart; without any by position."""
_CODES = frozenset({"overall", "verdict", "outcome", "grounds", "method"})
"""Fields that repeat for the template what another says in words."""


def statements(folder: RunFolder, facts: Facts) -> dict[str, Statement]:
    """Statements by key, in the order of the report; what is not stated has none."""
    zh, en = (run_data(folder, facts, _Reciting(lang)) for lang in ("zh", "en"))
    return {key: Statement(name, value) for key, name, value in _of_table(zh, en, "", None)}


class _Reciting(Telling):
    """Tells a picture by its digest in place of drawing it."""

    def plot(self, plot: Plot) -> dict[str, str]:
        return {"picture": _digest(str(plot.svg).encode()), "caption": self.text(plot.caption)}

    def picture(self, body: bytes, most: int) -> str:  # noqa: ARG002 - of no account for a digest
        return _digest(body)


def _digest(body: bytes) -> str:
    return f"SM3 {hashlib.new('sm3', body).hexdigest()}"


_Found = Iterator[tuple[str, Text, Text]]


def _of_table(zh: Mapping[str, Any], en: Mapping[str, Any], key: str, name: Text | None) -> _Found:
    for field in (one for one in zh if one not in _CODES):
        called = NAMES.get(field, Text(zh=field, en=field))
        yield from _of(zh[field], en[field], _key(key, field), called if name is None else _joined(name, called))


def _of(zh: Any, en: Any, key: str, name: Text) -> _Found:
    if isinstance(zh, Mapping):
        yield from _of_table(zh, en, key, name)
    elif isinstance(zh, list) and any(isinstance(one, Mapping) for one in zh):
        yield from _of_members(zh, en, key, name)
    elif (value := _said(zh, en)) is not None:
        yield key, name, value


def _of_members(zh: Sequence[Any], en: Sequence[Any], key: str, name: Text) -> _Found:
    known = _identity(en)
    for n, (one, other) in enumerate(zip(zh, en, strict=True), 1):
        if known == "key":
            its_key, its_name = other["key"], Text(zh=one["name"], en=other["name"])
        elif known is not None:
            its_key = _key(key, str(other[known]))
            its_name = _joined(name, Text(zh=str(one[known]), en=str(other[known])))
        else:
            its_key, its_name = _key(key, str(n)), _joined(name, Text(zh=str(n), en=str(n)))
        if any(isinstance(part, Mapping | list) for part in one.values()):
            yield from _of_table(one, other, its_key, its_name)
        else:
            shown = [
                field for field in one if field not in _CODES and field != known and (known != "key" or field != "name")
            ]
            value = _said(
                [_flag(field, one[field], "zh") for field in shown],
                [_flag(field, other[field], "en") for field in shown],
            )
            if value is not None:
                yield its_key, its_name, value


def _flag(field: str, value: Any, lang: Language) -> Any:
    """A value; what is merely true is told by its name."""
    return getattr(NAMES[field], lang) if value is True and field in NAMES else value


def _identity(members: Sequence[Mapping[str, Any]]) -> str | None:
    for field in _IDENTITIES:
        found = [one.get(field) for one in members]
        if all(found) and len(set(map(str, found))) == len(found):
            return field
    return None


def _said(zh: Any, en: Any) -> Text | None:
    """A value, or the values of a list, as one text; None where nothing is said."""
    told = Text(zh=_plain(zh, "；"), en=_plain(en, "; "))
    return told if told.zh or told.en else None


def _plain(value: Any, joint: str) -> str:
    if value is None or value is False:
        return ""
    if isinstance(value, list):
        return joint.join(filter(None, (_plain(one, joint) for one in value)))
    return str(value)


def _key(before: str, one: str) -> str:
    return f"{before}/{one}" if before else one


def _joined(one: Text, other: Text) -> Text:
    return Text(zh=f"{one.zh} · {other.zh}", en=f"{one.en} · {other.en}")
