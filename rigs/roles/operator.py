"""What may be asked of the person at the bench, who does and sees what no machine there can."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

Value = TypeVar("Value")
Value_co = TypeVar("Value_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Bilingual:
    """The same words in Chinese and in English."""

    zh: str
    en: str


class WrongAnswerError(Exception):
    """What was typed does not answer the question.

    Args:
        reason: what is wrong with it, told to the person before the question is put again.
    """

    def __init__(self, reason: Bilingual) -> None:
        super().__init__(reason.en)
        self.reason = reason


class AnswerKind(Protocol[Value_co]):
    """How a question wants to be answered; the kinds there are stand in ``rigs.operators.answers``."""

    @property
    def hint(self) -> Bilingual:
        """What may be typed."""

    def read(self, typed: str) -> Value_co:
        """What was typed, as a value.

        Raises:
            WrongAnswerError: it is no answer of this kind.
        """


@dataclass(frozen=True, slots=True)
class Answered(Generic[Value]):
    """An answer.

    Attributes:
        value: what was answered.
        asked_ns: monotonic time from which the question was fully put, ns.
        t_ns: monotonic time of the answer, ns.
        journal: first and last journal record of the dialogue.
    """

    value: Value
    asked_ns: int
    t_ns: int
    journal: tuple[int, int]


class Operator(Protocol):
    """The person at the bench."""

    def ask(
        self,
        instruction: Bilingual,
        answer: AnswerKind[Value],
        *,
        picture: Path | None = None,
        timeout_s: float | None = None,
    ) -> Answered[Value]:
        """Tell the person what to do or to look at, and wait for the answer.

        Args:
            instruction: the words; numbers in them stand with their unit.
            answer: how it wants to be answered.
            picture: a picture that helps, PNG or JPEG.
            timeout_s: how long the person has, s; None for the bench's own choice.

        Raises:
            OperatorTimeoutError: no valid answer came in time.
            OperatorDeclinedError: the person declined.
            RigError: there is no longer anybody to ask.
        """

    def around(self, dialogue: Callable[[], AbstractContextManager[None]]) -> None:
        """Enter a context around each dialogue from now on, so that nobody else writes where the person reads."""

    def close(self) -> None:
        """Leave the person's terminal as it was found."""
