"""Filled forms of rows done by hand: checked before a run begins, kept in its folder with their photographs."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from certification.catalogue import Catalogue, Text
from certification.errors import PlanError
from certification.form_check import check_form
from certification.forms import Form, observations_of
from certification.subject import Subject
from certification.subject_file import Problem, read_toml
from fixtures.evidence import Evidence

KEPT = "forms"
"""Folder of a run that keeps the forms."""


@dataclass(frozen=True)
class FilledForm:
    """A form with nothing against it.

    Attributes:
        path: its file.
        sha256: digest of the file.
        form: what stands in it.
    """

    path: Path
    sha256: str
    form: Form

    def as_record(self) -> dict[str, Any]:
        """The form as it stands in ``run.json``."""
        record = self.form.record
        return {
            "requirement": self.form.requirement,
            "file": f"{KEPT}/{self.form.requirement}.toml",
            "sha256": self.sha256,
            "operator": record.operator,
            "date": str(record.date),
            "place": record.place,
            "instruments": [instrument.model_dump(mode="json") for instrument in self.form.instrument],
            "photographs": [
                {"file": f"{KEPT}/{_kept_name(self.form, number, picture.file)}", "shows": picture.shows}
                for number, picture in enumerate(self.form.photograph, start=1)
            ],
        }

    def keep(self, run: Path) -> None:
        """Copy the form and its photographs into a run's folder."""
        folder = run / KEPT
        folder.mkdir(exist_ok=True)
        shutil.copyfile(self.path, folder / f"{self.form.requirement}.toml")
        for number, picture in enumerate(self.form.photograph, start=1):
            shutil.copyfile(self.path.parent / picture.file, folder / _kept_name(self.form, number, picture.file))


def read_forms(paths: Sequence[Path], catalogue: Catalogue, subject: Subject) -> list[FilledForm]:
    """Read and check filled forms; everything that is wrong with any of them is printed, in both languages.

    Raises:
        PlanError: a form cannot be read, or something is wrong with one.
    """
    forms: list[FilledForm] = []
    wrong: list[tuple[Path, Problem]] = []
    today = datetime.now(UTC).astimezone().date()
    for path in paths:
        checked = check_form(read_toml(path, remedy="check the path given to --form"), catalogue, subject, today)
        problems = [*checked.problems, *_photographs(path, checked.form)]
        if any(earlier.form.requirement == checked.form.requirement for earlier in forms):
            said = Text(zh="该要求另有一份表格", en="another form is of the same requirement")
            problems.append(Problem("requirement", said, Text(zh="只提交一份", en="give one of the two")))
        wrong += [(path, problem) for problem in problems]
        forms.append(FilledForm(path, hashlib.sha256(path.read_bytes()).hexdigest(), checked.form))
    if wrong:
        _print(wrong)
        file, first = wrong[0]
        raise PlanError(
            f"{first.key} {first.says.en}" + (f", and {len(wrong) - 1} more, as listed" if len(wrong) > 1 else ""),
            where=str(file),
            remedy=first.remedy.en if len(wrong) == 1 else "settle each; nothing was tested",
        )
    return forms


def take_in(forms: Sequence[FilledForm], evidence: Evidence) -> list[str]:
    """Keep forms in a run's folder and record what they come to; returns their rows."""
    for filled in forms:
        filled.keep(evidence.folder)
        for observation in observations_of(filled.form, filled.sha256):
            evidence.add(observation)
    return [filled.form.requirement for filled in forms]


def _photographs(path: Path, form: Form) -> Iterator[Problem]:
    for number, picture in enumerate(form.photograph, start=1):
        if not picture.file or not (path.parent / picture.file).is_file():
            said = Text(zh=f"没有文件 {picture.file or '—'}", en=f"there is no file {picture.file or '—'}")
            do = Text(zh="更正路径（相对于表格）", en="correct the path, relative to the form")
            yield Problem(f"photograph {number}.file", said, do)


def _kept_name(form: Form, number: int, file: str) -> str:
    return f"{form.requirement}-{number:02d}{Path(file).suffix}"


def _print(wrong: Sequence[tuple[Path, Problem]]) -> None:
    console = Console(file=sys.stderr, soft_wrap=True, highlight=False)
    for path, problem in wrong:
        where = f"{escape(str(path))} [bold]{escape(problem.key)}[/]"
        console.print(f"{where}  {escape(problem.says.zh)}；{escape(problem.remedy.zh)}")
        console.print(f"    {escape(problem.says.en)}; {escape(problem.remedy.en)}")
