"""Lists for people: requirements and defects."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from certification.catalogue import load_catalogue
from xiangka.console import wide_console
from xiangka.defect_names import known_defects


def everything() -> int:
    """Print every requirement."""
    table = Table(title="需求目录 Requirement catalogue", title_justify="left")
    for heading in ("id", "title 名称", "level", "method", "subject"):
        table.add_column(heading, no_wrap=heading == "id")
    for row in load_catalogue().values():
        table.add_row(row.id, f"{row.title.zh}\n{row.title.en}", row.level, row.method, row.subject)
    wide_console().print(table)
    return 0


def details(ids: list[str]) -> int:
    """Print source, procedure and criterion of the requirements named.

    Raises:
        PlanError: an id is unknown.
    """
    console = wide_console()
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


def defects() -> int:
    """Print every defect with the requirements it must make fail."""
    table = Table(title="缺陷 Defects", title_justify="left")
    for heading in ("of a", "name", "fails", "what it does"):
        table.add_column(heading, no_wrap=heading != "what it does")
    for kind, of_kind in known_defects().items():
        for name, (requirements, does) in of_kind.items():
            table.add_row(kind, name, " ".join(requirements), f"{does.zh} · {does.en}")
    wide_console().print(table)
    return 0
