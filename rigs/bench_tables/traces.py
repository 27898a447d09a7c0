"""Table of what the device and its vendor's software leave behind."""

from __future__ import annotations

from typing import Any, Self

from pydantic import model_validator

from rigs.bench_tables.base import Table, program_of


class EmulatedTracesTable(Table):
    """Let the emulated scanner keep a log, and a memory that it exports."""


class TracesTable(Table):
    """Where to search for what was read."""

    paths: tuple[str, ...] = ()
    """Files, folders or patterns such as ``/var/log/vendor*``: logs and temporary files of the vendor's software."""
    export: str | None = None
    """Command line that exports the device's own log; ``{folder}`` stands for an empty folder it writes to."""
    emulated: EmulatedTracesTable | None = None

    def shown(self) -> dict[str, Any]:
        """The table as it stands in a report; the command is told by its program's name."""
        shown = self.model_dump(mode="json", exclude_none=True)
        return shown if self.export is None else {**shown, "export": program_of(self.export)}

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.emulated is not None and (self.paths or self.export):
            raise ValueError("needs either `paths` and `export` or a table [traces.emulated], and not both")
        if self.emulated is None and not self.paths and self.export is None:
            raise ValueError("needs `paths`, `export` or a table [traces.emulated]")
        if self.export is not None and "{folder}" not in self.export:
            raise ValueError("`export` must say with {folder} where the command writes to")
        return self
