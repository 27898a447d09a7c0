"""Two run folders compared: both judged again by the catalogue of the newer, then put side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from certification.another_catalogue import judged_by
from certification.catalogue import Text
from certification.catalogue_file import catalogue_digest
from certification.comparison import Comparison, Difference, Side
from certification.measure_changes import measure_changes
from certification.observations import Observation
from certification.row_changes import row_changes
from certification.verdicts import Row, Verdict
from reports.errors import ReportError
from reports.judged_run import JudgedAgain, judged_again

_SKIPPED = ("file", "kind", "probed", "photographs")
"""Of a subject's record: where it was filed, and what says nothing of the subject itself."""


def compare_runs(old: Path, new: Path) -> Comparison:
    """Compare two runs of subjects of one kind.

    Raises:
        ReportError: a folder is not that of a run that has ended, or the subjects are of two kinds.
        PlanError: a catalogue kept is none.
    """
    before, now = judged_again(old), judged_again(new)
    if before.run.standing.kind is not now.run.standing.kind:
        raise ReportError(
            f"is of a {now.run.standing.kind}, and {old} of a {before.run.standing.kind}",
            where=str(new),
            remedy="compare runs of one kind of subject",
        )
    catalogue = now.run.catalogue.catalogue
    options = before.run.standing.options & now.run.standing.options
    return Comparison(
        old=_side(before),
        new=_side(now),
        rows=tuple(row_changes(_rows_by(now, before), now.rows)),
        measures=tuple(
            measure_changes(
                catalogue.asked_of(now.run.standing.kind),
                _by_requirement(before),
                _by_requirement(now),
                options,
                emulated=before.run.standing.emulated or now.run.standing.emulated,
            )
        ),
        differences=tuple(_differences(before, now)),
        remarks=tuple(_remarks(before, now)),
    )


def _rows_by(now: JudgedAgain, before: JudgedAgain) -> Sequence[Row]:
    """The earlier run's rows by the later one's catalogue, so that a changed limit is not taken for a change of the
    subject; rows that catalogue lacks as they were."""
    if now.run.catalogue == before.run.catalogue:
        return before.rows
    catalogue = now.run.catalogue.catalogue
    by_it = judged_by(catalogue, before.run.catalogue.catalogue, before.run.standing, before.run.observations)
    return [*by_it, *(row for row in before.rows if row.requirement not in catalogue)]


def _by_requirement(judged: JudgedAgain) -> Mapping[str, Sequence[Observation]]:
    grouped: dict[str, list[Observation]] = {}
    for one in judged.run.observations:
        grouped.setdefault(one.requirement, []).append(one)
    return grouped


def _side(judged: JudgedAgain) -> Side:
    record = judged.run.record
    identity = record["subject"]["identity"]
    return Side(
        run=judged.run.name,
        started=record["started"],
        overall=judged.overall,
        firmware=identity["firmware"],
        subject=" ".join(identity[name] or "—" for name in ("vendor", "model", "serial")),
        emulated=record["emulated"],
        plan=record["plan"]["name"],
        observations=sum(one.times for one in judged.run.observations),
        decided=sum(row.planned and row.verdict in (Verdict.PASS, Verdict.FAIL) for row in judged.rows),
    )


def _differences(before: JudgedAgain, now: JudgedAgain) -> Iterator[Difference]:
    old, new = before.run.record, now.run.record
    filed = [{key: value for key, value in one["subject"].items() if key not in _SKIPPED} for one in (old, new)]
    yield from _between("identity", filed[0].pop("identity"), filed[1].pop("identity"))
    yield from _between("identity", {"read": old["identity_read"]}, {"read": new["identity_read"]})
    yield from _between("statement", filed[0], filed[1])
    yield from _between("catalogue", _catalogue(before), _catalogue(now))
    yield from _between("bench", _bench(old), _bench(new))
    yield from _between("harness", _harness(old), _harness(new))


def _catalogue(judged: JudgedAgain) -> Mapping[str, Any]:
    kept = judged.run.catalogue
    return {"version": kept.version, "sha256": catalogue_digest(kept.catalogue)}


def _bench(record: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"file": record["bench"]["file"], **record["bench"]["settings"], "emulated": record["emulated"]}


def _harness(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the runs were made with; libraries and machine move numbers, so they are told too."""
    asked = {name: record.get(name) for name in ("seed", "defect", "clock_factor", "mode")}
    return {"plan": record["plan"]["name"], **asked, **record["versions"], "machine": record["machine"]}


def _between(group: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    was, is_ = dict(_flat(before)), dict(_flat(now))
    for name in was | is_:
        if was.get(name) != is_.get(name):
            yield Difference(group, name, was.get(name), is_.get(name))


def _flat(value: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, below in value.items():
        name = f"{above}{key}"
        if isinstance(below, Mapping):
            yield from _flat(below, f"{name}.")
        elif below is not None:
            yield name, str(below)


def _remarks(before: JudgedAgain, now: JudgedAgain) -> Iterator[Text]:
    for judged in (before, now):
        if not judged.sound:
            yield Text(
                zh=f"运行 {judged.run.name} 的 verdicts.json 与证据不符；此处按证据比较",
                en=f"verdicts.json of run {judged.run.name} does not follow from its evidence, which is compared",
            )
    if before.run.catalogue != now.run.catalogue:
        yield Text(
            zh="两次运行的要求目录不同；两者均按新目录判定",
            en="the runs were judged by different catalogues; here both are judged by that of the new run",
        )
    if before.run.record["started"] > now.run.record["started"]:
        yield Text(zh="“旧”运行开始于“新”运行之后", en="the old run began after the new one")
    names = [judged.run.record["subject"]["identity"] for judged in (before, now)]
    if any(names[0][field] != names[1][field] for field in ("vendor", "model")):
        yield Text(zh="两次运行的产品不同", en="the runs are of two products")
