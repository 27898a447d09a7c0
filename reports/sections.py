"""What a page shows of each requirement: its line in the table of verdicts and its own section."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from certification.catalogue import Catalogue, Requirement, Text
from certification.catalogue_file import CatalogueFile
from certification.decision import ClauseResult, Outcome
from certification.observations import Observation
from certification.verdicts import Row, Verdict
from reports.findings import Judged, deciding, gravest_first, judged_clauses, judges, shortfalls, value_counts
from reports.group_words import group_text, groups_wanted
from reports.load_view import RowLoads, row_loads
from reports.numbers import plain, share
from reports.plots import plots_of
from reports.rules import bound_text, finding_text, limit_text, rule_text, scope_text, value_text
from reports.run_folder import RunFolder
from reports.svg import Plot
from reports.words import DETAIL_KEYS, MEASURES, cell_text, quantity_of, value_word, word

GROUPS_SHOWN = 8
"""Groups of a clause shown at once; the others are folded away."""
FAILURES_SHOWN = 20
PICTURES_SHOWN = 12
FAILURES_PICTURED = 8
"""Of the pictures shown, most that are of failures while there are others to compare with."""
ALIKE_PICTURED = 4
"""Most pictures with the same cell and the same outcome."""
PICTURE_BYTES = 16_000_000
"""Most bytes of pictures one report carries."""

EVERY_GROUP = Text(zh="每一组", en="every group")


@dataclass(frozen=True)
class ResultLine:
    """One group of a clause, as a table line."""

    group: Text
    result: ClauseResult
    value: Text | None
    interval: str | None
    bound: Text | None
    limit: Text | None


@dataclass(frozen=True)
class RuleLine:
    """A clause judged over its whole sample: the rule beside its one line."""

    measure: Text
    rule: Text
    scope: Text | None
    line: ResultLine


@dataclass(frozen=True)
class GroupedRule:
    """A clause judged group by group: all lines where there are few, else those with failures first.

    ``groups`` counts those never measured too, which share one line.
    """

    measure: Text
    rule: Text
    scope: Text | None
    shown: Sequence[ResultLine]
    folded: Sequence[ResultLine]
    met: int
    groups: int


@dataclass(frozen=True)
class Deciding:
    """The result a row turns on.

    Attributes:
        finding: what was found, with its numbers.
        line: its line.
        group: the group it is of, where the clause is judged by groups.
        every: whether it stands for every group, none having failed.
    """

    finding: Text
    line: ResultLine
    group: Text | None
    every: bool


@dataclass(frozen=True)
class Fact:
    """A detail of an observation: its name and what was recorded."""

    key: str
    name: Text
    value: str


@dataclass(frozen=True)
class ObservationView:
    """One observation for people.

    Attributes:
        standing: ``bad`` where it counts against a clause, ``good`` where it was judged and does not, ``reported``
            where no clause judges it.
        times: how many identical outcomes it stands for.
    """

    measure: Text
    cell: Text
    value: Text
    standing: str
    times: int
    facts: Sequence[Fact]
    journal: str | None


@dataclass(frozen=True)
class PictureView:
    """A stimulus with what was made of it."""

    name: str
    uri: str
    of: ObservationView


@dataclass(frozen=True)
class CountView:
    """How often each outcome of a measure came."""

    measure: Text
    values: Sequence[tuple[Text, int]]


@dataclass(frozen=True)
class Section:
    """Everything a page shows of one requirement."""

    row: Row
    requirement: Requirement | None
    deciding: Deciding | None
    whole: Sequence[RuleLine]
    grouped: Sequence[GroupedRule]
    loads: RowLoads | None
    plots: Sequence[Plot]
    pictures: Sequence[PictureView]
    pictures_kept: int
    failures: Sequence[ObservationView]
    failures_listed: int
    failures_found: int
    counts: Sequence[CountView]
    duration: float | None

    @property
    def told_by_reason(self) -> bool:
        """Whether the reason of the verdict tells more than the numbers: they did not decide it."""
        broken = self.deciding is not None and self.deciding.line.result.outcome is Outcome.BROKEN
        return self.row.verdict is Verdict.RIG_ERROR or (self.row.verdict is Verdict.FAIL and not broken)


class _PictureAllowance:
    """Bytes of pictures a report may still take in."""

    def __init__(self) -> None:
        self._left = PICTURE_BYTES

    def takes(self, body: bytes) -> bool:
        """Take a picture's bytes from the allowance, if they fit."""
        fits = len(body) <= self._left
        self._left -= len(body) if fits else 0
        return fits


