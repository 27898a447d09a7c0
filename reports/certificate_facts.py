"""The facts a report of a run states, once for every edition of it: ISO/IEC 17025:2017 §7.8, item by item.

A fact that nobody stated has no value and is listed in ``Facts.unstated``; nothing is filled in for it.
``docs/report-contents.md`` says which clause asks for which.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from certification.catalogue import Level, Text
from certification.kill_rate import shipped_record
from certification.plan import NOT_CHOSEN, plan_names
from certification.subject import IDENTITY_FIELDS
from certification.verdicts import Verdict
from reports import report_words, words
from reports.bench_view import InstrumentView, instrument_views
from reports.clock_views import ClockView, clock_views
from reports.harness_trial import HarnessTrial, harness_trial
from reports.kind_words import words_of
from reports.laboratory_facts import (
    ConditionFact,
    DeviationFact,
    ExternalFact,
    Stated,
    condition_facts,
    customer_facts,
    deviation_facts,
    external_facts,
    item_facts,
    laboratory_facts,
    people_facts,
    place_facts,
    unstated,
)
from reports.moments import days_text, moment_text
from reports.row_facts import RowFact, row_facts
from reports.run_catalogue import run_catalogue
from reports.run_folder import RunFolder
from reports.run_record import RunRecord
from reports.sections import sections_of
from reports.stated_records import WaiverRecord
from reports.subject_photographs import SubjectPhotograph, subject_photographs


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


def _plain(text: str) -> Text:
    return Text(zh=text, en=text)


@dataclass(frozen=True)
class IdentityFact:
    """A field of the subject's identity.

    Attributes:
        name: what it is called.
        declared: as the customer filed it; None where nobody did.
        read: as the subject says it; None where it does not tell.
        compared: whether the subject is asked for it at all.
    """

    name: Text
    declared: str | None
    read: str | None
    compared: bool


@dataclass(frozen=True)
class Facts:
    """Everything a report states of a run.

    Attributes:
        title: what the report is called.
        kind: kind of subject.
        name: vendor and model.
        run: number of the run.
        emulated: whether the subject was emulated; such a run certifies nothing.
        overall, overall_with_waivers: the words over the run; the second is None where no waiver was given.
        verdict, meaning: the first in words.
        conformity: the statement of conformity, §7.8.6.2.
        laboratory, customer, performance, item, people, programme: facts by heading.
        unstated: facts nobody stated, without which no report may be issued.
        identity, photographs: who the subject is, and how it looks.
        conditions: the surroundings.
        deviations, external: as the laboratory states them.
        rows: planned rows in catalogue order.
        others: rows outside the plan.
        left_out: how many rows of the plan were not chosen though they apply and could be run.
        catalogue: version of the catalogue whose texts are told.
        instruments, clocks, waivers, harness: what was measured with, by which time, what was waived, and how often the
            harness itself caught a defect.
        remarks: what the run says of itself.
        declarations: sentences that bind every use of the report.
    """

    title: Text
    kind: Text
    name: str
    run: str
    emulated: bool
    overall: str
    overall_with_waivers: str | None
    verdict: Text
    meaning: Text
    conformity: Text
    laboratory: Sequence[Stated]
    customer: Sequence[Stated]
    performance: Sequence[Stated]
    item: Sequence[Stated]
    people: Sequence[Stated]
    programme: Sequence[Stated]
    unstated: Sequence[Stated]
    identity: Sequence[IdentityFact]
    photographs: Sequence[SubjectPhotograph]
    conditions: Sequence[ConditionFact]
    deviations: Sequence[DeviationFact]
    external: Sequence[ExternalFact]
    rows: Sequence[RowFact]
    others: Sequence[RowFact]
    left_out: int
    catalogue: str
    instruments: Sequence[InstrumentView]
    clocks: Sequence[ClockView]
    waivers: Sequence[WaiverRecord]
    harness: HarnessTrial | None
    remarks: Sequence[Text]
    declarations: Sequence[Text]

    def stated(self, key: str) -> Stated:
        """A fact by its key.

        Raises:
            KeyError: there is none of that key.
        """
        for one in self._all():
            if one.key == key:
                return one
        raise KeyError(key)

    def _all(self) -> Iterator[Stated]:
        for group in (self.laboratory, self.customer, self.performance, self.item, self.people, self.programme):
            yield from group


def facts_of(folder: RunFolder) -> Facts:
    """The facts of a run, from its folder alone."""
    run, said = folder.run, folder.run.laboratory
    kind = words.word(words.SUBJECT_KINDS, run.subject.kind)
    planned = [row.requirement for row in folder.rows if row.planned]
    harness = harness_trial(shipped_record(), run.subject.kind, run.versions, planned)
    deviations = deviation_facts(said)
    catalogue = run_catalogue(folder)
    rows = row_facts(folder, sections_of(folder, catalogue), deviations, harness)
    return Facts(
        title=_t(f"湖南省电子健康卡{kind.zh}检测报告", f"Hunan electronic health card: test report on a {kind.en}"),
        kind=kind,
        name=f"{run.subject.identity.get('vendor') or ''} {run.subject.identity.get('model') or ''}".strip(),
        run=run.run,
        emulated=run.emulated,
        overall=run.overall,
        overall_with_waivers=run.overall_with_waivers,
        verdict=words.VERDICTS[run.overall],
        meaning=words.OVERALL_MEANINGS[run.overall],
        conformity=_conformity(run, rows),
        laboratory=laboratory_facts(said),
        customer=customer_facts(said),
        performance=[*place_facts(said), *_performance(run)],
        item=item_facts(said),
        people=people_facts(said),
        programme=_programme(run, harness, _left_out(folder)),
        unstated=unstated(said),
        identity=_identity(run),
        photographs=subject_photographs(folder),
        conditions=condition_facts(said),
        deviations=deviations,
        external=external_facts(said),
        rows=[row for row in rows if row.planned],
        others=[row for row in rows if not row.planned],
        left_out=_left_out(folder),
        catalogue=catalogue.version,
        instruments=instrument_views(run.instruments),
        clocks=clock_views(run.clocks),
        waivers=run.waivers,
        harness=harness,
        remarks=run.notes,
        declarations=_declarations(run),
    )


def _performance(run: RunRecord) -> list[Stated]:
    last = run.finished or run.started
    return [
        Stated("tested", _t("检测日期", "Tested"), days_text(run.started.date(), last.date())),
        Stated("started", _t("开始", "Started"), moment_text(run.started)),
        Stated(
            "finished",
            _t("结束", "Finished"),
            _t("未正常结束", "did not finish") if run.finished is None else moment_text(run.finished),
        ),
    ]


def _left_out(folder: RunFolder) -> int:
    without = plan_names().get(folder.run.plan.name, ())
    return sum(row.reason == NOT_CHOSEN and row.requirement not in without for row in folder.rows)


def _plan(run: RunRecord, left_out: int) -> Text:
    count = len(run.plan.execute)
    said = _t(f"{run.plan.name}，执行 {count} 项", f"{run.plan.name}, {count} rows executed")
    if not left_out:
        return said
    return _t(
        f"{said.zh}；非完整检测：另有 {left_out} 项未选中（--only）",
        f"{said.en}; not the whole of it: {left_out} more were not chosen (--only)",
    )


def _programme(run: RunRecord, harness: HarnessTrial | None, left_out: int) -> list[Stated]:
    unknown, digest = _t("不详", "unknown"), None if run.catalogue is None else run.catalogue.sm3
    return [
        Stated("catalogue", _t("要求目录版本", "Catalogue version"), _plain(run.versions.catalogue)),
        Stated(
            "catalogue.sm3", _t("要求目录摘要（SM3）", "Catalogue digest (SM3)"), _plain(digest) if digest else unknown
        ),
        Stated("plan", _t("检测计划", "Plan"), _plan(run, left_out)),
        Stated(
            "plan.sm3",
            _t("检测计划摘要（SM3）", "Plan digest (SM3)"),
            _plain(run.plan_digest) if run.plan_digest else unknown,
        ),
        Stated(
            "statement.sm3",
            _t("符合性声明摘要（SM3）", "Statement digest (SM3)"),
            _plain(run.statement_digest) if run.statement_digest else unknown,
        ),
        Stated("harness", _t("检测系统", "Harness"), _plain(f"Xiangka 湘卡 {run.versions.xiangka}")),
        Stated(
            "harness.commit",
            _t("检测系统提交号", "Harness commit"),
            _plain(run.versions.commit) if run.versions.commit else unknown,
        ),
        Stated(
            "harness.kill_rate",
            _t("缺陷检出率", "Kill rate"),
            unknown if harness is None else harness.total_text or unknown,
        ),
        Stated(
            "bench",
            _t("试验台", "Bench"),
            _plain(" · ".join(filter(None, (str(run.bench.settings.get("name", "")), run.bench.file)))),
        ),
    ]


def _identity(run: RunRecord) -> list[IdentityFact]:
    read, names = run.identity_read or {}, words_of(run.subject.kind).identity
    return [
        IdentityFact(
            name=words.word(names, field),
            declared=declared if run.subject.declared and declared != "none" else None,
            read=read.get(field),
            compared=field in IDENTITY_FIELDS,
        )
        for field, declared in run.subject.identity.items()
    ]


def _conformity(run: RunRecord, rows: Sequence[RowFact]) -> Text:
    """To which results it applies, which requirements are met or not, by which rule (§7.8.6.2)."""
    binding = [
        row.section.row
        for row in rows
        if row.planned
        and row.section.row.level is Level.SHALL
        and row.section.row.verdict is not Verdict.NOT_APPLICABLE
    ]
    failed = [row.requirement for row in binding if row.verdict is Verdict.FAIL]
    by = _t(
        f"依据要求目录 {run.versions.catalogue} 和本报告所列判定规则，就本次执行的“必须”项而言：",
        f"By catalogue {run.versions.catalogue} and the decision rules given here, of the SHALL requirements run: ",
    )
    if run.emulated:
        return report_words.EMULATED
    match run.overall:
        case "PASS":
            said = _t(f"样品满足全部 {len(binding)} 项。", f"the subject meets all {len(binding)}.")
        case "FAIL":
            said = _t(
                f"样品不满足 {len(binding)} 项中的 {len(failed)} 项：{'、'.join(failed)}。",
                f"the subject does not meet {len(failed)} of {len(binding)}: {', '.join(failed)}.",
            )
        case _:
            why = words.OVERALL_MEANINGS[run.overall]
            return _t(f"本次试验不作符合性声明。{why.zh}", f"This run states no conformity. {why.en}")
    return _t(by.zh + said.zh, by.en + said.en)


def _declarations(run: RunRecord) -> list[Text]:
    said = run.laboratory
    found = [
        words_of(run.subject.kind).scope,
        report_words.NO_COPY_IN_PART,
        report_words.NO_OPINIONS,
        report_words.BY_CUSTOMER,
    ]
    if said is not None and said.sampling.by != "laboratory":
        found.append(report_words.AS_RECEIVED)
    if run.emulated:
        found.append(report_words.EMULATED)
    return [*found, report_words.PROPOSED_NUMBERS]
