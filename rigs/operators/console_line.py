"""A terminal device a person sits at: text out, edited lines in, every call bounded by a deadline.

The line is edited here and not by the kernel, because a countdown is redrawn beside it while the person types.
"""

from __future__ import annotations

import codecs
import os
import select
import termios
import time
import tty
from collections.abc import Callable
from contextlib import suppress

from rich.cells import cell_len

from rigs.errors import RigError

_ENTER = ("\r", "\n")
_RUBOUT = ("\x7f", "\x08")
_RUBOUT_LINE = "\x15"
_ESCAPE = "\x1b"


class ConsoleLine:
    """A terminal device, opened for one dialogue after the other.

    Args:
        path: the device, ``/dev/tty`` for the terminal the run was started in.

    Raises:
        RigError: there is no such terminal.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise RigError(
                f"there is no terminal to ask a person at ({error.strerror})",
                where=f"operator {path}",
                remedy="start the run in a terminal, or name one as `console` in [operator]; `tty` tells its name",
            ) from error
        if not os.isatty(self._fd):
            os.close(self._fd)
            raise RigError(
                "is no terminal", where=f"operator {path}", remedy="name one as `console` in [operator], see `tty`"
            )
        self._found = termios.tcgetattr(self._fd)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""

    @property
    def columns(self) -> int:
        """How wide it is, characters."""
        with suppress(OSError):
            return os.get_terminal_size(self._fd).columns or 80
        return 80

    def write(self, text: str, deadline: float) -> None:
        """Show text; what a terminal that takes nothing has not taken by the deadline is dropped.

        Raises:
            RigError: the terminal is gone.
        """
        data = text.replace("\n", "\r\n").encode()
        while data and select.select([], [self._fd], [], max(0.0, deadline - time.monotonic()))[1]:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._gone() from error

    def forget_typed(self) -> None:
        """Drop what was typed before the question stood there: it answers another one, or nothing."""
        self._pending = ""
        with suppress(termios.error):
            termios.tcflush(self._fd, termios.TCIFLUSH)

    def read(self, prompt: Callable[[float], str], deadline: float) -> str | None:
        """Let the person type a line; None when the deadline passes first.

        Args:
            prompt: makes what stands before the typed text of the seconds left; redrawn each second.
            deadline: monotonic time, s.

        Raises:
            RigError: the terminal is gone.
        """
        typed = ""
        self._raw()
        try:
            while (left := deadline - time.monotonic()) > 0:
                self._redraw(prompt(left), typed, deadline)
                for character in self._characters(min(left, left % 1 or 1)):
                    if character in _ENTER:
                        self.write("\n", deadline)
                        return typed
                    typed = _edited(typed, character)
            return None
        finally:
            self._cooked()

    def farewell(self, text: str) -> None:
        """Show a last word after a dialogue on a line of its own, if the terminal takes it at once."""
        with suppress(RigError):
            self.write(f"\r\x1b[K{text}", time.monotonic() + 0.2)

    def close(self) -> None:
        """Release the device."""
        os.close(self._fd)

    def _raw(self) -> None:
        """Take characters as they are typed; Ctrl-C still interrupts."""
        with suppress(termios.error):
            tty.setcbreak(self._fd, termios.TCSADRAIN)

    def _cooked(self) -> None:
        with suppress(termios.error):
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._found)

    def _redraw(self, prompt: str, typed: str, deadline: float) -> None:
        room = max(8, self.columns - cell_len(prompt) - 2)
        shown = typed
        while cell_len(shown) > room:
            shown = shown[1:]
        self.write(f"\r\x1b[K{prompt}{shown}", deadline)

    def _characters(self, timeout_s: float) -> str:
        """Characters typed within a time, up to and including the first Enter; the rest is kept."""
        if not self._pending:
            if not select.select([self._fd], [], [], timeout_s)[0]:
                return ""
            try:
                data = os.read(self._fd, 256)
            except BlockingIOError:
                return ""
            except OSError as error:
                raise self._gone() from error
            if not data:
                raise self._gone()
            self._pending = _without_escapes(self._decoder.decode(data))
        ends = [place for place, character in enumerate(self._pending) if character in _ENTER]
        size = ends[0] + 1 if ends else len(self._pending)
        characters, self._pending = self._pending[:size], self._pending[size:]
        return characters

    def _gone(self) -> RigError:
        return RigError(
            "the operator's terminal is gone",
            where=f"operator {self.path}",
            remedy="keep its window open, then start the run again",
        )


def _edited(typed: str, character: str) -> str:
    if character in _RUBOUT:
        return typed[:-1]
    if character == _RUBOUT_LINE:
        return ""
    return typed + character if character.isprintable() else typed


def _without_escapes(text: str) -> str:
    """Text without the sequences of arrow and function keys, which arrive in one piece."""
    plain = ""
    rest = iter(text)
    for character in rest:
        if character != _ESCAPE:
            plain += character
        elif next(rest, "") in ("[", "O"):
            for following in rest:
                if following.isalpha() or following == "~":
                    break
    return plain
