"""What every role is opened with: the journal, what a run adds to emulated parts, and who closes it all again."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rigs.child_process import ChildProcess
from rigs.errors import BenchFileError
from rigs.journal import Journal
from rigs.roles import Operator


@dataclass(frozen=True)
class EmulationOptions:
    """What a run adds to the emulated parts of a bench.

    Attributes:
        defect: deliberate defect of the emulated subject, or None.
        state: folder where emulated parts keep their data.
    """

    state: Path
    defect: str | None = None


@dataclass(frozen=True)
class Opening:
    """A bench being opened.

    Attributes:
        journal: where every wire is recorded.
        emulation: defect and state folder for what the bench starts itself.
        closing: what is to be closed with the bench, last opened first.
        operator: the person at the bench, who is opened before every other role; None where the bench has nobody.
    """

    journal: Journal
    emulation: EmulationOptions
    closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    operator: Operator | None = None

    @property
    def person(self) -> Operator:
        """The operator, for a role that a person fills.

        Raises:
            BenchFileError: the bench has nobody.
        """
        if self.operator is None:
            raise BenchFileError("there is no person at this bench", where="operator", remedy="add a table [operator]")
        return self.operator

    def start(self, role: str, arguments: list[str], under: Sequence[str] = ()) -> ChildProcess:
        """Start an emulated part as a process that ends with the bench.

        Args:
            role: bench part it stands for.
            arguments: what follows ``python -m xiangka``.
            under: as ``ChildProcess``.

        Raises:
            RigError: it ended or stayed silent instead of saying that it is ready.
        """
        child = ChildProcess(role, arguments, under=under)
        self.closing.callback(child.close)
        self.journal.event(role, "process started", pid=child.pid)
        return child

    def defective(self) -> list[str]:
        """The option that gives an emulated part of the subject the run's defect; empty for a sound one."""
        return [] if self.emulation.defect is None else ["--defect", self.emulation.defect]
