"""An interrupted run read back from its folder: which rows keep their verdict, which begin again, which go on."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from certification.catalogue import SubjectKind, Text, load_catalogue
from certification.decision import Outcome, judge_criterion, overall
from certification.errors import PlanError
from certification.json_text import json_value
from certification.observations import Observation, from_line, in_force
from certification.people import PEOPLE, lacks_people, together
from certification.verdicts import Circumstance, Verdict
from evidence.chain import BrokenChainError, Chain, bare, follow
from evidence.manifest import MANIFEST, SIGNATURES
from evidence.redaction import JOURNAL, OBSERVATIONS
from fixtures.evidence import Evidence
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.roles import DeviceIdentity
from xiangka.asked import Asked, Given, RunOptions, refuse_other
from xiangka.left_whole import (
    LostRecords,
    lost_records,
    require_as_recorded,
    require_as_sealed,
    require_sound_clocks,
)
from xiangka.sittings import FINISHED, GOES_ON, WHY, Sitting, lasting
from xiangka.whole_lines import WholeLines, whole_lines

RUN = "run.json"


@dataclass(frozen=True)
class EarlierRun:
    """What earlier sittings of a run left.

    Attributes:
        folder: its folder.
        record: its ``run.json``.
        options: what it was asked for.
        sittings: its sittings, each with its end.
        observations: observations that count.
        files: its observations and its journal.
        chains: the chain of each as it stands at its end.
        journal_end: number of the last journal record written or referred to.
        lost: journal records that the kill took; None where all are there.
    """

    folder: Path
    record: Mapping[str, Any]
    options: RunOptions
    sittings: tuple[Sitting, ...]
    observations: tuple[Observation, ...]
    files: tuple[WholeLines, WholeLines]
    chains: tuple[Chain, Chain]
    journal_end: int
    lost: LostRecords | None = None

    @property
    def identity(self) -> DeviceIdentity:
        """What the subject said of itself when the run began."""
        return DeviceIdentity(**self.record["identity_read"])

    @property
    def notes(self) -> list[Text]:
        """What was said of the run so far."""
        return [Text.model_validate(note) for note in self.record["notes"]]

    def of(self, requirement: str) -> list[Observation]:
        """Observations of one requirement that count."""
        return [one for one in self.observations if one.requirement == requirement]

    def kept(self, execute: Collection[str], options: Collection[str]) -> dict[str, float]:
        """Rows that keep their verdict, with the seconds they took.

        Rows that were finished, unless the bench broke in them; and rows that had failed already when they were cut
        short, because a failure that is proved stands, whatever a second try would show.

        Args:
            execute: rows the run executes.
            options: options the statement answers with yes.
        """
        took: Mapping[str, float] = self.record["durations"]
        broke = {row for row, found in self._circumstances() if found.verdict is Verdict.RIG_ERROR}
        return {
            row: took.get(row, 0.0)
            for row in execute
            if (row in took and row not in broke) or self._failed(row, options)
        }

    def circumstances(self, kept: Collection[str]) -> dict[str, Circumstance]:
        """Circumstances of the rows that keep their verdict."""
        return {row: found for row, found in self._circumstances() if row in kept}

    def evidence(self, sitting: int, journal: Journal) -> Evidence:
        """Its observations, gone on with by a sitting."""
        return Evidence(self.folder, self.observations, sitting, self.chains[0], journal)

    def refuse_other_subject(self, now: DeviceIdentity) -> None:
        """Compare who the subject says it is with the run's first reading.

        Raises:
            PlanError: it is another one; nothing of the run is lost.
        """
        first = self.identity
        differing = [
            f"{name} {getattr(now, name) or 'not told'}, was {getattr(first, name) or 'not told'}"
            for name in first.__slots__
            if getattr(now, name) != getattr(first, name)
        ]
        if differing:
            raise PlanError(
                f"what stands on the bench is not what the run began with: {'; '.join(differing)}",
                where=str(self.folder),
                remedy="attach what the run began with; if it was changed, start a new run",
            )

    def refuse_earlier_clock(self, following: Sitting) -> None:
        """Compare the wall clock with the end of the last sitting.

        Raises:
            RigError: it stands before it, so that no time written from here on could be believed.
        """
        ended = self.sittings[-1].ended or self.sittings[-1].started
        if datetime.fromisoformat(following.started) < datetime.fromisoformat(ended):
            raise RigError(
                f"this machine's clock stands before the end of the last sitting, {ended}",
                where=str(self.folder),
                remedy="set the clock right, then go on with the run",
            )

    def found_torn(self) -> Iterator[Text]:
        """What to say of lines a kill has torn."""
        for file in self.files:
            if file.torn:
                yield Text(
                    zh=f"{file.path.name} 末尾有 {file.torn} 字节未写完整的记录，已截除",
                    en=f"{file.path.name} ended in a torn record: {file.torn} bytes were cut off",
                )

    def told(self, following: Sitting) -> Text:
        """What to say of the interruption before the following sitting."""
        last = self.sittings[-1]
        why, paused = WHY[last.why or ""], lasting(last.pause_s(following))
        return Text(
            zh=f"第 {last.number} 次试验{why.zh}，{paused}后由第 {following.number} 次继续",
            en=f"sitting {last.number} ended because {why.en}; sitting {following.number} went on {paused} later",
        )

    def _circumstances(self) -> Iterator[tuple[str, Circumstance]]:
        for row, found in self.record["circumstances"].items():
            yield row, Circumstance(Verdict(found["verdict"]), Text.model_validate(found["reason"]))

    def _failed(self, row: str, options: Collection[str]) -> bool:
        found = self.of(row)
        criterion = load_catalogue()[row].criterion
        return bool(found) and overall(judge_criterion(criterion, found, options)) is Outcome.BROKEN


def read_earlier(folder: Path, given: Given) -> EarlierRun:
    """Read the folder of an interrupted run; changes nothing.

    Args:
        folder: the run's folder.
        given: what else was asked for; must be what the run began with.

    Raises:
        PlanError: it is not such a folder, the run said its last word, it is signed, what it rests on or what it
            wrote down has changed, or its clock ran backwards.
    """
    if (folder / SIGNATURES).exists():
        raise PlanError(
            "the run is signed, and nothing is added to what somebody has signed",
            where=str(folder),
            remedy="start a new run",
        )
    require_as_sealed(folder)
    asked = Asked.read(folder)
    record = _run_record(folder / RUN)
    refuse_other(asked, given, SubjectKind(record["subject"]["kind"]), folder)
    sittings = [Sitting(**sitting) for sitting in record["sittings"]]
    observed, journal = _file(folder / OBSERVATIONS), _file(folder / JOURNAL)
    chains = _chain(observed, record["run"]), _chain(journal, record["run"])
    for file, chain in zip((observed, journal), chains, strict=True):
        require_as_recorded(file, chain, record)
    _require_its_sittings(journal, sittings)
    if sittings[-1].why is None:
        sittings[-1] = sittings[-1].killed_at(journal.last.get("t_ns", sittings[-1].t_ns))
    require_sound_clocks(sittings, folder)
    if sittings[-1].why not in GOES_ON and not _cut_at_its_end(sittings[-1], folder):
        raise PlanError(*_last_word(sittings[-1], record), where=str(folder), remedy="start a new run")
    lines = [from_line(bare(json.loads(line))) for line in observed.lines()]
    lost = lost_records(lines, journal, sittings[-1], record["chains"][OBSERVATIONS]["records"])
    return EarlierRun(
        folder=folder,
        record=record,
        options=asked.options(folder),
        sittings=tuple(sittings),
        observations=tuple(in_force(lines)),
        files=(observed, journal),
        chains=chains,
        journal_end=journal.last.get("n", 0) if lost is None else lost.last,
        lost=lost,
    )


def _cut_at_its_end(sitting: Sitting, folder: Path) -> bool:
    """Whether a kill or a full disk came between the last row and the manifest: nothing is left but to write it."""
    return sitting.why == FINISHED and not (folder / MANIFEST).exists()


def _last_word(sitting: Sitting, record: Mapping[str, Any]) -> tuple[str]:
    if sitting.why == FINISHED:
        return (f"the run is finished ({record['overall']}), there is nothing left to go on with",)
    return ("the run ended because of its subject, which is its last word",)


def _run_record(file: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json_value(file.read_text(encoding="utf-8"))
        if not record["sittings"]:
            raise ValueError("no sitting")
        lacking = lacks_people(record)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unusable(file) from error
    if not lacking:
        return record
    beside = file.with_name(PEOPLE)
    try:
        return together(record, json_value(beside.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise _unusable(beside) from error


def _file(path: Path) -> WholeLines:
    try:
        return whole_lines(path)
    except OSError as error:
        raise _unusable(path) from error


def _chain(file: WholeLines, run: str) -> Chain:
    try:
        return follow(file.path.name, file.lines(), run=run)
    except BrokenChainError as error:
        raise PlanError(
            error.what, where=f"{file.path}, line {error.line}", remedy="run the plan anew; this folder was changed"
        ) from error


def _require_its_sittings(journal: WholeLines, sittings: list[Sitting]) -> None:
    """Compare the sittings of ``run.json`` with those whose beginning the journal records; a sitting that was killed
    before it came to ``run.json`` stands in the journal alone."""
    records = [json.loads(line) for line in journal.lines() if b'"sitting"' in line]
    begun = {
        (record["number"], record["wall"], record["t_ns"], record["boot"])
        for record in records
        if record.get("what") == "sitting"
    }
    for sitting in sittings:
        if (sitting.number, sitting.started, sitting.t_ns, sitting.boot) not in begun:
            raise PlanError(
                f"does not begin sitting {sitting.number} as {RUN} tells it",
                where=str(journal.path),
                remedy="run the plan anew; this folder was changed",
            )


def _unusable(path: Path) -> PlanError:
    return PlanError(
        "is missing or is not that of a run that can be gone on with",
        where=str(path),
        remedy="give the folder of an interrupted run, or run the plan anew",
    )
