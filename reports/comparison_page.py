"""A comparison of two runs as one page that needs nothing else: no network, no font, no server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from certification.catalogue import Text
from certification.comparison import Comparison
from certification.measure_changes import MeasureChange, Standing
from evidence.whole_file import write_whole
from reports import words
from reports.comparison_words import (
    CHANGES,
    GROUPS,
    OUTCOMES,
    STANDINGS,
    change_text,
    measure_name,
    measured,
)
from reports.errors import ReportError
from reports.moments import moment_text
from reports.two_languages import opening, page_environment

_ORDER = tuple(Standing)


def write_comparison(target: Path, found: Comparison, lang: str = "both") -> Path:
    """Write the page, replacing an earlier one in a single step; returns its path.

    Raises:
        ReportError: it cannot be written.
    """
    page = comparison_html(found, lang)
    try:
        write_whole(target, page.encode())
    except OSError as error:
        raise ReportError(
            f"cannot be written ({error.strerror})", where=str(target), remedy="name a file in a folder that is there"
        ) from error
    return target


def comparison_html(found: Comparison, lang: str = "both") -> str:
    """The page; ``lang`` is zh, en, or both: Chinese with a button for English."""
    told = [one for one in found.measures if one.standing is not Standing.SAME or one.kind == "p95"]
    template = page_environment().get_template("comparison.html.j2")
    return template.render(
        found=found,
        lang=lang,
        outcome=opening(OUTCOMES[found.outcome]),
        changes=CHANGES,
        told=_lines(sorted(told, key=lambda one: _ORDER.index(one.standing))),
        rest=_lines([one for one in found.measures if one not in told]),
        groups=[(GROUPS[name], [one for one in found.differences if one.group == name]) for name in GROUPS],
        began=[moment_text(datetime.fromisoformat(side.started)) for side in (found.old, found.new)],
        verdict=_verdict,
    )


def _lines(measures: Sequence[MeasureChange]) -> list[dict[str, Any]]:
    return [
        {
            "requirement": one.requirement,
            "name": measure_name(one),
            "before": measured(one, one.before),
            "now": measured(one, one.now),
            "trials": one.trials,
            "change": change_text(one),
            "uncertainty": measured(one, one.uncertainty) if one.uncertainty else None,
            "standing": one.standing,
            "said": STANDINGS[one.standing],
        }
        for one in measures
    ]


def _verdict(verdict: str | None) -> Text:
    return Text(zh="—", en="—") if verdict is None else words.word(words.VERDICTS, verdict)
