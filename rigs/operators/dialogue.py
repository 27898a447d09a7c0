"""What every way of asking a person shares: the time limit, checking answers and asking again, the journal."""

from __future__ import annotations

import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rigs.errors import OperatorDeclinedError, OperatorTimeoutError
from rigs.journal import Journal
from rigs.masked_words import masked_words
from rigs.operators.answers import declined
from rigs.roles.operator import Answered, AnswerKind, Bilingual, Operator, Value, WrongAnswerError

CHANNEL = "operator"
DECLINE = Bilingual("输入 skip 跳过此项", "type skip to leave this row out")


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it is put.

    Attributes:
        instruction: what to do or to look at.
        hint: what may be typed.
        picture: a picture that helps.
        deadline: monotonic time at which the person's time is over, s.
    """

    instruction: Bilingual
    hint: Bilingual
    picture: Path | None
    deadline: float


class Dialogue(Operator, ABC):
    """An operator reached in some way.

    Args:
        journal: where every question and answer is recorded, channel ``operator``, with long numbers masked.
        timeout_s: how long a person has for one question unless it says otherwise, s.
    """

    def __init__(self, journal: Journal, timeout_s: float) -> None:
        self._journal = journal
        self._timeout_s = timeout_s
        self._around: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext

    @abstractmethod
    def _put(self, question: Question) -> None:
        """Show a question."""

    @abstractmethod
    def _next_line(self, question: Question) -> str | None:
        """The next line the person types, or None when the time is over."""

    @abstractmethod
    def _refuse(self, question: Question, reason: Bilingual) -> None:
        """Say why the last line is no answer."""

    @abstractmethod
    def _end(self, words: Bilingual) -> None:
        """Say how the dialogue ended."""

    def around(self, dialogue: Callable[[], AbstractContextManager[None]]) -> None:
        """Enter a context around each dialogue from now on."""
        self._around = dialogue

    def ask(
        self,
        instruction: Bilingual,
        answer: AnswerKind[Value],
        *,
        picture: Path | None = None,
        timeout_s: float | None = None,
    ) -> Answered[Value]:
        """Put the question until it is answered, declined or the time is over."""
        patience_s = self._timeout_s if timeout_s is None else timeout_s
        fields: dict[str, Any] = {"zh": instruction.zh, "en": instruction.en, "kind": type(answer).__name__}
        if picture is not None:
            fields["picture"] = picture.name
        with self._around():
            question = Question(instruction, answer.hint, picture, time.monotonic() + patience_s)
            self._put(question)
            asked_ns = time.monotonic_ns()
            first = self._journal.event(CHANNEL, "asked", asked_ns, timeout_s=patience_s, **fields)
            while True:
                typed = self._next_line(question)
                t_ns = time.monotonic_ns()
                if typed is None:
                    raise self._timed_out(question, patience_s)
                if (why := declined(typed)) is not None:
                    raise self._declined(question, masked_words(why))
                try:
                    value = answer.read(typed)
                except WrongAnswerError as error:
                    self._journal.event(
                        CHANNEL, "not an answer", t_ns, typed=masked_words(typed), reason=masked_words(error.reason.en)
                    )
                    self._refuse(question, error.reason)
                    continue
                last = self._journal.event(CHANNEL, "answered", t_ns, typed=masked_words(typed))
                self._end(Bilingual("已记录", "noted"))
                return Answered(value, asked_ns, t_ns, (first, last))

    def _timed_out(self, question: Question, patience_s: float) -> OperatorTimeoutError:
        self._journal.event(CHANNEL, "no answer in time")
        self._end(Bilingual("超时，此项不评定", "time is over: this row is not assessed"))
        return OperatorTimeoutError(
            f"{patience_s:g} 秒内操作员未作答：{question.instruction.zh}",
            f"the operator did not answer within {patience_s:g} s: {question.instruction.en}",
        )

    def _declined(self, question: Question, why: str) -> OperatorDeclinedError:
        self._journal.event(CHANNEL, "declined", reason=why)
        self._end(Bilingual("已跳过，此项不评定", "skipped: this row is not assessed"))
        because_zh, because_en = (f"（{why}）", f" ({why})") if why else ("", "")
        return OperatorDeclinedError(
            f"操作员跳过{because_zh}：{question.instruction.zh}",
            f"the operator declined{because_en}: {question.instruction.en}",
        )
