"""What must be run again since a run, and why: the fingerprints it keeps against everything as it stands now.

What cannot be told counts as changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from certification.catalogue import Catalogue, Requirement, Text, load_catalogue
from certification.errors import PlanError
from certification.json_text import json_text, json_value
from certification.plan import Plan, make_plan
from certification.subject import Subject
from certification.subject_file import load_subject
from certification.verdicts import INVALID, Verdict
from reports.kept_run import KeptRun, read_kept_run
from rigs.bench_file import BenchFile
from xiangka.asked import ASKED, Asked, RunOptions
from xiangka.bound_options import nobodys_subject
from xiangka.changed_parts import changed_parts
from xiangka.console import wide_console
from xiangka.fingerprints import Fingerprints, fingerprints
from xiangka.scenarios import ROOT, implemented
from xiangka.unbound import unbound_roles


@dataclass(frozen=True)
class Affected:
    """A row to be run again.

    Attributes:
        requirement: its id.
        title: its title.
        by_hand: whether a person assesses it and fills in a form anew.
        why: reasons, at least one.
    """

    requirement: str
    title: Text
    by_hand: bool
    why: tuple[Text, ...]


@dataclass(frozen=True)
class Delta:
    """What is to be done after a change.

    Attributes:
        since: the run before it.
        affected: rows to be run again, in catalogue order.
        kept: rows whose verdict stands.
        dropped: rows of that run that are no longer to be run, and why.
        command: what runs the affected rows; None where there are none.
    """

    since: str
    affected: tuple[Affected, ...]
    kept: tuple[str, ...]
    dropped: Mapping[str, Text]
    command: str | None


def plan_delta(since: Path, subject_file: Path | None, bench: Path | None) -> Delta:
    """Tell which rows of a run's plan must be run again.

    Args:
        since: the run's folder.
        subject_file, bench: files as they are now; None for those of the run.

    Raises:
        ReportError: the folder is not that of a run that has ended.
        PlanError, BenchFileError: a file is wrong.
    """
    run = read_kept_run(since)
    options = _options(run, subject_file, bench)
    bench_file, catalogue = options.bench_file(), load_catalogue()
    file = options.subject_file
    subject = nobodys_subject(bench_file, run.record["identity_read"]) if file is None else load_subject(file)
    if subject.kind != run.record["subject"]["kind"]:
        raise PlanError(
            f"is of a {subject.kind}, and the run of a {run.record['subject']['kind']}",
            where=str(file or options.bench),
            remedy="name the subject file of what was run",
        )
    plan = _plan(run, options, catalogue, subject, bench_file)
    now = fingerprints([catalogue[row] for row in sorted(plan.execute)], subject, bench_file)
    reasons = {row: tuple(_why(run, catalogue[row], now, subject, bench_file)) for row in plan.execute}
    affected = tuple(
        Affected(row, catalogue[row].title, row in _by_hand(run), reasons[row]) for row in plan.rows if reasons.get(row)
    )
    executed = run.record["plan"]["execute"]
    return Delta(
        since=run.name,
        affected=affected,
        kept=tuple(row for row in plan.rows if row in plan.execute and not reasons[row]),
        dropped={row: plan.left_out[row].reason for row in executed if row in plan.left_out},
        command=_command(options, affected) if affected else None,
    )


def _options(run: KeptRun, subject: Path | None, bench: Path | None) -> RunOptions:
    """What the run was asked for, with the files as they are now."""
    if (run.folder / ASKED).is_file():
        asked = Asked.read(run.folder).options(run.folder)
        return replace(asked, bench=bench or asked.bench, subject=subject or asked.subject)
    record = run.record
    named = record["subject"]["file"]
    return RunOptions(
        bench=bench or ROOT / record["bench"]["file"],
        subject=subject or (None if named is None else ROOT / named),
        plan=record["plan"]["name"],
        only=tuple(record["plan"].get("only", ())),
    )


def _plan(run: KeptRun, options: RunOptions, catalogue: Catalogue, subject: Subject, bench: BenchFile) -> Plan:
    """The plan of the run as it is now."""
    return make_plan(
        catalogue,
        subject,
        name=options.plan,
        only=[row for row in options.only if row in catalogue],
        scenarios=implemented(catalogue),
        unbound=unbound_roles(bench),
        by_hand=[row for row in _by_hand(run) if row in catalogue],
    )


def _by_hand(run: KeptRun) -> Sequence[str]:
    return [form["requirement"] for form in run.record.get("forms", ())]


def _why(
    run: KeptRun, requirement: Requirement, now: Fingerprints, subject: Subject, bench: BenchFile
) -> Iterator[Text]:
    """Why a row must be run again; nothing where its verdict stands."""
    row, record = requirement.id, run.record
    if record["overall"] == INVALID:
        yield Text(zh="该次运行无效，全部不作数", en="nothing of that run counts: it is INVALID")
    if (defect := record["defect"]) is not None:
        yield Text(zh=f"该次运行植入了缺陷 {defect}", en=f"that run had the defect {defect} planted")
    if row not in record["plan"]["execute"]:
        left_out = record["circumstances"].get(row, {}).get("reason")
        said = Text(zh="无此项", en="it was not known") if left_out is None else Text.model_validate(left_out)
        yield Text(zh=f"该次运行未进行：{said.zh}", en=f"that run left it out: {said.en}")
        return
    if (verdict := _verdicts(run).get(row)) not in (Verdict.PASS, Verdict.FAIL):
        yield Text(zh=f"该次运行未得结论（{verdict or '—'}）", en=f"that run did not decide it ({verdict or '—'})")
    try:
        then = Fingerprints.from_record(record["fingerprints"])
    except (KeyError, TypeError):
        yield Text(
            zh="该次运行未记录指纹，视为已变", en="that run keeps no fingerprints, so all of it counts as changed"
        )
        return
    yield from changed_parts(run, requirement, then, now, subject, bench)


def _verdicts(run: KeptRun) -> dict[str, str]:
    try:
        return {one["requirement"]: one["verdict"] for one in json_value(run.verdicts or b"{}")["verdicts"]}
    except (ValueError, KeyError, TypeError):
        return {}


def _command(options: RunOptions, affected: Sequence[Affected]) -> str:
    if options.load is not None:
        return f"xiangka load run --profile {options.load.load['profile']} --bench {_short(options.bench)}"
    rows = " ".join(one.requirement for one in affected if not one.by_hand)
    forms = " ".join(f"{one.requirement}.toml" for one in affected if one.by_hand)
    subject = "" if options.subject is None else f" --subject {_short(options.subject)}"
    asked = f" --only {rows}" if rows else f" --only {' '.join(one.requirement for one in affected)}"
    seed = f" --seed {options.seed}"
    return f"xiangka certify --bench {_short(options.bench)}{subject}{seed}{asked}" + (
        f" --form {forms}" if forms else ""
    )


def _short(path: Path) -> str:
    """A path as it would be typed: relative to where the command is given, where it is below it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def tell_delta(found: Delta, *, as_json: bool) -> int:
    """Print it, as lines or as JSON; 0."""
    if as_json:
        print(json_text(_as_record(found)), end="")
        return 0
    for line in _lines(found):
        wide_console().print(line, highlight=False, markup=False, soft_wrap=True)
    return 0


def _as_record(found: Delta) -> dict[str, Any]:
    return {
        "since": found.since,
        "affected": [
            {
                "requirement": one.requirement,
                "title": one.title.model_dump(),
                "by_hand": one.by_hand,
                "why": [text.model_dump() for text in one.why],
            }
            for one in found.affected
        ],
        "kept": list(found.kept),
        "dropped": {row: reason.model_dump() for row, reason in found.dropped.items()},
        "command": found.command,
    }


def _lines(found: Delta) -> Iterator[str]:
    for one in found.affected:
        yield f"{one.requirement}  {one.title.zh} · {one.title.en}"
        yield from (f"    {text.zh} · {text.en}" for text in one.why)
    for row, reason in found.dropped.items():
        yield f"{row}  不再进行 no longer run: {reason.zh} · {reason.en}"
    again, kept = len(found.affected), len(found.kept)
    zh, en = f"重做 {again} 项，{kept} 项结论仍有效", f"{again} rows to run again, {kept} verdicts stand"
    yield f"自运行 since {found.since}：{zh} · {en}"
    if found.command is not None:
        yield found.command
