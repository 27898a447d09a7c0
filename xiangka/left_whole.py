"""Whether all that a run has written down is still there when it is gone on with: nothing may be lost in silence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certification.catalogue import Text
from certification.errors import PlanError
from certification.observations import Observation, SetAside
from evidence.chain import CHAIN, Chain
from evidence.manifest import MANIFEST, ChainHead
from xiangka.run_lock import LOCK
from xiangka.sittings import KILLED, Sitting
from xiangka.verifying import verified
from xiangka.whole_lines import WholeLines

_ANEW = "run the plan anew; this folder was changed"


@dataclass(frozen=True)
class LostRecords:
    """Journal records that observations name and a kill took with it.

    Attributes:
        first, last: their numbers.
        requirement: the row that was cut short.
    """

    first: int
    last: int
    requirement: str

    def told(self) -> Text:
        """What to say of them."""
        return Text(
            zh=f"强行终止或断电使日志记录 {self.first}–{self.last} 丢失，{self.requirement} 的观测记录曾引用它们",
            en=f"the kill took journal records {self.first}–{self.last}, on which observations of "
            f"{self.requirement} rest",
        )


def require_as_sealed(folder: Path) -> None:
    """Compare a folder that an ended sitting has sealed with its manifest; without one there is nothing to compare.

    Raises:
        PlanError: a file is not as it was sealed, or cannot be read.
    """
    if not (folder / MANIFEST).exists():
        return
    for finding in verified(folder, None, ()).findings:
        if finding.where != LOCK:
            raise PlanError(
                finding.what,
                where=str(folder / finding.where),
                remedy="make the folder what it was when the run was sealed, or run the plan anew",
            )


def require_as_recorded(file: WholeLines, chain: Chain, recorded: Mapping[str, Any]) -> None:
    """Compare a chained file, whose chain holds, with how ``run.json`` last said that it ended.

    Args:
        file: the file.
        chain: its chain as it stands at its end.
        recorded: ``run.json``.

    Raises:
        PlanError: it has fewer records, or others.
    """
    try:
        said = ChainHead(**recorded["chains"][file.path.name])
        beginning = Chain(file.path.name, run=recorded["run"]).head.hex()
        if chain.records < said.records:
            raise PlanError(
                f"holds {chain.records} records, and had {said.records} when run.json was written",
                where=str(file.path),
                remedy=_ANEW,
            )
        head = json.loads(file.lines()[said.records - 1])[CHAIN] if said.records else beginning
    except (KeyError, TypeError, IndexError) as error:
        raise PlanError(
            f"does not tell how {file.path.name} ended when it was written",
            where=str(file.path.with_name("run.json")),
            remedy="go on with the version of Xiangka it began with, or run the plan anew",
        ) from error
    if head != said.head:
        raise PlanError(
            f"is not what it was when run.json was written: record {said.records} is another one",
            where=str(file.path),
            remedy=_ANEW,
        )


def lost_records(
    lines: Sequence[Observation | SetAside], journal: WholeLines, last: Sitting, kept: int
) -> LostRecords | None:
    """Journal records that observations name and that are not there any more, as only a kill takes them, and from the
    row alone that it cut short; None where all are there.

    Args:
        lines: every observation in the file.
        journal: the journal.
        last: the last sitting.
        kept: number of the observations that ``run.json`` knows of.

    Raises:
        PlanError: they were not lost so.
    """
    there = int(journal.last.get("n", 0))
    citing = [
        (place, line.requirement, line.journal[1])
        for place, line in enumerate(lines, start=1)
        if isinstance(line, Observation) and line.journal is not None and line.journal[1] > there
    ]
    if not citing:
        return None
    rows = {row for _, row, _ in citing}
    if last.why != KILLED or len(rows) > 1 or citing[0][0] <= kept:
        place, row, number = citing[0]
        raise PlanError(
            f"ends with record {there}, and the observation of {row} in line {place} rests on record {number}",
            where=str(journal.path),
            remedy=_ANEW,
        )
    return LostRecords(there + 1, max(number for _, _, number in citing), *rows)


def require_sound_clocks(sittings: Sequence[Sitting], folder: Path) -> None:
    """Refuse a run of which a sitting's clock ran backwards: what that sitting dated never counts.

    Raises:
        PlanError: one did.
    """
    for sitting in sittings:
        if sitting.ran_back:
            raise PlanError(
                sitting.told_of_the_clock().en, where=str(folder), remedy="set the clock right and run it anew"
            )
