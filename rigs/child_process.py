"""Processes a bench starts: ready when they say so, gone when the bench is closed."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from rigs.errors import RigError

READY_S = 30.0


class ChildProcess:
    """A process of the project's own command line, tethered to this one by its standard input.

    Args:
        role: bench part it stands for, named in errors.
        arguments: what follows ``python -m xiangka``.
        errors: file its error output is appended to, or None to keep it only for a failed start.
        under: a program and its arguments that start the process in turn, such as a tracer.

    Raises:
        RigError: it ended or stayed silent instead of saying that it is ready.
    """

    def __init__(self, role: str, arguments: list[str], errors: Path | None = None, under: Sequence[str] = ()) -> None:
        self._role = role
        self._arguments = arguments
        self._errors = tempfile.TemporaryFile() if errors is None else errors.open("a+b")  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [*under, sys.executable, "-m", "xiangka", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
            bufsize=0,  # a line read ahead into a buffer would be invisible to select
        )
        try:
            self.greeting = self.line()
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Process id, and that of its process group."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it and every process it started, at once and without a word."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.close()

    def tell(self, order: str) -> str:
        """Tell an emulator something on its tether; returns what it answers.

        Raises:
            RigError: it has ended, or does not answer.
        """
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 - Popen was given a pipe
        with contextlib.suppress(OSError):
            pipe.write(order.encode() + b"\n")
            pipe.flush()
        return self.line()

    def line(self) -> str:
        """The next line it says.

        Raises:
            RigError: it ended or stayed silent.
        """
        output = self._process.stdout
        assert output is not None  # noqa: S101 - Popen was given a pipe
        ready, _, _ = select.select([output], [], [], READY_S)
        line = output.readline().decode("utf-8", "replace").strip() if ready else ""
        if line:
            return line
        self._process.kill()
        self._process.wait()
        self._errors.seek(0)
        last = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        self.close()
        raise RigError(
            f"its process did not start ({last[-1] if last else 'no word from it'})",
            where=self._role,
            remedy=f"try it by hand: xiangka {' '.join(_shown(self._arguments))}",
        )

    def close(self) -> None:
        """End the process: gently, then by force."""
        if self._process.poll() is None:
            with contextlib.suppress(OSError):
                self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _shown(arguments: Sequence[str]) -> Iterator[str]:
    """What may be told of a command line: the URL of a database holds its password."""
    for before, argument in zip(("", *arguments), arguments, strict=False):
        yield "…" if before == "--database" else argument
