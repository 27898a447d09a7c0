"""A comparison of two runs told on the console or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from certification.catalogue import Text
from certification.comparison import Comparison, Outcome
from certification.measure_changes import MeasureChange, Standing
from reports.comparison_words import CHANGES, GROUPS, OUTCOMES, STANDINGS, change_text, measure_name, measured
from xiangka.console import wide_console

_COLOURS = {Outcome.REGRESSION: "red", Outcome.UNDECIDED: "yellow", Outcome.NO_REGRESSION: "green"}


def comparison_record(found: Comparison) -> dict[str, Any]:
    """The comparison as a JSON object."""
    return {
        "requirement": "EHC-HIS-027",
        "outcome": found.outcome,
        "why": [text.model_dump() for text in found.why],
        "old": asdict(found.old),
        "new": asdict(found.new),
        "rows": [
            {**asdict(row), "title": row.title.model_dump(), "reason": row.reason.model_dump()} for row in found.rows
        ],
        "measures": [{**asdict(one), "increase": one.increase} for one in found.measures],
        "differences": [asdict(one) for one in found.differences],
        "remarks": [text.model_dump() for text in found.remarks],
    }


def tell_comparison(found: Comparison, lang: str) -> None:
    """Print it in one language or both."""
    console = wide_console()
    for side, zh, en in ((found.old, "旧", "old"), (found.new, "新", "new")):
        name = _in(Text(zh=zh, en=en), lang)
        line = f"{name}  {side.run}  {side.subject}  {side.firmware}  {side.plan}  {side.overall}"
        console.print(escape(line), highlight=False, soft_wrap=True)
    for remark in found.remarks:
        console.print(escape(_in(remark, lang)), style="magenta", highlight=False, soft_wrap=True)
    for line in (*_rows(found, lang), *_differences(found, lang)):
        console.print(line, highlight=False, soft_wrap=True)
    _measures(console, found, lang)
    why = "；".join(_in(text, lang) for text in found.why)
    said = f"{_in(OUTCOMES[found.outcome], lang)}" + (f"：{escape(why)}" if why else "")
    console.print(f"[{_COLOURS[found.outcome]}]{said}[/]  (EHC-HIS-027)", highlight=False, soft_wrap=True)


def _rows(found: Comparison, lang: str) -> Iterator[str]:
    for row in found.rows:
        verdicts = f"{row.before or '—'} → {row.now or '—'}"
        yield f"{row.requirement}  {verdicts}  {_in(CHANGES[row.change], lang)}  {escape(_in(row.title, lang))}"
        yield f"    {escape(_in(row.reason, lang))}"


def _differences(found: Comparison, lang: str) -> Iterator[str]:
    for one in found.differences:
        named = f"{_in(GROUPS[one.group], lang)}: {one.name}"
        yield escape(f"{named}  {one.before or '—'} → {one.now or '—'}")


def _measures(console: Console, found: Comparison, lang: str) -> None:
    told = [one for one in found.measures if one.standing is not Standing.SAME or one.kind == "p95"]
    if not told:
        return
    table = Table(show_edge=False, pad_edge=False)
    for zh, en in _HEADINGS:
        table.add_column(_in(Text(zh=zh, en=en), lang), no_wrap=zh == "要求")
    for one in told:
        table.add_row(*(escape(cell) for cell in _cells(one, lang)))
    console.print(table)


_HEADINGS = (("要求", "requirement"), ("测量", "measure"), ("旧", "old"), ("新", "new"), ("变化", "change"), ("", ""))


def _cells(one: MeasureChange, lang: str) -> Iterator[str]:
    texts = (
        measure_name(one),
        measured(one, one.before),
        measured(one, one.now),
        change_text(one),
        STANDINGS[one.standing],
    )
    yield one.requirement
    yield from (_in(text, lang) for text in texts)


def _in(text: Text, lang: str) -> str:
    """A text in the language asked for; in both where they differ."""
    if lang == "both":
        return text.zh if text.zh == text.en else f"{text.zh} · {text.en}"
    return str(getattr(text, lang))
