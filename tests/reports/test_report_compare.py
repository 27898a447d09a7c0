"""``xiangka report compare``: an upgrade that broke something is found, in words, as JSON and on a page."""

import json
import shutil

import pytest
from synthetic_run import Story, write_run

from xiangka.cli import main
from xiangka.judging_again import judged_again

LATENCY, COLOURS = "EHC-TRM-015", "EHC-TRM-007"


def records(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def rewrite(folder, lines):
    """A run with these observations, judged."""
    lines = list(lines)
    file = folder / "observations.jsonl"
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    (folder / "verdicts.json").write_text(judged_again(folder).text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """A run in which everything that was measured is met. Not to be changed."""
    story = Story(pictures=False, short=False, failing=False, breaking=False)
    folder = write_run(tmp_path_factory.mktemp("old"), story)
    kept = (one for one in records(folder / "observations.jsonl") if one["requirement"] in (LATENCY, COLOURS))
    return rewrite(folder, kept)


@pytest.fixture
def new(old, tmp_path):
    """The same run once more, to be changed."""
    folder = shutil.copytree(old, tmp_path / "new")
    record = json.loads((folder / "run.json").read_text())
    record["subject"]["identity"]["firmware"] = record["identity_read"]["firmware"] = "V1.24"
    record["bench"]["settings"]["scanner"]["baud"] = 9600
    record["started"] = "2026-11-25T09:00:00+08:00"
    (folder / "run.json").write_text(json.dumps(record, ensure_ascii=False))
    return folder


def slower(folder, factor):
    return rewrite(
        folder,
        [
            one | {"value": one["value"] * factor, "uncertainty": 1.0} if one["measure"] == "latency" else one
            for one in records(folder / "observations.jsonl")
        ],
    )


def compare(old, new, capsys, *arguments):
    code = main(["report", "compare", str(old), str(new), "--json", *map(str, arguments)])
    return code, json.loads(capsys.readouterr().out)


def test_nothing_changed_but_the_firmware(old, new, capsys):
    code, found = compare(old, new, capsys)
    assert (code, found["outcome"], found["rows"]) == (0, "no regression", [])
    told = {(one["group"], one["name"]): (one["before"], one["now"]) for one in found["differences"]}
    assert told == {
        ("identity", "firmware"): ("V1.23", "V1.24"),
        ("identity", "read.firmware"): ("V1.23", "V1.24"),
        ("bench", "scanner.baud"): ("115200", "9600"),
    }


def test_a_row_that_fails_after_the_upgrade_is_a_regression(old, new, capsys):
    failing = [
        one | {"value": "no_read"} if one["requirement"] == COLOURS and one["cell"]["colour"] == "#E02020" else one
        for one in records(new / "observations.jsonl")
    ]
    rewrite(new, failing)
    code, found = compare(old, new, capsys)
    assert (code, found["outcome"]) == (1, "regression")
    assert [(row["requirement"], row["before"], row["now"]) for row in found["rows"]] == [(COLOURS, "PASS", "FAIL")]
    worse = [one for one in found["measures"] if one["standing"] == "worse"]
    assert {one["cell"]["colour"] for one in worse} == {"#E02020"}
    code, found = compare(new, old, capsys)
    assert (code, [row["change"] for row in found["rows"]]) == (0, ["fixed"])
    assert any("began after" in one["en"] for one in found["remarks"])


@pytest.mark.parametrize(("factor", "code"), [(1.05, 0), (1.9, 1)])
def test_a_time_far_within_its_limit_may_still_be_worse(old, new, capsys, factor, code):
    slower(new, factor)
    ended, found = compare(old, new, capsys)
    assert (ended, found["rows"]) == (code, [])
    [latency] = [one for one in found["measures"] if one["kind"] == "p95"]
    assert latency["increase"] == pytest.approx(factor - 1)
    assert latency["low"] < latency["increase"] < latency["high"]


def test_a_row_left_out_of_the_new_run_is_undecided(old, new, capsys):
    record = json.loads((new / "run.json").read_text())
    del record["durations"][COLOURS]
    (new / "run.json").write_text(json.dumps(record))
    rewrite(new, [one for one in records(new / "observations.jsonl") if one["requirement"] != COLOURS])
    code, found = compare(old, new, capsys)
    assert (code, [row["change"] for row in found["rows"]]) == (2, ["no longer decided"])


def test_a_changed_limit_is_not_taken_for_a_change_of_the_subject(old, new, capsys):
    file = new / "catalogue.json"
    document = json.loads(file.read_text())
    [row] = [row for row in document["requirements"] if row["id"] == LATENCY]
    row["criterion"][0]["at_most"] = 50
    document["version"] = "2027.1"
    file.write_text(json.dumps(document))
    rewrite(new, records(new / "observations.jsonl"))
    assert {row.requirement: row.verdict for row in judged_again(new).rows}[LATENCY] == "FAIL"
    code, found = compare(old, new, capsys)
    assert (code, found["rows"]) == (0, [])
    assert any("different catalogues" in one["en"] for one in found["remarks"])
    assert ("catalogue", "version") in {(one["group"], one["name"]) for one in found["differences"]}


def test_a_report_that_was_bent_is_not_believed(old, new, capsys):
    rewrite(
        new,
        [
            one | {"value": "no_read"} if one["measure"] == "read" else one
            for one in records(new / "observations.jsonl")
        ],
    )
    shutil.copy(old / "verdicts.json", new / "verdicts.json")
    code, found = compare(old, new, capsys)
    assert code == 1
    assert any("does not follow from its evidence" in one["en"] for one in found["remarks"])


def test_a_run_that_does_not_count_decides_nothing(old, new, capsys):
    record = json.loads((new / "run.json").read_text())
    record["befell"]["invalid"] = True
    (new / "run.json").write_text(json.dumps(record))
    rewrite(new, records(new / "observations.jsonl"))
    assert compare(old, new, capsys)[0] == 2


def test_runs_of_two_kinds_are_not_compared(old, new, capsys):
    record = json.loads((new / "run.json").read_text())
    record["subject"]["kind"] = "platform"
    (new / "run.json").write_text(json.dumps(record))
    assert main(["report", "compare", str(old), str(new)]) == 4
    assert "compare runs of one kind" in capsys.readouterr().err


def test_the_console_tells_it_in_the_language_asked_for(old, new, capsys):
    slower(new, 1.9)
    assert main(["report", "compare", str(old), str(new), "--lang", "zh"]) == 1
    said = capsys.readouterr().out
    assert "有退化：测量值变差 1 项" in said
    assert "regression" not in said
    assert main(["report", "compare", str(old), str(new), "--lang", "en"]) == 1
    assert "regression" in capsys.readouterr().out


def test_a_page_that_cannot_be_written_is_told(old, new, tmp_path, capsys):
    assert main(["report", "compare", str(old), str(new), "--html", str(tmp_path / "no" / "page.html")]) == 4
    assert "cannot be written" in capsys.readouterr().err


def test_the_page_asks_nothing_of_any_network_and_begins_in_chinese(old, new, tmp_path, browser, capsys):
    slower(new, 1.9)
    record = json.loads((new / "run.json").read_text())
    record["subject"]["identity"]["serial"] = "<b>439900199001011238</b>"
    (new / "run.json").write_text(json.dumps(record))
    page = tmp_path / "page.html"
    assert main(["report", "compare", str(old), str(new), "--html", str(page)]) == 1
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    opened, asked = context.new_page(), []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(page.as_uri())
    shown = opened.inner_text("body")
    assert "有退化" in shown
    assert "Before and after an upgrade" not in shown
    assert "439900199001011238" not in page.read_text(encoding="utf-8")
    assert opened.query_selector("td b") is None
    opened.click("button")
    assert "Before and after an upgrade" in opened.inner_text("body")
    assert "有退化" not in opened.inner_text("body")
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert asked == [page.as_uri()]
    context.close()