def sections_of(folder: RunFolder, given: CatalogueFile) -> list[Section]:
    """Sections of all rows, in catalogue order.

    Criteria are taken from the catalogue only where the run was judged by that very version.
    """
    catalogue, allowance = given.catalogue, _PictureAllowance()
    by_it = folder.run.versions.catalogue == given.version
    return [_section(row, folder, catalogue, allowance, by_it=by_it) for row in folder.rows]


def _section(
    row: Row, folder: RunFolder, catalogue: Catalogue, allowance: _PictureAllowance, *, by_it: bool
) -> Section:
    run = folder.run
    requirement = catalogue[row.requirement] if row.requirement in catalogue else None  # noqa: SIM401 - a miss is no KeyError
    judged_by = requirement if by_it else None
    judged = judged_clauses(judged_by, row.clauses, run.subject.yes_options)
    criterion = () if judged_by is None else judged_by.criterion
    observations = folder.of(row.requirement)
    short = shortfalls(judged, observations)
    viewer = _Viewer(judged, short)
    pictured = [observation for observation in observations if observation.picture is not None]
    loads = row_loads(folder.path, row.requirement, criterion, observations) if row.planned else None
    return Section(
        row=row,
        requirement=requirement,
        deciding=_deciding(judged, row.title),
        whole=[_rule_line(one, row.title) for one in judged if not one.grouped],
        grouped=[_grouped_rule(one, row.title) for one in judged if one.grouped],
        loads=loads,
        plots=_plots(row, judged, observations, loads),
        pictures=_pictures(pictured, viewer, folder, allowance) if row.planned else (),
        pictures_kept=len({observation.picture for observation in pictured}),
        failures=[viewer.view(observation) for observation in short[:FAILURES_SHOWN]],
        failures_listed=sum(observation.times for observation in short[:FAILURES_SHOWN]),
        failures_found=sum(observation.times for observation in short),
        counts=[
            CountView(word(MEASURES, measure), [(value_word(measure, value), n) for value, n in values.items()])
            for measure, values in value_counts(observations).items()
        ],
        duration=folder.run.durations.get(row.requirement),
    )


def _plots(
    row: Row, judged: Sequence[Judged], observations: Sequence[Observation], loads: RowLoads | None
) -> Sequence[Plot]:
    if not row.planned:
        return ()
    # What a load was over time tells more than a histogram of its minutes.
    return (loads.plots if loads is not None else ()) or plots_of(row.requirement, judged, observations)


def _deciding(judged: Sequence[Judged], title: Text) -> Deciding | None:
    one = deciding(judged)
    if one is None:
        return None
    result = gravest_first(one.results)[0]
    every = one.grouped and result.interval is not None and result.outcome is Outcome.HOLDS and not result.failures
    group = EVERY_GROUP if every else group_text(one, result, title) if one.grouped else None
    return Deciding(finding_text(one.clause, result), _line(one, result, title), group, every)


def _line(judged: Judged, result: ClauseResult, title: Text) -> ResultLine:
    interval = None
    if result.interval is not None and result.trials:
        interval = f"{share(result.interval[0])} – {share(result.interval[1])}"
    return ResultLine(
        group=group_text(judged, result, title),
        result=result,
        value=value_text(judged.clause, result),
        interval=interval,
        bound=bound_text(result),
        limit=limit_text(judged.clause, result),
    )


def _rule_line(judged: Judged, title: Text) -> RuleLine:
    (result,) = judged.results
    return RuleLine(
        measure=word(MEASURES, result.measure),
        rule=rule_text(judged.clause, result),
        scope=scope_text(judged.clause),
        line=_line(judged, result, title),
    )


def _grouped_rule(judged: Judged, title: Text) -> GroupedRule:
    first = judged.results[0]
    ordered: Sequence[ClauseResult] = judged.results
    shown = len(ordered)
    if shown > GROUPS_SHOWN:
        ordered = gravest_first(ordered)
        telling = sum(result.failures > 0 or result.outcome is not Outcome.HOLDS for result in ordered)
        shown = min(telling, GROUPS_SHOWN)
    lines = [_line(judged, result, title) for result in ordered]
    return GroupedRule(
        measure=word(MEASURES, first.measure),
        rule=rule_text(judged.clause, first),
        scope=scope_text(judged.clause),
        shown=lines[:shown],
        folded=lines[shown:],
        met=sum(result.outcome is Outcome.HOLDS for result in ordered),
        groups=groups_wanted(judged),
    )


