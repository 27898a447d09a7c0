"""An operator at a terminal: the question in a frame, a countdown, answers typed.

Tried on: pseudo-terminals.
"""

from __future__ import annotations

import io
import math

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from rigs.journal import Journal
from rigs.operators.console_line import ConsoleLine
from rigs.operators.dialogue import DECLINE, Dialogue, Question
from rigs.operators.pictures import drawn
from rigs.roles.operator import Bilingual

WIDEST = 100
"""Columns of the frame around a question, at most."""
_TITLE = Bilingual("请操作员", "for the operator")
_ANSWER = Bilingual("作答", "answer")
_LEFT = Bilingual("剩余 {} 秒 > ", "{} s left > ")
_PICTURE = Bilingual("图", "picture")


class TerminalOperator(Dialogue):
    """A person at a terminal.

    Args:
        console: the terminal device; pytest may hold standard input and output, so they are not used.
        language: ``zh`` or ``en``.
        journal: where questions and answers are recorded.
        timeout_s: how long the person has for one question unless it says otherwise, s.

    Raises:
        RigError: there is no such terminal.
    """

    def __init__(self, console: str, language: str, journal: Journal, timeout_s: float) -> None:
        super().__init__(journal, timeout_s)
        self._line = ConsoleLine(console)
        self._language = language

    def close(self) -> None:
        """Release the terminal."""
        self._line.close()

    def _put(self, question: Question) -> None:
        parts: list[RenderableType] = [Text(self._say(question.instruction))]
        if question.picture is not None:
            width = min(self._line.columns, WIDEST) - 4
            parts += [Text(f"{self._say(_PICTURE)}: {question.picture}", style="dim"), drawn(question.picture, width)]
        parts.append(Text(f"{self._say(_ANSWER)}: {self._say(question.hint)} · {self._say(DECLINE)}", style="dim"))
        self._line.forget_typed()
        self._print(Panel(Group(*parts), title=self._say(_TITLE), title_align="left", style="bold"), question.deadline)

    def _next_line(self, question: Question) -> str | None:
        counting = self._say(_LEFT)
        return self._line.read(lambda left: counting.format(math.ceil(left)), question.deadline)

    def _refuse(self, question: Question, reason: Bilingual) -> None:
        self._print(Text(f"{self._say(reason)} · {self._say(question.hint)}", style="red"), question.deadline)

    def _end(self, words: Bilingual) -> None:
        self._line.farewell(self._rendered(Text(self._say(words), style="dim")))

    def _say(self, words: Bilingual) -> str:
        return words.zh if self._language == "zh" else words.en

    def _print(self, what: RenderableType, deadline: float) -> None:
        self._line.write(self._rendered(what), deadline)

    def _rendered(self, what: RenderableType) -> str:
        page = io.StringIO()
        width = min(self._line.columns, WIDEST)
        Console(file=page, force_terminal=True, width=width, highlight=False, color_system="truecolor").print(what)
        return page.getvalue()
