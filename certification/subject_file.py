"""Reads subject files, and says what keeps one from being used: everything at once, in both languages."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from certification.catalogue import SubjectKind, Text
from certification.contradictions import contradictions
from certification.errors import PlanError
from certification.options import meanings
from certification.subject import SUBJECTS, Identity, PlatformSubject, Subject, TerminalSubject
from certification.toml_errors import every_problem, first_problem, without_errors


@dataclass(frozen=True)
class Problem:
    """Something that keeps a file from being used.

    Attributes:
        key: key or table it is about, dotted.
        says: what is wrong, as a sentence.
        remedy: what to do about it.
    """

    key: str
    says: Text
    remedy: Text


@dataclass(frozen=True)
class Examined:
    """A subject file with everything there is to say against it; ``subject`` is None where it cannot even be read."""

    subject: Subject | None
    problems: list[Problem]


def load_subject(path: Path) -> Subject:
    """Read a subject file that is ready for a run.

    Raises:
        PlanError: the file is missing, not TOML, of a kind that cannot be certified, has a wrong key, leaves an item
            blank or an option unanswered, holds what a probe filled in unconfirmed, or contradicts itself.
    """
    data = read_toml(path, remedy="check the path given to --subject")
    model = _form_of(data, path)
    try:
        subject = model.model_validate(data)
    except ValidationError as error:
        what, remedy = first_problem(error, model)
        raise PlanError(what, where=str(path), remedy=remedy) from error
    if blank := _blank(subject):
        raise PlanError(f"left blank: {', '.join(blank)}", where=f"{path} [identity]", remedy="fill each in")
    if unanswered := _unanswered(subject):
        raise PlanError(
            f"options left unanswered: {', '.join(unanswered)}",
            where=f"{path} [options]",
            remedy='answer each with "yes" or "no"',
        )
    if probed := [*subject.probed.identity, *subject.probed.options]:
        raise PlanError(
            f"found by a probe and not confirmed: {', '.join(probed)}",
            where=f"{path} [probed]",
            remedy="let the vendor confirm or correct each, then remove it from [probed]",
        )
    if broken := contradictions(subject.kind, subject.options, subject.declarations.names):
        raise PlanError(
            f"the answers contradict one another: {'; '.join(rule.says.en for rule in broken)}",
            where=f"{path} [options]",
            remedy="correct the answers",
        )
    return subject


def examine(path: Path) -> Examined:
    """Read a subject file and list everything that keeps it from being used, however much is wrong with it.

    Raises:
        PlanError: the file is missing, not TOML, or of a kind that cannot be certified.
    """
    data = read_toml(path, remedy="check the path")
    model = _form_of(data, path)
    try:
        subject: Subject = model.model_validate(data)
    except ValidationError as error:
        wrong = [Problem(*problem) for problem in every_problem(error, model)]
        mended = _mended(data, error)
        try:
            subject = model.model_validate(mended)
        except ValidationError:
            return Examined(None, wrong)
        named = {problem.key for problem in wrong}
        return Examined(subject, wrong + [problem for problem in open_questions(subject) if problem.key not in named])
    return Examined(subject, open_questions(subject))


def open_questions(subject: Subject) -> list[Problem]:
    """Blank items, unanswered options, findings to confirm and contradictions of a file that can be read."""
    words = meanings(subject.kind)
    found = [
        Problem(f"identity.{name}", Text(zh="未填", en="left blank"), Text(zh="请填写", en="fill it in"))
        for name in _blank(subject)
    ]
    found += [
        Problem(
            f"options.{name}",
            Text(zh=f"{words[name].title.zh}：未回答", en=f"{words[name].title.en}: unanswered"),
            Text(zh=f'{words[name].asks.zh}，答 "yes" 或 "no"', en=f'answer "yes" or "no": {words[name].asks.en}'),
        )
        for name in _unanswered(subject)
    ]
    found += [
        Problem(
            f"probed.{table}.{name}",
            Text(zh="由探测填入，尚未经厂商确认", en="filled in by a probe, and not confirmed by the vendor"),
            Text(zh="确认或更正后从 [probed] 删去", en="confirm or correct it, then remove it from [probed]"),
        )
        for table, names in subject.probed
        for name in names
    ]
    found += [
        Problem(
            "options." + " + ".join(f"{name} = {answer}" for name, answer in rule.answers.items()),
            rule.says,
            Text(zh="更正其中的回答", en="correct one of the answers"),
        )
        for rule in contradictions(subject.kind, subject.options, subject.declarations.names)
    ]
    return found


def read_toml(path: Path, *, remedy: str) -> dict[str, Any]:
    """A TOML file as plain data.

    Args:
        path: the file.
        remedy: what to do when it cannot be read.

    Raises:
        PlanError: it is missing, cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"cannot be read ({error.strerror})", where=str(path), remedy=remedy) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"is not TOML: {error}", where=str(path), remedy="correct the line named") from error


def _blank(subject: Subject) -> list[str]:
    return [name for name, value in subject.identity if isinstance(value, str) and not value.strip()]


def _unanswered(subject: Subject) -> list[str]:
    return [name for name, answer in subject.options if answer == "unanswered"]


def _form_of(data: Mapping[str, Any], path: Path) -> type[TerminalSubject | PlatformSubject]:
    """The form a subject file must have; a kind nobody knows is left to the form to complain of."""
    kind = data.get("kind")
    if kind in list(SubjectKind) and kind not in SUBJECTS:
        known = " or ".join(f'"{one}"' for one in SUBJECTS)
        raise PlanError(
            f"no statement is known for a {kind}",
            where=f"{path} kind",
            remedy=f"only kind = {known} can be certified by this version",
        )
    return SUBJECTS.get(str(kind), TerminalSubject)


def _mended(data: dict[str, Any], error: ValidationError) -> dict[str, Any]:
    """The data without what the form refused, a blank where an item is missing: to see what else is wrong."""
    left = without_errors(data, error)
    refused = [problem["loc"] for problem in error.errors()]
    if any(place[:1] == ("declarations",) for place in refused):
        left.pop("declarations", None)
    for table in ("identity", "options"):
        if not isinstance(left.get(table), dict):
            left[table] = {}
    for place in refused:
        if len(place) == 2 and place[0] == "identity" and place[1] in Identity.model_fields:
            left["identity"][place[1]] = ""
    return left
