"""The load generator as a process of its own: importing Locust would patch the standard library of this one."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from loadtests.plan import LoadPlan
from loadtests.record import LoadRecord, read_record
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.roles.load import LiveSecond, Watch

CHANNEL = "load"
GENERATOR = (sys.executable, "-m", "loadtests")
SILENT_S = 600.0
"""How long the generator may say nothing: it fetches its codes before the first second."""
ENDING_S = 60.0
"""How long it may take to write its record once it was told to end, or has closed its output."""
LOG, PLAN = "generator.log", "plan.json"


class LocustLoad:
    """Runs ``python -m loadtests run`` for each load.

    Args:
        journal: where loads are recorded, each as its begin and its end; what they ask stands in their own folders.
        command: the program that is run.
    """

    def __init__(self, journal: Journal, command: Sequence[str] = GENERATOR) -> None:
        self._journal = journal
        self._command = command

    def run(self, plan: LoadPlan, folder: Path, watch: Watch) -> LoadRecord:
        """As ``rigs.roles.load.LoadGenerator``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / PLAN).write_text(plan.to_json() + "\n", encoding="utf-8")
        with (folder / LOG).open("wb") as errors:
            process = subprocess.Popen(
                [*self._command, "run", "--plan", str(folder / PLAN), "--out", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # a Ctrl-C is for this process, which ends the generator in order
            )
        self._journal.event(CHANNEL, "process started", pid=process.pid, profile=plan.profile, folder=folder.name)
        try:
            said = self._listen(process, watch)
            code = process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            raise _failed("does not end", folder) from None
        finally:
            _end(process)
        self._journal.event(CHANNEL, "process ended", exit_code=code)
        if code != 0:
            raise _told(said, code, folder)
        try:
            return read_record(folder)
        except (OSError, ValueError) as error:
            raise _failed(f"left no record that can be read ({error})", folder) from error

    def _listen(self, process: subprocess.Popen[bytes], watch: Watch) -> Any:
        """Pass every second on; returns the last thing it said."""
        assert process.stdout is not None  # noqa: S101 - Popen was given a pipe
        last: Any = None
        for line in _lines(process.stdout):
            try:
                last = msgspec.json.decode(line)
                second = msgspec.convert(last, LiveSecond)
            except ValueError:  # no second: a word of what failed, or of anything else
                continue
            if not watch(second):
                process.send_signal(signal.SIGTERM)
        return last


def _lines(output: IO[bytes]) -> Iterator[bytes]:
    """Lines as they come.

    Raises:
        RigError: none came for too long.
    """
    rest, heard = b"", time.monotonic()
    while True:
        ready, _, _ = select.select([output], [], [], 1.0)
        if not ready:
            if time.monotonic() - heard > SILENT_S:
                raise RigError(
                    f"the load generator has said nothing for {SILENT_S:.0f} s",
                    where=CHANNEL,
                    remedy="see its log in the run folder, and run on a machine with less to do",
                )
            continue
        heard, data = time.monotonic(), os.read(output.fileno(), 65536)
        if not data:
            return
        *whole, rest = (rest + data).split(b"\n")
        yield from (line for line in whole if line.strip())


def _told(said: Any, code: int, folder: Path) -> RigError:
    match said:
        case {"error": {"what": str(what), "where": str(where), "remedy": str(remedy)}}:
            return RigError(what, where=where, remedy=remedy)
        case _:
            return _failed(f"ended with code {code}", folder)


def _failed(what: str, folder: Path) -> RigError:
    lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = f" ({lines[-1]})" if lines else ""
    return RigError(
        f"the load generator {what}{last}", where=CHANNEL, remedy=f"see {folder.name}/{LOG} in the run folder"
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and its workers: gently, so that its record is whole, then by force."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(ENDING_S)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
