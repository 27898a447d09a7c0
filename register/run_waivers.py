"""The waivers of a run weighed anew: only what an authoriser of the register's own centre signed lets a row fail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from certification.catalogue import Catalogue
from certification.subject import Identity
from certification.verdicts import Row
from certification.waivers import WeighedWaiver, weigh
from reports.run_record import RunRecord
from reports.waiver_files import SUFFIX, read_all

KEPT = "waivers"
"""Folder of a run that keeps them."""


def weighed_waivers(
    folder: Path, run: RunRecord, rows: Sequence[Row], catalogue: Catalogue, centre: bytes
) -> list[WeighedWaiver]:
    """What becomes of the waivers a run keeps, on the day it ended.

    Args:
        folder: the run's folder.
        run: its record.
        rows: its verdicts as they follow from the evidence.
        catalogue: the catalogue they were judged by.
        centre: public root certificates of the register's centre, PEM.

    Raises:
        PlanError: a file is no waiver.
    """
    filed = read_all(sorted((folder / KEPT).glob(f"*{SUFFIX}")), catalogue, centre)
    filed_as: dict[str, Any] = {"vendor": "", "model": "", "firmware": "", **run.subject.identity}
    identity = Identity.model_construct(None, **filed_as)
    day = (run.finished or run.started).date()
    return weigh(filed, rows, identity, day, run.started)
