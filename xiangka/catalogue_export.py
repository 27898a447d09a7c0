"""The catalogue written out as one file, to be changed and judged by."""

from __future__ import annotations

import sys
from pathlib import Path

from certification.catalogue import load_catalogue
from certification.catalogue_file import catalogue_text
from xiangka.statement_form import write_new


def export_catalogue(out: Path | None) -> None:
    """Write the catalogue in force to a new file, or to standard output.

    Raises:
        PlanError: the file is there already, or cannot be written.
    """
    text = catalogue_text(load_catalogue())
    if out is None:
        sys.stdout.write(text)
        return
    write_new(out, text)
    print(f"已写入 written: {out}", file=sys.stderr)
