"""What a report states of each requirement beside its section: on what it rests, its rule, its uncertainty, what was
waived or done otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from certification.catalogue import Text
from reports.harness_trial import HarnessTrial, rate_text
from reports.kind_words import words_of
from reports.laboratory_facts import DeviationFact
from reports.numbers import quantity
from reports.run_folder import RunFolder
from reports.sections import Section
from reports.stated_records import WaiverRecord


@dataclass(frozen=True)
class RowFact:
    """One requirement.

    Attributes:
        section: its line, rules, plots, pictures.
        grounds: ``emulated``, ``real``, ``person`` or ``document``: what its verdict rests on.
        grounds_text: the same in words.
        rule: the rule that decided, with its numbers; None where nothing was measured.
        uncertainty: largest expanded uncertainty U (k = 2) among the values that rule judged; None for counts.
        uncertainty_basis: of what bench it is, where the procedure gives a U of its own; None where it gives none.
        deviations: what was done otherwise in this row.
        waivers: waivers and known issues of it.
        kill_rate: how many of its defects the harness caught; None where no defect names it.
    """

    section: Section
    grounds: str
    grounds_text: Text
    rule: Text | None
    uncertainty: Text | None
    uncertainty_basis: Text | None
    deviations: Sequence[DeviationFact]
    waivers: Sequence[WaiverRecord]
    kill_rate: Text | None

    @property
    def requirement(self) -> str:
        """Its id."""
        return self.section.row.requirement

    @property
    def planned(self) -> bool:
        """Whether it counts for the run."""
        return self.section.row.planned


def row_facts(
    folder: RunFolder,
    sections: Sequence[Section],
    deviations: Sequence[DeviationFact],
    harness: HarnessTrial | None,
) -> list[RowFact]:
    """The facts of every row, in the order of its sections."""
    return [_row_fact(folder, section, deviations, harness) for section in sections]


def _row_fact(
    folder: RunFolder, section: Section, deviations: Sequence[DeviationFact], harness: HarnessTrial | None
) -> RowFact:
    requirement = section.row.requirement
    rate = None if harness is None else harness.of(requirement)
    grounds, told = _grounds(folder, section)
    uncertainty = _uncertainty(folder, section)
    return RowFact(
        section=section,
        grounds=grounds,
        grounds_text=told,
        rule=_deciding_rule(section),
        uncertainty=uncertainty,
        uncertainty_basis=None if uncertainty is None else _uncertainty_basis(section),
        deviations=[one for one in deviations if one.requirement == requirement],
        waivers=[one for one in folder.run.waivers if one.requirement == requirement],
        kill_rate=None if rate is None else rate_text(rate),
    )


_STATES_ITS_OWN = re.compile(r"\bU\s*=")
_U_OF_EMULATED = Text(
    zh="此 U 由模拟试验台的各环节得出：图样和接口都是软件，没有屏幕刷新的一帧；方法中所写的 U 属真实屏幕与轮询接口",
    en="this U is the emulated bench's, whose codes and link are software, so that no frame of a screen counts; the U "
    "in the procedure is that of a real screen and a polled link",
)
_U_OF_REAL = Text(
    zh="此 U 由所用屏幕的一帧与所用接口得出；方法中所写的 U 属 60 Hz 屏幕与轮询接口",
    en="this U comes of one frame of the screen in use and of the link in use; the U in the procedure is that of a "
    "60 Hz screen and a polled link",
)
_PERSON = Text(zh="人工记录", en="recorded by a person")
_DOCUMENT = Text(zh="客户申报的文件", en="document filed by the customer")


def _grounds(folder: RunFolder, section: Section) -> tuple[str, Text]:
    words = words_of(folder.run.subject.kind)
    if any(form.requirement == section.row.requirement for form in folder.run.forms):
        return "person", _PERSON
    if section.requirement is not None and section.requirement.needs_declaration is not None:
        return "document", _DOCUMENT
    return ("emulated", words.emulated_row) if section.row.emulated else ("real", words.real_row)


def _deciding_rule(section: Section) -> Text | None:
    if section.deciding is None:
        return None
    result = section.deciding.line.result
    for whole in section.whole:
        if whole.line.result is result:
            return whole.rule
    for grouped in section.grouped:
        if any(line.result is result for line in (*grouped.shown, *grouped.folded)):
            return grouped.rule
    return None


def _uncertainty(folder: RunFolder, section: Section) -> Text | None:
    if section.deciding is None:
        return None
    result = section.deciding.line.result
    spreads = [
        one.uncertainty
        for one in folder.of(section.row.requirement)
        if one.measure == result.measure and one.unit == result.unit and one.uncertainty
    ]
    return quantity(max(spreads), result.unit) if spreads else None


def _uncertainty_basis(section: Section) -> Text | None:
    if section.requirement is None or not _STATES_ITS_OWN.search(section.requirement.procedure.en):
        return None
    return _U_OF_EMULATED if section.row.emulated else _U_OF_REAL
