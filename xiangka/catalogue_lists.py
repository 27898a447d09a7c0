"""Lists for people: requirements, coverage, defects."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from certification.catalogue import load_catalogue
from xiangka.defect_names import known_defects
from xiangka.scenarios import all_scenarios, implemented


def everything() -> int:
    """Print every requirement."""
    table = Table(title="需求目录 Requirement catalogue", title_justify="left")
    for heading in ("id", "title 名称", "level", "method", "subject"):
        table.add_column(heading, no_wrap=heading == "id")
    for row in load_catalogue().values():
        table.add_row(row.id, f"{row.title.zh}\n{row.title.en}", row.level, row.method, row.subject)
    _console().print(table)
    return 0


def details(ids: list[str]) -> int:
    """Print source, procedure and criterion of the requirements named.

    Raises:
        PlanError: an id is unknown.
    """
    console = _console()
    for row in [load_catalogue()[requirement] for requirement in ids]:
        console.print(
            f"[bold]{row.id}[/]  {escape(row.title.zh)} · {escape(row.title.en)}  ({row.level}, {row.method})"
        )
        for quote in row.source.quotes:
            console.print(f"  「{escape(quote)}」")
        for text in (row.source.reason, row.procedure, row.criterion_text):
            if text is not None:
                console.print(f"  {escape(text.zh)}\n  {escape(text.en)}")
    return 0


def coverage() -> int:
    """Print which requirements have a scenario and a defect, and which stand as not implemented."""
    catalogue = load_catalogue()
    covered = implemented(catalogue)
    files = {scenario.requirement: scenario.file for scenario in all_scenarios()}
    defects: dict[str, list[str]] = {}
    for name, (requirements, _) in ((n, d) for of_kind in known_defects().values() for n, d in of_kind.items()):
        for requirement in requirements:
            defects.setdefault(requirement, []).append(name)
    table = Table(title=f"覆盖 Coverage: {len(covered)} / {len(catalogue)}", title_justify="left")
    for heading in ("id", "title 名称", "level", "scenario", "defects"):
        table.add_column(heading, no_wrap=heading == "id")
    for row in catalogue.values():
        state = files.get(row.id, "not implemented")
        table.add_row(row.id, row.title.zh, row.level, state, ", ".join(defects.get(row.id, [])))
    _console().print(table)
    return 0


def defects() -> int:
    """Print every defect with the requirements it must make fail."""
    table = Table(title="缺陷 Defects", title_justify="left")
    for heading in ("of a", "name", "fails", "what it does"):
        table.add_column(heading, no_wrap=heading != "what it does")
    for kind, of_kind in known_defects().items():
        for name, (requirements, does) in of_kind.items():
            table.add_row(kind, name, " ".join(requirements), f"{does.zh} · {does.en}")
    _console().print(table)
    return 0


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=160)
