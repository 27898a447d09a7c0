"""What a page says of the harness itself: how many of its deliberate defects it caught, and if that still holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from certification.catalogue import SubjectKind, Text
from certification.kill_rate import DefectRecord, Rate
from reports.numbers import share
from reports.run_record import Versions
from reports.words import SUBJECT_KINDS, joined, word

_DIRTY = "-dirty"
"""What ``git describe`` says of a tree with changes that were not committed."""


@dataclass(frozen=True)
class HarnessTrial:
    """A record of a trial of all defects, as a page tells it.

    Attributes:
        rates: kill rate by requirement.
        total: over all defects of the run's kind of subject.
        everything: over all defects of all kinds.
        date: when it was made.
        commit: what it was made with.
        differing: which versions it was made with that are not those of the run; a commit with changes that were not
            committed is no other's equal.
        holds: what it holds: defects of which kind of subject, and how many requirements of the run they try.
        missed: defects that were not caught, or not tried, with the requirements they should make fail.
    """

    rates: Mapping[str, Rate]
    total: Rate
    everything: Rate
    date: datetime
    commit: str | None
    differing: Sequence[Text]
    holds: Text
    missed: Sequence[tuple[str, tuple[str, ...]]]

    @property
    def total_text(self) -> Text | None:
        """The total with its numbers, and that it is of another harness where it is; None where nothing was tried."""
        if not self.total.defects:
            return None
        told = rate_text(self.total)
        if not self.differing:
            return told
        which = joined(self.differing, "、", ", ")
        return Text(
            zh=f"{told.zh}，以其他版本测得：{which.zh}", en=f"{told.en}, found with another version: {which.en}"
        )

    def of(self, requirement: str) -> Rate | None:
        """Kill rate of one requirement; None where no defect of the record names it."""
        return self.rates.get(requirement)


def harness_trial(
    record: DefectRecord | None, kind: str, versions: Versions, planned: Collection[str]
) -> HarnessTrial | None:
    """Tell a record of a trial beside a run; None where there is no record.

    Args:
        record: the record.
        kind: kind of subject of the run.
        versions: versions the run was made with.
        planned: requirements of the run's plan.
    """
    if record is None:
        return None
    trials = [trial for trial in record.trials if trial.of == kind]
    return HarnessTrial(
        rates=record.requirements,
        total=record.total(SubjectKind(kind)),
        everything=record.total(),
        date=record.date,
        commit=record.made_with.commit,
        differing=_differing(record, versions),
        holds=_holds(record, kind, planned),
        missed=[(trial.name, trial.fails) for trial in trials if not trial.caught],
    )


def _differing(record: DefectRecord, versions: Versions) -> list[Text]:
    pairs = (
        (Text(zh="湘卡", en="Xiangka"), record.made_with.xiangka, versions.xiangka),
        (Text(zh="要求目录", en="catalogue"), record.made_with.catalogue, versions.catalogue),
    )
    return [
        Text(zh=f"{name.zh} {then}（本次 {now}）", en=f"{name.en} {then} (this run: {now})")
        for name, then, now in pairs
        if then != now
    ] + _differing_commit(record.made_with.commit, versions.commit)


def _differing_commit(then: str | None, now: str | None) -> list[Text]:
    if then == now and then is not None and not then.endswith(_DIRTY):
        return []
    old, new = _commit(then), _commit(now)
    return [Text(zh=f"提交 {old.zh}（本次 {new.zh}）", en=f"commit {old.en} (this run: {new.en})")]


def _commit(name: str | None) -> Text:
    if name is None:
        return Text(zh="不详", en="unknown")
    clean = name.removesuffix(_DIRTY)
    if clean == name:
        return Text(zh=name, en=name)
    return Text(zh=f"{clean} 另有未提交的改动", en=f"{clean} with uncommitted changes")


def _holds(record: DefectRecord, kind: str, planned: Collection[str]) -> Text:
    of = word(SUBJECT_KINDS, kind)
    trials = [trial for trial in record.trials if trial.of == kind]
    if not trials:
        return Text(
            zh=f"记录中没有这类样品（{of.zh}）的缺陷。",
            en=f"The record holds no defect of this kind of subject ({of.en}).",
        )
    tried = {row for trial in trials for row in trial.fails}
    within = sum(row in tried for row in planned)
    without = len(planned) - within
    tells = (
        Text(
            zh=f"{within} 项有缺陷可试，{without} 项没有，其检出率不详",
            en=f"{within} have defects and {without} have none, so that their kill rate is unknown",
        )
        if without
        else Text(zh="各项均有缺陷可试", en="all have defects")
    )
    return Text(
        zh=f"记录含这类样品（{of.zh}）的缺陷 {len(trials)} 个，涉及 {len(tried)} 项要求；"
        f"本次计划的 {len(planned)} 项中，{tells.zh}。",
        en=f"Defects of this kind of subject ({of.en}) in the record: {len(trials)}, on {len(tried)} requirements. "
        f"Of the {len(planned)} planned in this run, {tells.en}.",
    )


def rate_text(rate: Rate) -> Text:
    """A kill rate with its numbers."""
    told = f"{rate.caught}/{rate.defects}" + (f" ({share(rate.share)})" if rate.caught != rate.defects else "")
    return Text(zh=told, en=told)
