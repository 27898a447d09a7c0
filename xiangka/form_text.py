"""Writes the form for a row done by hand: the operator's procedure, and everything there is to fill in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from certification.catalogue import VERSION, Requirement, load_catalogue
from certification.clauses import Clause, InspectionClause, ProportionClause, WindowClause
from certification.errors import PlanError
from certification.forms import ITEM, SCHEMA, Wanted, cell_keys, wanted_of
from certification.options import statement_options
from reports.words import CELL_KEYS, MEASURES, unit_word, value_word, word
from xiangka.statement_form import write_new

_MANY = 64
"""Most groups of a clause that are written out; beyond, one stands for all."""


def write_form(requirement_id: str, out: Path) -> None:
    """Write the form of a requirement.

    Raises:
        PlanError: the id is unknown, the row is not done by hand, the file is there already or cannot be written.
    """
    requirement = load_catalogue()[requirement_id]
    if requirement.declared_only:
        raise PlanError(
            f"{requirement_id} rests on a declaration",
            where="catalogue",
            remedy="fill in [declarations] of the subject file; `xiangka statement new` writes one",
        )
    if not requirement.by_hand:
        raise PlanError(
            f"{requirement_id} is assessed by its scenario alone (method {requirement.method})",
            where="catalogue",
            remedy="`xiangka catalogue coverage` tells which rows are done by hand",
        )
    write_new(out, form_text(requirement))


def form_text(requirement: Requirement) -> str:
    """The text of a form to be filled in."""
    row = requirement
    parts = [
        f"# {row.id} {row.title.zh}\n# {row.title.en}\n#\n",
        f"# 试验方法 Procedure\n#   {row.procedure.zh}\n#   {row.procedure.en}\n",
        f"# 证据 Evidence\n#   {row.evidence.zh}\n#   {row.evidence.en}\n",
        f"# 判据 Criterion\n#   {row.criterion_text.zh}\n#   {row.criterion_text.en}\n#\n",
        "# 填好后 when filled in: xiangka certify --subject … --bench … --form 本文件 this file\n\n",
        f'form = {SCHEMA}\nrequirement = "{row.id}"\ncatalogue = "{VERSION}"\n',
        _HEAD,
    ]
    for one in wanted_of(row, statement_options(row.subject)):
        parts += list(_measure(one))
    return "".join(parts)


_HEAD = """
# 样品，照铭牌填写 The sample, as its label says
[subject]
vendor = ""
model = ""
serial = ""
firmware = ""

# 何人、何时、何地 Who, when, where
[record]
operator = ""
date = ""       # 不加引号 without quotes: 2026-11-27
place = ""

# 仪器和量具，每件一表；未用则删去 Instruments, one table each; remove it where none was used
[[instrument]]
name = ""
serial = ""
calibrated_until = ""   # 不加引号 without quotes: 2027-11-27

# 照片，每张一表，路径相对于本文件；没有则删去 Photographs, one table each, paths relative to this file
# [[photograph]]
# file = ""
# shows = ""
"""


def _measure(one: Wanted) -> Iterator[str]:
    named = word(MEASURES, one.measure)
    yield f"\n# ==== {named.zh} · {named.en} ({one.measure}) ====\n"
    if one.counted:
        told = "；".join(f"{value} {_outcome(one.measure, value)}" for value in one.outcomes)
        yield f"# 结果 outcomes: {told}\n# 各结果的次数之和须等于 trials · the outcomes must add up to trials\n"
    for clause in _finest(one.clauses):
        yield from _blocks(one, clause)


def _outcome(measure: str, value: str) -> str:
    said = value_word(measure, value)
    return f"{said.zh}/{said.en}"


def _finest(clauses: Sequence[Clause]) -> list[Clause]:
    """Clauses that need cells of their own: those whose cells are not already told by a clause with more of them."""
    kept: list[Clause] = []
    for clause in sorted(clauses, key=lambda c: (-len(cell_keys(c)), -_trials(c))):
        if not any(set(cell_keys(clause)) <= set(cell_keys(other)) and _fits(clause, other) for other in kept):
            kept.append(clause)
    return [clause for clause in clauses if clause in kept]


def _fits(clause: Clause, other: Clause) -> bool:
    return all(other.where.get(key, wanted) == wanted for key, wanted in clause.where.items())


def _blocks(one: Wanted, clause: Clause) -> Iterator[str]:
    cells = list(_cells(clause))
    if cell_keys(clause):
        keys = "、".join(f"{key} {word(CELL_KEYS, key).zh}/{word(CELL_KEYS, key).en}" for key in cell_keys(clause))
        yield f"# 每一组一表，格键 one table for each cell, by {keys}\n"
    ranges = [f"{key} {low:g}～{high:g}" for key, (low, high) in _ranges(clause)]
    if ranges:
        yield f"# 判定范围 judged: {'、'.join(ranges)}\n"
    if len(cells) == 1 and "?" in cells[0]:
        yield "# 按试验方法复制本表，每一组一份 · copy this table for each combination of the procedure\n"
    for cell in cells:
        yield f'\n[[result]]\nmeasure = "{one.measure}"\n'
        if cell:
            yield f"cell = {{ {cell} }}\n"
        yield from _asked(one, clause)


def _asked(one: Wanted, clause: Clause) -> Iterator[str]:
    trials = 1 if isinstance(clause, InspectionClause) else _trials(clause)
    if one.counted:
        yield f"trials = {trials}\n"
        yield f"outcomes = {{ {', '.join(f'{value} = 0' for value in one.outcomes)} }}\n"
    else:
        unit = unit_word(clause.unit).zh
        yield f"values = []   # {trials} 个值 values, {unit}\n" if unit else f"values = []   # {trials} 个值 values\n"
        yield f"unit = {json.dumps(clause.unit)}\nuncertainty = 0.0   # 扩展不确定度 U, k = 2\n"
    yield 'remark = ""\n'


def _trials(clause: Clause) -> int:
    match clause:
        case InspectionClause():
            return clause.items
        case ProportionClause():
            return clause.stages[0][0]
        case _:
            return clause.trials


def _ranges(clause: Clause) -> Iterator[tuple[str, tuple[float, float]]]:
    for key, wanted in clause.where.items():
        if isinstance(wanted, tuple) and wanted[0] != wanted[1]:
            yield key, wanted


def _cells(clause: Clause) -> Iterator[str]:
    """Cells to be told, as TOML; what a person has to fill in stands as "?"."""
    fixed = {key: _fixed(wanted) for key, wanted in clause.where.items()}
    if isinstance(clause, WindowClause):
        registered = round((clause.last - clause.first) / clause.step) + 1
        for number in range(registered):
            yield _table({**fixed, clause.along: f"{clause.first + number * clause.step:g}"})
        return
    open_keys = {key: '"?"' for key in cell_keys(clause) if key not in fixed}
    copies = clause.items if isinstance(clause, InspectionClause) else clause.groups or 1
    numbers = count(1)
    for _ in range(copies if copies <= _MANY else 1):
        named = {ITEM: f'"{next(numbers)}"'} if isinstance(clause, InspectionClause) and ITEM in open_keys else {}
        yield _table({**fixed, **open_keys, **named})


def _fixed(wanted: object) -> str:
    if isinstance(wanted, tuple):
        return f"{wanted[0]:g}" if wanted[0] == wanted[1] else '"?"'
    return json.dumps(wanted, ensure_ascii=False)


def _table(cell: dict[str, str]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in cell.items())
