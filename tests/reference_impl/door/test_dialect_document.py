"""The page on dialects says what the tables say."""

import re
from pathlib import Path

import pytest

from reference_impl.door.methods.table import METHODS
from reference_impl.wire import city_xml, front_box, primary_care, soap, vocabulary, wechat
from reference_impl.wire.registry import DIALECTS

PAGE = Path(__file__).parents[3].joinpath("docs", "dialects.md").read_text()
WORDS = {module.NAME: module.WORDS for module in (front_box, wechat, soap, city_xml, primary_care)}
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.splitlines() if line.startswith("| `")]
NEUTRAL = sorted(v for name, v in vars(vocabulary).items() if name.isupper() and str(v).startswith("ehc."))


def ticked(cell):
    return re.findall(r"`([^`]*)`", cell)


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_label_paths_and_success_of_a_dialect(name):
    (row,) = [row for row in ROWS if ticked(row[0]) == [name] and len(row) == 7]
    described = DIALECTS[name]
    paths = ("/wechat/{method}",) if name == "wechat" else described.paths
    assert (row[2], tuple(ticked(row[3])), ticked(row[6])) == (described.label, paths, [described.success_code])
    assert (row[5] == "none") == (described.terminal == "")
    assert row[5] in ("none", f"`{described.terminal}`")
    (signing,) = [row for row in ROWS if ticked(row[0]) == [name] and len(row) == 5]
    assert all(signing)


@pytest.mark.parametrize("method", NEUTRAL)
def test_scope_and_names_of_a_method(method):
    (row,) = [row for row in ROWS if method in ticked(row[0])]
    scope = "verify" if method == "ehc.ehealthcode.verify" else METHODS[method].scope
    assert row[1] == (scope or "none")
    said = {words.methods[method] for words in WORDS.values() if method in words.methods}
    said |= {name for words in WORDS.values() for name, neutral in words.synonyms.items() if neutral == method}
    others = {
        name for m in ticked(row[0]) if m != method for words in WORDS.values() for name in [words.methods.get(m)]
    }
    assert set(ticked(row[2])) - others == said


@pytest.mark.parametrize("name", sorted(WORDS))
def test_what_is_filled_in(name):
    told = {
        cell for row in ROWS if ticked(row[0]) == [name] and len(row) == 3 for cell in re.findall(r"\d{4,6}", row[2])
    }
    filled = {v for fields in WORDS[name].filled.values() for v in fields.values() if len(v) > 2}
    assert filled <= told
    assert bool(told) == (bool(filled) or name == "primary-care")


def test_the_codes_of_refusal():
    for described in DIALECTS.values():
        if described.codes.failure:
            assert re.search(rf"`{described.name}`(?: says)? `{described.codes.failure}`", PAGE.replace("\n", " ")), (
                described
            )
