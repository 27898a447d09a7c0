"""``xiangka statement new``: a statement to be filled in, with what a probe of the device found."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from certification.errors import PlanError
from xiangka.statement_form import Findings, write_statement


def new_statement(kind: str, bench: Path | None, out: Path) -> int:
    """Write a statement to be filled in; returns the exit code.

    Raises:
        PlanError: the kind has no statement, is not the bench's, or the file cannot be written.
        BenchFileError: the bench file is wrong.
        RigError: a part of the bench is absent, busy or silent.
    """
    if out.exists():
        raise PlanError("is there already", where=str(out), remedy="name another file")
    found: Findings | None = None
    if bench is not None:
        from xiangka.statement_probe import probe

        found = probe(bench)
    if found is not None and found.kind != kind:
        raise PlanError(f"the bench is one for a {found.kind}", where="--kind", remedy=f"use --kind {found.kind}")
    write_statement(kind, found, out)
    console = Console()
    if found is not None:
        count = len(found.identity) + len(found.options)
        console.print(f"探测填入 {count} 项，待厂商确认 · a probe filled in {count}, for the vendor to confirm")
    console.print(f"已写入 written: {out}", highlight=False, soft_wrap=True)
    return 0
