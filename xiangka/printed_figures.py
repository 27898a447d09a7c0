"""Figures of the statistics as text: nothing is ever cut, whatever the width and whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from reference_impl.door.admin.words import all_words
from reference_impl.records.figures import COLUMNS, Figure, Statistics

TITLE = "测试平台，均为合成人员 / test platform, synthetic people only"
NOTHING = "期间内没有数据 / nothing in this period"

_WORDS_OF: Mapping[str, str] = MappingProxyType(
    {
        "channel": "channel",
        "step": "step",
        "scene": "scene",
        "outcome": "outcome",
        "state": "card_state",
        "prefecture": "prefecture",
        "level": "level",
    }
)
"""Columns of codes, and the table that says what such a code is called."""

_UNLIMITED = 10_000
"""Wider than any table, in columns of a terminal."""


def print_statistics(told: Statistics) -> None:
    """Print every figure with its definition, marked as those of a test platform."""
    console = Console(highlight=False, markup=False)
    # Whoever reads a pipe breaks lines to their own liking, and finds sentences whole.
    piped = not console.is_terminal
    console.print(f"{told.mode} · {TITLE}\n", soft_wrap=piped)
    for figure in told.figures:
        console.print(f"{figure.title_zh} / {figure.title_en}", soft_wrap=piped)
        _print_rows(console, figure)
        console.print(f"{figure.definition_zh}\n{figure.definition_en}\n", soft_wrap=piped)


def _print_rows(console: Console, figure: Figure) -> None:
    if not figure.rows:
        console.print(NOTHING, soft_wrap=True)
        return
    rows = _rows(figure)
    heads = [f"{COLUMNS[column][0]} {column}" if column in COLUMNS else column for column in figure.columns]
    table = Table(*heads)
    for row in rows:
        table.add_row(*row)
    wanted = Measurement.get(console, console.options.update(max_width=_UNLIMITED), table).maximum
    if wanted <= console.width:
        console.print(table)
        return
    margin = max(map(cell_len, heads))
    for row in rows:
        for head, cell in zip(heads, row, strict=True):
            console.print(f"  {head}{' ' * (margin - cell_len(head))}  {cell}", soft_wrap=True)
        console.print()


def _rows(figure: Figure) -> list[list[str]]:
    """Return the rows as text, with the Chinese word beside each code."""
    words = all_words()
    tables = [words.get(_WORDS_OF.get(column, ""), {}) for column in figure.columns]
    return [
        [f"{cell} {table[cell][0]}" if cell in table else cell for table, cell in zip(tables, row, strict=True)]
        for row in figure.text_rows()
    ]
