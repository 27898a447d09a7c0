"""What stands behind each requirement: a scenario with defects, a declaration, hardware and a form, or nothing yet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rich.table import Table

from certification.catalogue import Method, Requirement, SubjectKind, Text, load_catalogue
from certification.exit_codes import ExitCode
from certification.kill_rate import DefectRecord, Rate, shipped_record
from xiangka.console import wide_console
from xiangka.defect_names import known_defects
from xiangka.scenarios import all_scenarios, implemented


class State(StrEnum):
    """How a requirement is assessed, as things stand."""

    IMPLEMENTED = "implemented"
    HARDWARE_CERTIFIES = "implemented, hardware certifies"
    DECLARATION = "needs declaration"
    HARDWARE = "needs hardware"
    NOT_IMPLEMENTED = "not implemented"


_ZH = {
    State.IMPLEMENTED: "已实现",
    State.HARDWARE_CERTIFIES: "已实现，认证须真实硬件",
    State.DECLARATION: "须厂商申报",
    State.HARDWARE: "须真实硬件，人工按表格评定",
    State.NOT_IMPLEMENTED: "未实现",
}


@dataclass(frozen=True)
class Coverage:
    """One requirement with what stands behind it.

    Attributes:
        row: the requirement.
        state: how it is assessed.
        scenario: feature file, where there is one.
        defects: defects that must make it fail.
        alone: whether one of them must make it fail and nothing else.
        rate: kill rate by the record that ships; None where it does not name the row.
        untried: defects of the row that the record does not know.
    """

    row: Requirement
    state: State
    scenario: str | None
    defects: tuple[str, ...]
    alone: bool
    rate: Rate | None
    untried: tuple[str, ...]

    @property
    def lacking(self) -> Text | None:
        """What is missing for it to count as covered; None where nothing is."""
        if self.state is State.NOT_IMPLEMENTED:
            return Text(zh="没有场景，且不必用真实硬件评定", en="there is no scenario, and it does not need hardware")
        if self.state is State.DECLARATION and self.scenario is None:
            return Text(zh="没有审查申报的场景", en="no scenario examines the declaration")
        if self.state in (State.IMPLEMENTED, State.HARDWARE_CERTIFIES) and not self.alone:
            return Text(zh="没有恰好使其不合格的缺陷", en="no defect makes exactly this row fail")
        return None


def coverage_of(kind: SubjectKind | None = None) -> list[Coverage]:
    """Every requirement of a kind of subject, or of all, with what stands behind it."""
    catalogue, record = load_catalogue(), shipped_record()
    implemented(catalogue)
    files = {scenario.requirement: scenario.file for scenario in all_scenarios()}
    naming: dict[str, dict[str, bool]] = {}
    for of_kind in known_defects().values():
        for name, (fails, _) in of_kind.items():
            for row_id in fails:
                naming.setdefault(row_id, {})[name] = len(fails) == 1
    rows = list(catalogue.values()) if kind is None else catalogue.of(kind)
    return [_coverage(row, files.get(row.id), naming.get(row.id, {}), record) for row in rows]


def _coverage(row: Requirement, file: str | None, naming: dict[str, bool], record: DefectRecord | None) -> Coverage:
    return Coverage(
        row=row,
        state=_state(row, file is not None),
        scenario=file,
        defects=tuple(naming),
        alone=any(naming.values()),
        rate=None if record is None else record.of(row.id),
        untried=tuple(sorted(set(naming) - (frozenset() if record is None else record.naming(row.id)))),
    )


def _state(row: Requirement, scenario: bool) -> State:
    if row.declared_only:
        return State.DECLARATION
    if scenario:
        return State.HARDWARE_CERTIFIES if Method.HARDWARE in row.methods else State.IMPLEMENTED
    return State.HARDWARE if Method.HARDWARE in row.methods else State.NOT_IMPLEMENTED


def show_coverage(kind: SubjectKind | None, *, check: bool) -> int:
    """Print what stands behind each requirement; with ``check``, 1 where anything is missing, else 0."""
    found = coverage_of(kind)
    console = wide_console()
    scenarios = sum(one.scenario is not None for one in found)
    table = Table(title=f"覆盖 Coverage: {scenarios} / {len(found)}", title_justify="left")
    for heading in ("id", "title 名称", "级别 level", "方法", "状态 state", "缺陷 defects", "检出率"):
        table.add_column(heading, no_wrap=heading in ("id", "方法", "检出率"))
    for one in found:
        state = f"{_ZH[one.state]}\n{one.state}" + (f"\n{one.scenario}" if one.scenario else "")
        rate = "—" if one.rate is None else f"{one.rate.caught}/{one.rate.defects}"
        rate += f"\n未试 untried {len(one.untried)}" if one.untried else ""
        table.add_row(
            one.row.id, one.row.title.zh, one.row.level, one.row.method, state, ", ".join(one.defects) or "—", rate
        )
    console.print(table)
    for state in State:
        console.print(f"{_ZH[state]} {state}: {sum(one.state is state for one in found)}", highlight=False)
    lacking = [(one.row.id, said) for one in found if (said := one.lacking) is not None]
    if not check:
        return 0
    for requirement, said in lacking:
        console.print(f"[red]{requirement}[/] {said.zh} · {said.en}", highlight=False, soft_wrap=True)
    return int(ExitCode.FAILED) if lacking else 0
