"""A scripted operator: expected questions with their answers, for tests and emulated benches.

A script is TOML, a list of ``[[question]]``:

* ``asks``: regular expression found in the question's Chinese or English words;
* ``answer``: what is typed, or a list of lines typed one after the other; ``\\1`` stands for a group of ``asks``;
* ``times``: how often it is answered this way, once unless it says otherwise; 0 for always;
* ``after_s``: how long the person takes, s;
* ``hand``: what the person's hand does at the bench before answering, such as ``power off``.
"""

from __future__ import annotations

import functools
import re
import time
import tomllib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from rigs.errors import BenchFileError, RigError
from rigs.journal import Journal
from rigs.operators.dialogue import CHANNEL, Dialogue, Question
from rigs.roles.operator import Bilingual

Hand = Callable[..., None]
"""Does something at the bench; given the words behind its name in the script."""


class ScriptedQuestion(BaseModel):
    """One expected question."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    asks: str
    answer: str | list[str]
    times: Annotated[int, Field(ge=0)] = 1
    after_s: Annotated[float, Field(ge=0)] = 0.0
    hand: str | None = None

    @field_validator("asks")
    @classmethod
    def _an_expression(cls, asks: str) -> str:
        try:
            re.compile(asks)
        except re.error as error:
            raise ValueError(f"is no regular expression ({error})") from error
        return asks


class Script(BaseModel):
    """A whole script."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: list[ScriptedQuestion] = []


def load_script(path: Path) -> Script:
    """Read and check a script.

    Raises:
        BenchFileError: it is missing, not TOML, or a key is missing, misspelt or has a wrong value.
    """
    try:
        return Script.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        what = f"the operator's script cannot be read ({error.strerror})"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        what = f"the operator's script is not TOML: {error}"
    except ValidationError as error:
        problem = error.errors()[0]
        what = f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg'].removeprefix('Value error, ')}"
    raise BenchFileError(what, where=str(path), remedy="docs/operator.md explains every key of a script")


@dataclass
class _Left:
    """A scripted question with what is left of it."""

    scripted: ScriptedQuestion
    answered: int = 0

    @property
    def usable(self) -> bool:
        return self.scripted.times == 0 or self.answered < self.scripted.times


class ScriptedOperator(Dialogue):
    """Answers what its script expects and nothing else.

    Args:
        questions: the script.
        where: the script's name, for errors.
        journal: where questions and answers are recorded.
        timeout_s: how long the person has for one question, s.
    """

    def __init__(self, questions: Sequence[ScriptedQuestion], where: str, journal: Journal, timeout_s: float) -> None:
        super().__init__(journal, timeout_s)
        self._script = [_Left(question) for question in questions]
        self._where = where
        self._lines: deque[str] = deque()
        self._to_do: Callable[[], None] | None = None
        self._hands: dict[str, Hand] = {}

    def has_hand(self, name: str, hand: Hand) -> None:
        """Let the script's ``hand`` of this name do something at the bench."""
        self._hands[name] = hand

    def close(self) -> None:
        """Nothing was taken."""

    def _put(self, question: Question) -> None:
        for left in self._script:
            found = _found(left.scripted.asks, question.instruction) if left.usable else None
            if found is not None:
                left.answered += 1
                self._to_do = functools.partial(self._act, left.scripted, found, question)
                return
        raise RigError(
            f"a question that is not in the script: {question.instruction.zh} · {question.instruction.en}",
            where=self._where,
            remedy="add a [[question]] whose `asks` is found in it, or raise the `times` of one",
        )

    def _act(self, scripted: ScriptedQuestion, found: re.Match[str], question: Question) -> None:
        answers = [scripted.answer] if isinstance(scripted.answer, str) else scripted.answer
        self._lines = deque(found.expand(answer) for answer in answers)
        left_s = question.deadline - time.monotonic()
        time.sleep(max(0.0, min(scripted.after_s, left_s)))
        if scripted.after_s >= left_s:
            self._lines.clear()
        elif scripted.hand is not None:
            name, *words = found.expand(scripted.hand).split()
            if name not in self._hands:
                raise RigError(
                    f"the script's hand {name!r} does nothing on this bench",
                    where=self._where,
                    remedy=f"known here: {', '.join(sorted(self._hands)) or 'none'}",
                )
            self._journal.event(CHANNEL, "hand", name=name, words=words)
            self._hands[name](*words)

    def _next_line(self, question: Question) -> str | None:
        if self._to_do is not None:
            act, self._to_do = self._to_do, None
            act()
        if self._lines:
            return self._lines.popleft()
        if time.monotonic() >= question.deadline:
            return None
        raise RigError(
            f"the script has no further line for: {question.instruction.zh} · {question.instruction.en}",
            where=self._where,
            remedy="correct its `answer`; the journal says why the last one was refused",
        )

    def _refuse(self, question: Question, reason: Bilingual) -> None:
        """The next line of the script is tried."""

    def _end(self, words: Bilingual) -> None:
        """Nobody reads it."""


def _found(expression: str, instruction: Bilingual) -> re.Match[str] | None:
    return re.search(expression, instruction.zh) or re.search(expression, instruction.en)
