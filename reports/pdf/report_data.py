"""Everything the paged report shows, ready for its template: the facts of the run, and what makes it this report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from certification.verdicts import Verdict
from reports import report_words, words
from reports.bench_view import photograph_views
from reports.certificate_facts import Facts
from reports.harness_trial import HarnessTrial
from reports.kind_words import words_of
from reports.laboratory_facts import Stated
from reports.numbers import file_size, grouped
from reports.pdf.bench_data import EMULATED, bench_data
from reports.pdf.issue import Amendment, Change, Issue
from reports.pdf.row_data import row_data, slim_row, waiver_data
from reports.pdf.telling import Telling
from reports.run_folder import RunFolder
from reports.sections import tally, uncovered
from reports.statement_view import statement_view
from reports.subject_photographs import subject_photographs

_LISTED = ("run.json", "verdicts.json", "catalogue.json", "observations.jsonl", "journal.jsonl", "report.html")
"""Evidence files named one by one; of the others only their number and size."""
CHANGES_PRINTED = 100
"""Changes an amended report prints; of more only their number. All stand in its record."""
CHARACTERS_PRINTED = 240
"""Of a statement that changed; the whole stands in the record."""


def report_data(folder: RunFolder, facts: Facts, issue: Issue, telling: Telling) -> dict[str, Any]:
    """What ``report.typ`` shows.

    Args:
        folder: the run.
        facts: what is stated of it.
        issue: number, date, signatories, amendment.
        telling: the language; takes up the pictures.
    """
    return {
        **run_data(folder, facts, telling),
        "issue": _issue(issue, telling),
        "evidence": _evidence(issue.manifest, telling),
        "people": [_stated(_authorised(one, issue), telling) for one in facts.people],
    }


def _authorised(one: Stated, issue: Issue) -> Stated:
    """The line of the authoriser, who has authorised a report that bears the signature."""
    if one.key != "people.authoriser" or not issue.signatories:
        return one
    return replace(one, name=report_words.AUTHORISED)


def run_data(folder: RunFolder, facts: Facts, telling: Telling) -> dict[str, Any]:
    """The part of it that states the run, whatever becomes of it in which report."""
    told, kind = telling.told, words_of(folder.run.subject.kind)
    by_hand = {form.requirement: form for form in folder.run.forms}
    return {
        **told(
            {
                name: getattr(facts, name)
                for name in (
                    "title", "kind", "name", "run", "emulated", "overall", "meaning",
                    "conformity", "conditions", "deviations", "external", "remarks",
                    "declarations", "identity", "instruments",
                )
            }
        ),
        **{
            heading: [_stated(one, telling) for one in getattr(facts, heading)]
            for heading in ("laboratory", "customer", "performance", "item", "people", "programme")
        },
        "clocks": [
            told({"whose": one.whose, "when": one.moment, "offset": one.offset, "how": one.how})
            for one in facts.clocks
        ],
        "overall_word": told(facts.verdict),
        "left_out": facts.left_out,
        "waivers": [waiver_data(one, telling) for one in facts.waivers],
        "rules": [
            told(rule)
            for rule in (
                report_words.DECISION_RULE, report_words.DECISION_RISK, report_words.INTERVALS,
                report_words.OVERALL_RULE,
            )
        ],
        "no_copy": told(report_words.NO_COPY_IN_PART),
        "end": told(report_words.END),
        "not_stated": told(report_words.NOT_STATED),
        "supplied": told(report_words.SUPPLIED),
        "emulated_banner": told(kind.emulated),
        "overall_with_waivers": told(
            None if facts.overall_with_waivers is None else words.VERDICTS[facts.overall_with_waivers]
        ),
        "defect": folder.run.defect,
        "defect_words": told(kind.defect),
        "serial_word": told(kind.serial),
        "firmware_word": told(kind.firmware),
        "serial": told(folder.run.subject.identity.get("serial")),
        "firmware": told(folder.run.subject.identity.get("firmware")),
        "identity_words": told(kind.declared if folder.run.subject.declared else kind.undeclared),
        "statement": _statement(folder, telling),
        "tally": _tally(facts, telling),
        "rows": [row_data(fact, telling, by_hand) for fact in facts.rows],
        "others": [slim_row(fact, telling) for fact in facts.others],
        "uncovered": [
            {"word": told(words.VERDICTS[one.verdict]), "reason": told(one.reason),
             "rows": [row.requirement for row in one.rows]}
            for one in uncovered([fact.section.row for fact in (*facts.rows, *facts.others)])
        ],
        "meanings": [
            {"verdict": verdict.value, "word": told(words.VERDICTS[verdict]),
             "meaning": told(kind.verdict_meanings.get(verdict, words.VERDICT_MEANINGS[verdict]))}
            for verdict in Verdict
        ],
        "harness": None if facts.harness is None else _harness(facts.harness, telling),
        "bench": [
            {**told(one), "emulated": told(EMULATED[one["emulated"]])} for one in bench_data(folder.run.bench.settings)
        ],
        "sittings": [
            {**told(one), "why": told(words.word(words.SITTING_ENDS, one.why or "killed"))}
            for one in folder.run.sittings if len(folder.run.sittings) > 1
        ],
        "machine": told(folder.run.machine),
        "libraries": dict(folder.run.versions.libraries),
        "photographs": [
            {"name": one.name, "picture": telling.photograph(one.uri)}
            for one in photograph_views(folder) if one.uri is not None
        ],
        "subject_photographs": [
            {"name": one.name, "picture": telling.photograph(one.body)}
            for one in subject_photographs(folder) if one.body is not None
        ],
    }  # fmt: skip


def _stated(one: Stated, telling: Telling) -> dict[str, Any]:
    return telling.told({"key": one.key, "name": one.name, "value": one.value, "by_customer": one.by_customer})  # type: ignore[no-any-return]


def _issue(issue: Issue, telling: Telling) -> dict[str, Any]:
    return {
        "number": issue.number,
        "issued": telling.told(issue.issued.date()),
        "manifest_sm3": issue.manifest_sm3,
        "signatories": {one.role: one.name for one in issue.signatories},
        "amends": None if issue.amends is None else _amends(issue.amends, telling),
    }


def _amends(amends: Amendment, telling: Telling) -> dict[str, Any]:
    return {
        "number": amends.number,
        "sm3": amends.sm3,
        "run": amends.run,
        **telling.told({"issued": amends.issued.date(), "reason": amends.reason}),
        "changes": [_change(one, telling) for one in amends.changes[:CHANGES_PRINTED]],
        "changed": len(amends.changes),
    }


def _change(change: Change, telling: Telling) -> dict[str, Any]:
    """A change as it is printed: of long texts the part where they begin to differ."""
    before, now = (None if one is None else telling.text(one) for one in (change.before, change.now))
    pairs = zip(before or "", now or "", strict=False)
    same = next((n for n, (one, other) in enumerate(pairs) if one != other), min(len(before or ""), len(now or "")))
    start = (
        0 if max(len(before or ""), len(now or "")) <= CHARACTERS_PRINTED else max(0, same - CHARACTERS_PRINTED // 4)
    )
    return {"what": telling.text(change.what), "before": _cut(before, start), "now": _cut(now, start)}


def _cut(text: str | None, start: int) -> str | None:
    if text is None:
        return None
    shown = text[start : start + CHARACTERS_PRINTED]
    return ("…" if start else "") + shown + ("…" if start + CHARACTERS_PRINTED < len(text) else "")


def _evidence(manifest: Mapping[str, Any], telling: Telling) -> dict[str, Any]:
    files = manifest["files"]
    return {
        "files": [
            {
                "name": one["name"],
                "sm3": one.get("sm3") or one["salted_sm3"],
                "size": file_size(one["size"]) if "size" in one else "—",
            }
            for one in files
            if one["name"] in _LISTED
        ],
        "count": grouped(len(files)),
        "made": telling.told(datetime.fromisoformat(manifest["made"])),
        "chains": [
            {"name": name, "records": grouped(chain["records"]), "head": chain["head"]}
            for name, chain in manifest["chains"].items()
        ],
    }


def _statement(folder: RunFolder, telling: Telling) -> dict[str, Any]:
    view = statement_view(folder.run.subject)
    return {
        "answers": [telling.told(words.word(words.ANSWERS, answer)) for answer in view.answers],
        "groups": [
            {"title": telling.text(group.title), "options": [telling.told(group.of(one)) for one in view.answers]}
            for group in view.groups
        ],
    }


def _tally(facts: Facts, telling: Telling) -> list[dict[str, Any]]:
    found = tally([fact.section for fact in facts.rows])
    return [
        {"verdict": verdict.value, "word": telling.text(words.VERDICTS[verdict]), "count": count}
        for verdict, count in found.items()
    ]


def _harness(trial: HarnessTrial, telling: Telling) -> dict[str, Any]:
    total, everything = trial.total, trial.everything
    return {
        "total": f"{total.caught}/{total.defects}" if total.defects else "—",
        "exact": f"{total.exact}/{total.caught}" if total.caught else "—",
        "everything": f"{everything.caught}/{everything.defects}",
        **telling.told(
            {
                "date": trial.date,
                "commit": trial.commit,
                "differing": trial.differing,
                "holds": trial.holds,
                "missed": trial.missed,
            }
        ),
    }
