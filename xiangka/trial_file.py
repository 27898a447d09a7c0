"""The record of a trial while it is being made: kept beside its file after every part, so that it can go on."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from certification.catalogue import VERSION
from certification.errors import PlanError
from certification.trial_record import MadeWith, TrialRecord
from xiangka import __version__
from xiangka.versions import versions

Record = TypeVar("Record", bound=TrialRecord)


def made_with() -> MadeWith:
    """The versions this trial is made with."""
    return MadeWith(xiangka=__version__, catalogue=VERSION, commit=versions()["commit"])


def now() -> datetime:
    """When a part of a trial ended."""
    return datetime.now(UTC).astimezone().replace(microsecond=0)


class TrialFile:
    """Where a trial is written.

    Args:
        out: file of the finished record.
        resume: whether a trial that was cut short goes on.

    Raises:
        PlanError: an unfinished trial is there and nobody asked for it to go on, or the other way round.
    """

    def __init__(self, out: Path, *, resume: bool) -> None:
        if out.is_dir():
            raise PlanError("is a folder", where=str(out), remedy="name a file")
        self.out = out
        self.unfinished = out.with_name(f"{out.name}.unfinished")
        there = self.unfinished.is_file()
        if there and not resume:
            raise PlanError(
                "holds a trial that was cut short",
                where=str(self.unfinished),
                remedy="go on with it (--resume), or remove the file",
            )
        if resume and not there:
            raise PlanError("there is no trial to go on with", where=str(self.unfinished), remedy="leave --resume out")
        if not out.parent.is_dir():
            raise PlanError(
                "there is no such folder", where=str(out.parent), remedy="name a file in a folder that is there"
            )

    def earlier(self, kind: type[Record]) -> Record | None:
        """What an unfinished trial has found so far; None where this one begins.

        Raises:
            PlanError: it cannot be read, or was made with other versions.
        """
        if not self.unfinished.is_file():
            return None
        try:
            text = self.unfinished.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "it is no text"
            raise PlanError(
                f"cannot be read ({said})",
                where=str(self.unfinished),
                remedy="remove the file and begin anew",
            ) from error
        record = kind.parse(text, str(self.unfinished))
        if (here := made_with()) != record.made_with:
            raise PlanError(
                f"was begun with {_told(record.made_with)}, this is {_told(here)}",
                where=str(self.unfinished),
                remedy="go on with that version, or remove the file and begin anew",
            )
        return record

    def keep(self, record: dict[str, Any]) -> None:
        """Write what was found so far."""
        partial = self.unfinished.with_name(f"{self.unfinished.name}.partial")
        try:
            with partial.open("w", encoding="utf-8") as file:
                file.write(json.dumps(record, ensure_ascii=False, indent=1) + "\n")
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.unfinished)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise PlanError(
                f"cannot be written ({error.strerror})", where=str(self.unfinished), remedy="name another file"
            ) from error

    def finish(self) -> None:
        """Put the record in its place, in a single step.

        Raises:
            PlanError: it cannot be put there; what was found stays in the unfinished file.
        """
        try:
            self.unfinished.replace(self.out)
        except OSError as error:
            raise PlanError(
                f"cannot be written ({error.strerror})",
                where=str(self.out),
                remedy=f"make room for it; {self.unfinished} is the whole record",
            ) from error


def _told(versions_of: MadeWith) -> str:
    return f"Xiangka {versions_of.xiangka}, catalogue {versions_of.catalogue}, commit {versions_of.commit or '—'}"
