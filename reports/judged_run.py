"""What a run comes to when it is judged again, without a device, from what it keeps and by the catalogue it keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certification.json_text import json_text, json_value
from certification.last_word import last_word
from certification.standing import verdicts_document
from certification.verdicts import Row
from reports.journal_numbers import journal_numbers, unfounded
from reports.kept_run import KeptRun, read_kept_run


@dataclass(frozen=True)
class JudgedAgain:
    """What a run comes to when it is judged again by its own catalogue.

    Attributes:
        run: the run.
        rows: the verdicts.
        overall: the one word over it.
        text: ``verdicts.json`` as it follows from the evidence.
        differing: rows whose record in ``verdicts.json`` is another: id, verdict kept, verdict derived.
        baseless: observations that rest on journal records which are not there, each a sentence.
    """

    run: KeptRun
    rows: Sequence[Row]
    overall: str
    text: str
    differing: tuple[tuple[str, str | None, str | None], ...]
    baseless: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether ``verdicts.json`` follows from the evidence byte for byte."""
        return self.run.verdicts == self.text.encode()

    @property
    def sound(self) -> bool:
        """Whether nothing at all is to be said against it."""
        return self.same and not self.baseless


def judged_again(folder: Path) -> JudgedAgain:
    """Judge a run again by the catalogue it keeps.

    Raises:
        ReportError: the folder is not that of a run that has ended, or a file of it is not what it should be.
        PlanError: its catalogue is none.
    """
    run = read_kept_run(folder)
    rows = run.standing.rows(run.catalogue.catalogue, run.observations)
    overall = overall_word(run, rows)
    document = verdicts_document(run.name, overall, rows)
    return JudgedAgain(
        run,
        rows,
        overall,
        json_text(document),
        tuple(_differing(run.verdicts, document)),
        tuple(_baseless(run)),
    )


def overall_word(run: KeptRun, rows: Sequence[Row]) -> str:
    """The one word over a run with these rows."""
    befell = run.standing
    return last_word(
        rows, befell.state, invalid=befell.invalid, invalid_load=befell.invalid_load, broken=befell.broken
    )[1]


def _differing(kept: bytes | None, document: dict[str, Any]) -> Iterator[tuple[str, str | None, str | None]]:
    try:
        found = json_value(kept or b"{}")["verdicts"]
        before = {record["requirement"]: record for record in found}
    except (ValueError, KeyError, TypeError):
        before = {}
    now = {record["requirement"]: json.loads(json.dumps(record)) for record in document["verdicts"]}
    for requirement in before | now:
        was, is_ = before.get(requirement), now.get(requirement)
        if was != is_:
            yield requirement, was and was.get("verdict"), is_ and is_["verdict"]


def _baseless(run: KeptRun) -> Iterator[str]:
    for line, (begin, end), missing in unfounded(run.lines, journal_numbers(run.journal, run.killed)):
        yield f"observation in line {line} rests on journal records {begin}–{end}, and {missing} is not there"
