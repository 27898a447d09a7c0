"""Answers of a conformance statement that cannot be true together: rules as data (``data/statement.toml``)."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from certification.catalogue import SubjectKind, Text
from certification.options import Answer, Options, statement_data


class Contradiction(BaseModel):
    """One rule: where all its answers are given, the statement contradicts itself.

    Attributes:
        kind: kind of subject whose statement it is about.
        answers: the answers that do not go together; an unanswered option contradicts nothing.
        with_declaration: declaration that must stand in the file for the rule to bite.
        without_declaration: declaration that must be lacking for the rule to bite.
        says: what does not go together, as a sentence.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: SubjectKind
    answers: dict[str, Answer] = Field(min_length=1)
    with_declaration: str | None = Field(default=None, alias="with")
    without_declaration: str | None = Field(default=None, alias="without")
    says: Text

    def bites(self, options: Options, declared: Collection[str]) -> bool:
        """Whether a statement with these answers and declarations breaks the rule."""
        if self.with_declaration is not None and self.with_declaration not in declared:
            return False
        if self.without_declaration is not None and self.without_declaration in declared:
            return False
        return all(getattr(options, name) == answer for name, answer in self.answers.items())


@cache
def rules(kind: SubjectKind) -> tuple[Contradiction, ...]:
    """The rules for a kind of subject."""
    every = (Contradiction.model_validate(rule) for rule in statement_data()["contradiction"])
    return tuple(rule for rule in every if rule.kind is kind)


def contradictions(kind: SubjectKind, options: Options, declared: Collection[str]) -> list[Contradiction]:
    """Every rule a statement breaks.

    Args:
        kind: kind of subject.
        options: its answers.
        declared: names of the declarations that stand in its file.
    """
    return [rule for rule in rules(kind) if rule.bites(options, declared)]
