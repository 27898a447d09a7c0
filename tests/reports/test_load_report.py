"""Load rows in the report of a run: lines and plots, INVALID at the top, plain words for a broken record."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from synthetic_load import LATE, Weather, minutes, write_load, write_run

from certification.catalogue import SubjectKind, load_catalogue
from loadtests.plan import KINDS, Stage, profiles
from loadtests.record import read_record
from reports import load_words, words
from reports.html_report import write_report
from reports.load_view import course_of, percentiles, row_loads

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROW = "EHC-PRF-001"
HOLD = (Stage("hold", 100, 100, 20),)
LOAD = load_catalogue().of(SubjectKind.LOAD)


def run_with(folder: Path, *loads: tuple[str, tuple[Stage, ...], Weather], invalid: bool = False) -> Path:
    for name, stages, weather in loads:
        write_load(folder / "load" / name, "province", stages, weather)
    return write_run(folder, minutes(ROW, "error_share", 0.0, 1), {ROW}, invalid)


def section(folder: Path) -> str:
    page = write_report(folder).read_text(encoding="utf-8").replace("\u202f", " ")
    return re.search(rf'<article class="requirement[^>]*id="{ROW}".*?</article>', page, re.DOTALL)[0]


def test_a_load_is_told_with_its_counts_its_percentiles_and_five_plots(tmp_path):
    weather = Weather(stall=10, errors={"timeout": 3, "wrong-person": 1}, wrong_persons=1)
    told = section(run_with(tmp_path, (ROW, HOLD, weather)))
    [loads] = [row_loads(tmp_path, ROW, [], [])]
    [line] = loads.main.lines
    assert line.totals.ok + line.refused + line.errors == line.totals.offered
    for number in (line.totals.offered, line.totals.ok, line.latency.p50, line.latency.p99):
        assert f"{number:,.0f}".replace(",", " ")[:4].strip() in told
    for text in ("hn-a · hn-b", "2 workers", "load/EHC-PRF-001", "xk-000417", "of a core", "at most 0.1 % allowed"):
        assert text in told, text
    assert told.count('<svg class="plot"') == 5
    assert "超时无应答" in told
    assert "Verification" in told


def test_without_refusals_and_errors_that_is_said_in_words(tmp_path):
    told = section(run_with(tmp_path, (ROW, HOLD, Weather(server=False))))
    assert "No refusal and no error: every answer was right." in told
    assert told.count('<svg class="plot"') == 4
    assert "o CPU and memory of the platform: it told none, or was not asked" in told


def test_requests_whose_outcome_is_not_on_record_are_told_and_spoil_the_good_word(tmp_path):
    run_with(tmp_path, (ROW, HOLD, Weather()))
    totals = tmp_path / "load" / ROW / "load.json"
    record = json.loads(totals.read_text())
    record["stages"][0]["ok"] -= 3
    totals.write_text(json.dumps(record))
    told = section(tmp_path)
    assert "whose outcome is not on record: 3." in told
    assert "every answer was right" not in told


def test_seconds_in_which_nothing_was_due_any_more_are_not_drawn(tmp_path):
    load = write_load(tmp_path / "load" / ROW, "province", HOLD, Weather())
    with (load / "seconds.csv").open("a") as seconds:
        seconds.write("20,hold,0,0,0,0,0,0,1,,,,0.4\n21,hold,0,0,0,0,0,0,0,,,,0.98\n")
    course = course_of(read_record(load))
    assert course.times[-1] == 20
    assert course.generator.max() < 0.9


def test_an_invalid_load_is_said_at_the_top_and_at_its_row(tmp_path):
    valid, invalid = tmp_path / "a", tmp_path / "b"
    for folder in (valid, invalid):
        folder.mkdir()
    run_with(invalid, (ROW, HOLD, Weather(invalid=(LATE,))), invalid=True)
    run_with(valid, (ROW, HOLD, Weather()))
    page, sound = ((write_report(folder)).read_text(encoding="utf-8") for folder in (invalid, valid))
    top = page[page.index("<main>") : page.index("<header")]
    assert LATE.zh in top
    assert LATE.en in top
    assert "INVALID" in top
    assert (
        "The load generator did not keep its plan" in page[page.index("overall-word") : page.index('class="summary"')]
    )
    told = section(invalid)
    assert "says nothing about the platform" in told
    assert "How much later than planned requests were sent" in told
    assert "limit p95 200" in told, "a row without a verdict of its own lost the limits it is drawn against"
    assert "How much later" not in section(valid)
    assert "INVALID" not in sound[sound.index("<main>") : sound.index("<header")]
    assert "says nothing about the platform" not in section(valid)


def test_the_longest_load_is_told_in_full_and_the_others_in_a_line_each(tmp_path):
    step = (Stage("step", 50, 50, 3),)
    folders = [(ROW, step, Weather()), (f"{ROW}-2", HOLD, Weather()), (f"{ROW}-10", step, Weather(invalid=(LATE,)))]
    told = section(run_with(tmp_path, *folders))
    loads = row_loads(tmp_path, ROW, [], [])
    assert loads.main.folder == f"load/{ROW}-2"
    assert [view.folder for view in loads.others] == [f"load/{ROW}", f"load/{ROW}-10"]
    assert [reason.en for reason in loads.invalid] == [LATE.en]
    assert "Other loads made for this requirement (2)" in told
    assert told.count('<svg class="plot"') == 4
    assert row_loads(tmp_path, "EHC-PRF-00", [], []) is None


def test_two_loads_of_one_length_are_both_told_in_full(tmp_path):
    weathers = (Weather(), Weather(stall=3, errors={"reset": 2}))
    names = (ROW, f"{ROW}-2")
    told = section(run_with(tmp_path, *((name, HOLD, weather) for name, weather in zip(names, weathers, strict=True))))
    assert told.count('<svg class="plot"') == 4 + 5
    assert "Another load of this requirement" in told
    assert "连接被复位" in told
    assert "Other loads made" not in told


def test_loads_by_the_dozen_are_folded_away(tmp_path):
    step = (Stage("step", 20, 20, 1),)
    names = [ROW, *(f"{ROW}-{number}" for number in range(2, 12))]
    told = section(run_with(tmp_path, *((name, step, Weather()) for name in names)))
    fold = told[told.index('<details class="fold">') : told.index("</details>")]
    assert fold.count("<code>load/") == 10
    assert "Another load" not in told
    assert "Other loads made for this requirement (10)" in fold


def cut(name: str, keep: float):
    def spoil(load: Path) -> None:
        body = (load / name).read_bytes()
        (load / name).write_bytes(body[: int(keep * len(body))])

    return spoil


BROKEN = {
    "no totals": lambda load: (load / "load.json").unlink(),
    "totals cut": cut("load.json", 0.5),
    "totals of something else": lambda load: (load / "load.json").write_text('{"plan": 3}'),
    "seconds cut": cut("seconds.csv", 0.53),
    "no seconds": lambda load: (load / "seconds.csv").unlink(),
    "latencies cut": cut("latency.hlog", 0.53),
    "latencies of something else": lambda load: (load / "latency.hlog").write_text(
        "Tag=hold/verification,1,1,1,QUJD\n"
    ),
    "no latencies": lambda load: (load / "latency.hlog").unlink(),
    "empty folder": lambda load: [file.unlink() for file in load.iterdir()],
}


@pytest.mark.parametrize("spoil", BROKEN.values(), ids=BROKEN.keys())
def test_a_record_that_is_cut_short_or_missing_gives_a_sentence(tmp_path, spoil):
    run_with(tmp_path, (ROW, (Stage("hold", 50, 50, 4),), Weather()))
    spoil(tmp_path / "load" / ROW)
    told = section(tmp_path)
    assert "there is no load.json" in told or "the record is cut short or cannot be read" in told
    assert "图表从略" in told


@pytest.mark.parametrize("text", ["", "t,cpu,resident_bytes\n", "nonsense\n1\n", "t,cpu,resident_bytes\n0,,\n1,0"])
def test_figures_of_the_server_may_be_missing_or_nonsense(tmp_path, text):
    run_with(tmp_path, (ROW, (Stage("hold", 50, 50, 4),), Weather()))
    (tmp_path / "load" / ROW / "server.csv").write_text(text)
    told = section(tmp_path)
    assert told.count('<svg class="plot"') == 4
    assert ("it told none" in told) == ("1,0" not in text)


def test_the_files_of_a_load_are_evidence_with_their_hashes(tmp_path):
    page = write_report(run_with(tmp_path, (ROW, HOLD, Weather()))).read_text(encoding="utf-8")
    for name in ("load.json", "seconds.csv", "latency.hlog", "send_delay.hlog", "server.csv"):
        assert f'href="load/{ROW}/{name}"' in page


@pytest.mark.parametrize("requirement", LOAD, ids=lambda requirement: requirement.id)
def test_what_a_load_is_judged_by_is_translated(requirement):
    for clause in requirement.criterion:
        assert clause.measure in words.MEASURES, clause.measure
        assert set(clause.where) | set(clause.per) <= set(words.CELL_KEYS)


def test_every_stage_of_a_profile_and_every_kind_of_request_is_translated():
    named = {stage.name for profile in profiles().values() for stage in profile.stages}
    assert named <= set(load_words.STAGES)
    assert set(KINDS) == set(load_words.KINDS)


def test_percentiles_are_those_of_the_values():
    found = percentiles([(1.0, 50), (2.0, 45), (3.0, 4), (9.0, 1)])
    assert (found.count, found.p50, found.p95, found.p99, found.p999) == (100, 1.0, 2.0, 3.0, 9.0)
    assert percentiles([]) is None


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out_sideways(browser: Browser, tmp_path, width: int):
    stages = (Stage("base", 20, 20, 5), Stage("ramp", 20, 90, 5), Stage("hold", 90, 90, 10), Stage("after", 20, 20, 5))
    run_with(tmp_path, (ROW, stages, Weather(capacity=60, stall=12, errors={"reset": 2}, invalid=(LATE,))))
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(write_report(tmp_path).as_uri())
    for english in (False, True):
        if english:
            page.click("#language")
        page.evaluate("document.querySelectorAll('details.fold').forEach(fold => fold.open = true)")
        outside = page.evaluate(
            """width => [...document.querySelectorAll('main table, main td, main figure, main li, svg.plot text')]
               .filter(e => e.getClientRects().length && e.getBoundingClientRect().right > width + 1)
               .map(e => e.outerHTML.slice(0, 80))""",
            width,
        )
        assert outside == []
    page.close()
