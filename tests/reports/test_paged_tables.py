"""Tables of the paged report where a page ends: short ones in one piece, of longer ones no row alone."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
import typst
from paged import require_poppler, words

TEMPLATES = Path("reports/pdf/templates")
HEIGHT, FOOT = 841.89, 71
"""Of the page and of its lower margin, in points."""
SHORT, LONG, TALL = (2, 8), (9, 14), 8
PROBE = """
#import "tables.typ": *
#show: paper.with()
#set table.cell(breakable: false)
#let filled(above, name, rows, height: 0pt) = {
  pagebreak(weak: true)
  block(height: above, below: 0pt, "above")
  ruled(
    columns: (auto, 1fr), head("head", "x"),
    ..range(rows).map(row => (name + "-" + str(row), box(height: height, "x"))).flatten(),
  )
}
#for rows in data.rows {
  for above in range(520, 690, step: 11) { filled(above * 1pt, "t" + str(rows) + "-" + str(above), rows) }
}
#filled(300pt, "tall", data.tall, height: 60pt)
"""


@pytest.fixture(scope="module")
def pages_of_rows(tmp_path_factory):
    """How many rows of a table stand on each page, by the table's name; and how low the lowest row of all ends."""
    require_poppler()
    folder = tmp_path_factory.mktemp("tables")
    for name in ("page.typ", "tables.typ"):
        shutil.copy(TEMPLATES / name, folder)
    given = {"lang": "en", "embedded": [], "data": {"not_stated": "", "rows": [*SHORT, *LONG], "tall": TALL}}
    (folder / "given.json").write_text(json.dumps(given), encoding="utf-8")
    (folder / "probe.typ").write_text(PROBE, encoding="utf-8")
    typst.compile(folder / "probe.typ", output=folder / "probe.pdf", root=folder)
    found = {}
    shown = [word for word in words(folder / "probe.pdf") if word.text.startswith("t")]
    for word in shown:
        found.setdefault(word.text.rpartition("-")[0], Counter())[word.page] += 1
    return found, max(word.bottom for word in shown)


def kinds(found, rows):
    return [pages for name, pages in found.items() if name.startswith(f"t{rows}-")]


@pytest.mark.parametrize("rows", SHORT)
def test_a_short_table_is_in_one_piece(pages_of_rows, rows):
    tables = kinds(pages_of_rows[0], rows)
    assert len(tables) == 16
    assert [list(pages.values()) for pages in tables] == [[rows]] * 16


@pytest.mark.parametrize("rows", LONG)
def test_no_row_of_a_longer_table_is_alone(pages_of_rows, rows):
    tables = kinds(pages_of_rows[0], rows)
    assert {sum(pages.values()) for pages in tables} == {rows}
    assert min(min(pages.values()) for pages in tables) == 2
    assert any(len(pages) == 2 for pages in tables)


def test_a_table_of_few_tall_rows_is_broken_and_not_cut_off(pages_of_rows):
    found, lowest = pages_of_rows
    assert sum(found["tall"].values()) == TALL
    assert len(found["tall"]) == 2
    assert lowest < HEIGHT - FOOT
