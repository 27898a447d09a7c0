"""Drivers of what is left behind: places and a command of this machine, and an emulated device's log and memory.

Tried on: the emulated device; on no vendor's software yet.
"""

from __future__ import annotations

import glob
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

from rigs.bench_tables.base import program_of
from rigs.clear_text import files_below
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.masked_words import masked_words
from rigs.roles.traces import HostTraces

CHANNEL = "traces"
COMMAND_S = 120.0


class MachineTraces(HostTraces):
    """Places of this machine, and a command that exports the device's log.

    Args:
        paths: files, folders or patterns.
        export: command line with ``{folder}``, or None.
        journal: where the export is recorded.
    """

    def __init__(self, paths: tuple[str, ...], export: str | None, journal: Journal) -> None:
        self._paths = paths
        self._export = export
        self._journal = journal

    def files(self, export: Path) -> list[Path]:
        """Every file there is to search."""
        found: list[Path] = []
        for pattern in self._paths:
            places = [Path(place) for place in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 - any pattern, absolute too
            if not places:
                raise RigError(
                    f"there is nothing at {pattern}",
                    where=CHANNEL,
                    remedy="correct `paths` of [traces] in the bench file",
                )
            found += files_below(places)
        if self._export is not None:
            found += self._exported(self._export, export)
        return list(dict.fromkeys(found))

    def _exported(self, command: str, folder: Path) -> list[Path]:
        try:
            words = [word.replace("{folder}", str(folder)) for word in shlex.split(command)]
            ended = subprocess.run(words, capture_output=True, text=True, timeout=COMMAND_S, check=False)
            said, code = (ended.stderr or ended.stdout).strip(), ended.returncode
        except subprocess.TimeoutExpired:  # its own words hold the whole command
            said, code = f"it did not end within {COMMAND_S:g} s", -1
        except (OSError, ValueError) as error:
            said, code = str(error), -1
        self._journal.event(CHANNEL, "export", program=program_of(command), exit_code=code)
        files = list(files_below([folder]))
        if code or not files:
            raise RigError(
                f"the device's log was not exported ({masked_words(said)[-200:] or f'exit {code}, no file written'})",
                where=CHANNEL,
                remedy="try `export` of [traces] in the bench file by hand",
            )
        return files


class EmulatedTraces(HostTraces):
    """What an emulated device leaves.

    Args:
        log: folder of its log.
        tell: tells the emulator something on its tether.
    """

    def __init__(self, log: Path, tell: Callable[[str], str]) -> None:
        self._log = log
        self._tell = tell

    def files(self, export: Path) -> list[Path]:
        """Its log, and its memory as it exports it."""
        if (answer := self._tell(f"export {export}")) != "done":
            raise RigError(f"the emulator exported nothing ({answer})", where=CHANNEL, remedy="this is a fault of ours")
        return list(files_below([self._log, export]))
