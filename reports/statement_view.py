"""The vendor's answers as a page shows them: by group, what the subject has beside what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

from certification.catalogue import SubjectKind, Text
from certification.options import Answer, groups, meanings
from reports.run_record import SubjectRecord
from reports.words import as_recorded, joined


@dataclass(frozen=True)
class AnswerGroup:
    """Options of one group by the answer they were given."""

    title: Text
    options: dict[str, list[Text]] = field(default_factory=dict)

    def of(self, answer: str) -> Text | None:
        """Options that were given an answer; None where none was."""
        titles = self.options.get(answer)
        return joined(titles, "、", ", ") if titles else None


@dataclass(frozen=True)
class StatementView:
    """A statement: its groups, and the answers that occur in it."""

    groups: Sequence[AnswerGroup]
    answers: Sequence[str]


def statement_view(subject: SubjectRecord) -> StatementView:
    """Group a subject's answers; an option this version does not know stands by its name, in a group of its own."""
    known = meanings(SubjectKind(subject.kind))
    found: dict[str, AnswerGroup] = {}
    for option, answer in subject.options.items():
        meaning = known.get(option)
        name = "" if meaning is None else meaning.group
        title = Text(zh="其他", en="others") if meaning is None else groups()[name]
        group = found.setdefault(name, AnswerGroup(title))
        told = as_recorded(option) if meaning is None else meaning.title
        group.options.setdefault(answer, []).append(told)
    answers = [answer for answer in get_args(Answer) if answer in subject.options.values()]
    return StatementView(list(found.values()), answers)
