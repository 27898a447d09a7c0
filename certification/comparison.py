"""Two runs of one subject side by side, before and after an upgrade, and what follows from it (EHC-HIS-027)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from certification.catalogue import Text
from certification.exit_codes import ExitCode
from certification.measure_changes import MeasureChange, Standing
from certification.row_changes import Change, ChangedRow
from certification.verdicts import INTERRUPTED, INVALID, Verdict


class Outcome(StrEnum):
    """What a comparison comes to."""

    REGRESSION = "regression"
    UNDECIDED = "undecided"
    NO_REGRESSION = "no regression"


_CODES = {
    Outcome.REGRESSION: ExitCode.FAILED,
    Outcome.UNDECIDED: ExitCode.OPEN,
    Outcome.NO_REGRESSION: ExitCode.PASSED,
}


@dataclass(frozen=True)
class Side:
    """One of the two runs.

    Attributes:
        run: its name.
        started: when it began, ISO 8601 with zone.
        overall: its last word.
        firmware: version of the subject, as filed.
        subject: vendor, model and serial number, as filed.
        emulated: whether the subject was emulated.
        plan: the plan it followed.
        observations: how many outcomes it observed.
        decided: how many of its rows passed or failed.
    """

    run: str
    started: str
    overall: str
    firmware: str
    subject: str
    emulated: bool
    plan: str
    observations: int
    decided: int

    @property
    def counts(self) -> bool:
        """Whether what it says counts at all, and whether it says anything."""
        return self.overall not in (INVALID, INTERRUPTED) and self.decided > 0


@dataclass(frozen=True)
class Difference:
    """Something beside verdicts and measures in which the runs differ.

    Attributes:
        group: identity, statement, catalogue, bench or harness.
        name: dotted name of what differs.
        before, now: as each run has it; None where it has none.
    """

    group: str
    name: str
    before: str | None
    now: str | None


@dataclass(frozen=True)
class Comparison:
    """Everything there is to tell of two runs.

    Attributes:
        old, new: the runs.
        rows: rows that changed, what matters most first.
        measures: what both measured.
        differences: what else differs.
        remarks: what a reader has to know before all of it.
    """

    old: Side
    new: Side
    rows: tuple[ChangedRow, ...]
    measures: tuple[MeasureChange, ...]
    differences: tuple[Difference, ...]
    remarks: tuple[Text, ...]

    def changed(self, change: Change) -> tuple[ChangedRow, ...]:
        """Rows of which that became."""
        return tuple(row for row in self.rows if row.change is change)

    def measured(self, standing: Standing) -> tuple[MeasureChange, ...]:
        """Measures of which that can be said."""
        return tuple(one for one in self.measures if one.standing is standing)

    @property
    def outcome(self) -> Outcome:
        """A new failure or a measure that is worse is a regression, if both runs count; what nobody knows is open."""
        if not (self.old.counts and self.new.counts):
            return Outcome.UNDECIDED
        if self.changed(Change.NEW_FAILURE) or self.measured(Standing.WORSE):
            return Outcome.REGRESSION
        unknown = self.changed(Change.UNKNOWN_FAILURE) or self.changed(Change.NEWLY_OPEN) or self._bench_failed
        return Outcome.UNDECIDED if unknown or self.measured(Standing.UNDECIDED) else Outcome.NO_REGRESSION

    @property
    def _bench_failed(self) -> bool:
        """Whether the bench of a run failed, so that rows it was to decide stayed open on either side."""
        return Verdict.RIG_ERROR in (self.old.overall, self.new.overall)

    @property
    def exit_code(self) -> ExitCode:
        """1 on a regression, 2 where that is undecided."""
        return _CODES[self.outcome]

    @property
    def why(self) -> tuple[Text, ...]:
        """What the outcome rests on, in sentences."""
        return tuple(self._why())

    def _why(self) -> Iterator[Text]:
        for side in (self.old, self.new):
            if not side.counts:
                yield Text(
                    zh=f"运行 {side.run} 的结论为 {side.overall}，不能作数",
                    en=f"run {side.run} is {side.overall}, and nothing of it counts",
                )
            elif side.overall == Verdict.RIG_ERROR:
                yield Text(
                    zh=f"运行 {side.run} 中测试台发生故障，有些项未能判定",
                    en=f"the bench of run {side.run} failed, so that rows stayed undecided",
                )
        for change, zh, en in _ROWS_SAID:
            if count := len(self.changed(change)):
                yield Text(zh=f"{zh} {count} 项", en=f"{en}: {count}")
        for standing, zh, en in _MEASURES_SAID:
            if count := len(self.measured(standing)):
                yield Text(zh=f"{zh} {count} 项", en=f"{en}: {count}")


_ROWS_SAID = (
    (Change.NEW_FAILURE, "新增不合格", "new failures"),
    (Change.UNKNOWN_FAILURE, "不合格而升级前未评定", "failures, not assessed before"),
    (Change.NEWLY_OPEN, "不再有结论", "no longer decided"),
    (Change.FIXED, "已修复", "fixed"),
    (Change.NEWLY_MET, "新满足", "newly met"),
)
_MEASURES_SAID = (
    (Standing.WORSE, "测量值变差", "measures worse"),
    (Standing.UNDECIDED, "测得变差而未能确证", "measures look worse, not shown"),
    (Standing.BETTER, "测量值变好", "measures better"),
)