class _Viewer:
    """Tells observations of one requirement, knowing which counted against it."""

    def __init__(self, judged: Sequence[Judged], short: Sequence[Observation]) -> None:
        self._clauses = [one.clause for one in judged if one.clause is not None]
        self._short = {id(observation) for observation in short}

    def fell_short(self, observation: Observation) -> bool:
        """Whether it counts against a clause."""
        return id(observation) in self._short

    def view(self, observation: Observation) -> ObservationView:
        """The observation for people."""
        value = observation.value
        return ObservationView(
            measure=word(MEASURES, observation.measure),
            cell=cell_text(observation.cell),
            value=value_word(observation.measure, value)
            if isinstance(value, str)
            else quantity_of(plain(value), observation.unit),
            standing=self._standing(observation),
            times=observation.times,
            facts=_facts(observation.detail),
            journal=_journal(observation.journal),
        )

    def _standing(self, observation: Observation) -> str:
        if self.fell_short(observation):
            return "bad"
        return "good" if any(judges(clause, observation) for clause in self._clauses) else "reported"


def _facts(detail: Mapping[str, str | float]) -> list[Fact]:
    told = dict(detail)
    facts: list[Fact] = []
    if told.get("shown") and told.get("shown") == told.get("delivered"):
        facts.append(Fact("shown", Text(zh="出示并上送", en="shown and delivered"), str(told.pop("shown"))))
        del told["delivered"]
    facts.extend(
        Fact(key, word(DETAIL_KEYS, key), value if isinstance(value, str) else plain(value))
        for key, value in told.items()
    )
    return facts


def _journal(records: tuple[int, int] | None) -> str | None:
    if records is None:
        return None
    first, last = records
    return str(first) if first == last else f"{first}–{last}"


def _pictures(
    pictured: Sequence[Observation], viewer: _Viewer, folder: RunFolder, allowance: _PictureAllowance
) -> list[PictureView]:
    found: list[PictureView] = []
    for name, observation in _worth_showing(pictured, viewer):
        body = folder.picture(name)
        if body is None or not allowance.takes(body):
            continue
        uri = f"data:image/png;base64,{base64.b64encode(body).decode()}"
        found.append(PictureView(name, uri, viewer.view(observation)))
        if len(found) == PICTURES_SHOWN:
            break
    return found


def _worth_showing(pictured: Sequence[Observation], viewer: _Viewer) -> Iterable[tuple[str, Observation]]:
    """Pictures by name: what fell short first, then one of each cell, then the rest."""
    short = [observation for observation in pictured if viewer.fell_short(observation)]
    others = [observation for observation in pictured if not viewer.fell_short(observation)]
    first_of_cell: dict[str, Observation] = {}
    for observation in others:
        first_of_cell.setdefault(repr(sorted(observation.cell.items())), observation)
    ordered = [*short[:FAILURES_PICTURED], *first_of_cell.values(), *short[FAILURES_PICTURED:], *others]
    chosen: dict[str, Observation] = {}
    alike: dict[str, int] = {}
    for observation in ordered:
        name, look = observation.picture, f"{observation.value} {sorted(observation.cell.items())}"
        if name is not None and name not in chosen and alike.get(look, 0) < ALIKE_PICTURED:
            alike[look] = alike.get(look, 0) + 1
            chosen[name] = observation
    return chosen.items()


def tally(sections: Iterable[Section]) -> Mapping[Verdict, int]:
    """How many rows have each verdict, in the order the verdicts are named."""
    found = [section.row.verdict for section in sections]
    return {verdict: found.count(verdict) for verdict in Verdict if verdict in found}


@dataclass(frozen=True)
class Uncovered:
    """Rows a run says nothing about, for one reason."""

    verdict: Verdict
    reason: Text
    rows: Sequence[Row]


def uncovered(rows: Iterable[Row]) -> list[Uncovered]:
    """Rows without an assessment, by reason."""
    found: dict[tuple[Verdict, str], list[Row]] = {}
    for row in rows:
        if row.verdict in (Verdict.NOT_ASSESSED, Verdict.NOT_APPLICABLE):
            found.setdefault((row.verdict, row.reason.zh), []).append(row)
    return [Uncovered(verdict, members[0].reason, members) for (verdict, _), members in found.items()]
