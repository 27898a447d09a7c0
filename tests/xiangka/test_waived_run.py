"""One run with a failing row, a sound one and four waivers: what is told of them, also to Allure; nothing in clear."""

import json
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from shell import RunFolder, Shell
from waiver_writing import OTHERS, TODAY, sign, written

from evidence.clear_text import scan
from rigs.disk import NoRoomError
from rigs.errors import InvalidLoadError, OperatorDeclinedError, RigError, SubjectFaultError
from steps.criterion import NonconformityError, UndecidedError
from steps.sentences import is_chinese
from xiangka.cli import main
from xiangka.scenarios import FEATURES

FAILING, SOUND = "EHC-TRM-003", "EHC-TRM-001"
DEFECT = "drops-record-numbers"
ALLURE = "allure@3.18.0"


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """The run, ended, and its folder."""
    place = tmp_path_factory.mktemp("waived")
    keys, shell = place / "keys", Shell(place)
    assert main(["keys", "specimen", str(keys)]) == 0
    applied = written(place, "W-1", row=FAILING)
    expired = written(place, "W-2", row=FAILING, expires=TODAY - timedelta(days=1))
    unsigned, elsewhere = written(place, "W-3", row=FAILING), written(place, "W-4", row=FAILING, subject=OTHERS)
    for path in (applied, elsewhere):
        assert sign(path, keys) == 0
    (place / "W-2.toml.sig").write_bytes((place / "W-1.toml.sig").read_bytes())
    waivers = ["--waivers", applied, expired, unsigned, elsewhere, "--centre", keys / "centre.pem"]
    said = shell.run("certify", "--only", FAILING, SOUND, "--defect", DEFECT, "--out", "run", *waivers)
    yield said, RunFolder(shell.folder / "run")
    shell.close()


@pytest.fixture(scope="module")
def results(ended):
    files = (ended[1].folder / "allure-results").glob("*-result.json")
    told = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return {one["name"].split()[0]: one for one in told}


def test_run_fails_by_its_word_and_passes_under_its_waivers(ended):
    said, run = ended
    assert said.exit_code == 0, said.said
    assert "FAIL W-1" in said.said
    assert "with waivers: PASS" in said.said
    assert f"W-3 ({FAILING}) does not apply: there is no signature beside it" in said.said
    assert (run.run["overall"], run.run["overall_with_waivers"], run.document["overall"]) == ("FAIL", "PASS", "FAIL")
    assert run.verdicts[FAILING] == "FAIL"
    assert {one["id"]: one["state"] for one in run.run["waivers"]} == {
        "W-1": "applied",
        "W-2": "unsigned",
        "W-3": "unsigned",
        "W-4": "out_of_scope",
    }


def test_waivers_are_kept_with_their_signatures_and_told_in_the_report(ended):
    folder = ended[1].folder
    names = ["W-1.toml", "W-1.toml.sig", "W-2.toml", "W-2.toml.sig", "W-3.toml", "W-4.toml", "W-4.toml.sig"]
    assert sorted(file.name for file in (folder / "waivers").iterdir()) == [*names, "centre.pem"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "W-1" in page
    assert "待新版本" in page
    listed = {
        file["name"]: file["publication"] for file in json.loads((folder / "manifest.json").read_bytes())["files"]
    }
    assert listed["waivers/W-1.toml.sig"] == "whole"


def test_allure_has_every_step_in_both_languages_and_pictures_inside_theirs(results):
    assert (results[FAILING]["status"], results[SOUND]["status"]) == ("failed", "passed")
    for one in results.values():
        assert one["steps"]
        assert "attachments" not in one
        for step in one["steps"]:
            zh, en = step["name"].split(" · ")
            assert is_chinese(zh)
            assert not is_chinese(en)
    (shown,) = [step for step in results[FAILING]["steps"] if "attachments" in step]
    assert "When the terminal is shown codes" in shown["name"]
    assert {one["type"] for one in shown["attachments"]} == {"image/png"}


def test_allure_links_each_row_to_its_place_in_the_report(ended, results):
    page = (ended[1].folder / "report.html").read_text(encoding="utf-8")
    for requirement, one in results.items():
        (link,) = one["links"]
        assert link["url"] == f"../run/report.html#{requirement}"
        assert f'id="{requirement}"' in page


def test_allure_tells_nothing_of_the_machine(results):
    for one in results.values():
        assert one["description"].startswith("features/terminal/")
        assert "host" not in {label["name"] for label in one["labels"]}
    assert results[FAILING]["statusDetails"]["trace"]
    assert str(FEATURES.parent) not in json.dumps(results)


def test_allure_knows_its_surroundings_and_no_executor(ended):
    folder = ended[1].folder / "allure-results"
    told = (folder / "environment.properties").read_text(encoding="utf-8")
    assert f"运行\\ run={ended[1].run['run']}\n" in told
    assert f"缺陷\\ defect={DEFECT}\n" in told
    assert not (folder / "executor.json").exists()


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (NonconformityError("EHC-TRM-001: …"), "failed", "样品不合格"),
        (SubjectFaultError("silent", where="scanner"), "broken", "样品不合格"),
        (UndecidedError("EHC-TRM-001: too few"), "failed", "样本未能判定"),
        (RigError("cut", where="port", remedy="mend it"), "broken", "测试台故障 · RIG_ERROR"),
        (InvalidLoadError("慢", "slow", where="load"), "broken", "测试台故障 · RIG_ERROR"),
        (NoRoomError(OSError(28, "full"), Path("journal.jsonl")), "broken", "测试台故障 · RIG_ERROR"),
        (OperatorDeclinedError("未做", "declined"), "skipped", "未评定"),
        (AssertionError("a bug that speaks of a RigError"), "failed", "测试软件自身出错"),
        (KeyError("a bug"), "broken", "测试软件自身出错"),
    ],
)
def test_allure_blames_each_failure_on_one_kind_alone(error, status, kind, ended):
    kinds = json.loads((ended[1].folder / "allure-results" / "categories.json").read_text(encoding="utf-8"))
    message = f"{type(error).__module__}.{type(error).__qualname__}: {error}".removeprefix("builtins.")
    found = [
        one["name"]
        for one in kinds
        if status in one.get("matchedStatuses", [status]) and re.search(one["messageRegex"], message, re.DOTALL)
    ]
    assert len(found) == 1
    assert found[0].startswith(kind)


def test_nothing_of_the_run_stands_in_clear_and_what_is_planted_is_found(ended):
    folder = ended[1].folder
    assert scan(folder) == ()
    planted = folder.parent / "planted"
    shutil.copytree(folder, planted)
    number = b"43990019900307707X"
    told = next(file for file in planted.glob("*/*-result.json") if FAILING in file.read_text(encoding="utf-8"))
    places = [told, planted / "report.html", planted / "junit.xml"]
    for file in places:
        file.write_bytes(file.read_bytes().replace(FAILING.encode(), number, 1))
    found = {(one.file, one.kind) for one in scan(planted)}
    assert found == {(file.relative_to(planted).as_posix(), "identity number") for file in places}


@pytest.mark.nightly
def test_page_made_by_the_npm_package_asks_no_network(ended, tmp_path):
    if (npx := shutil.which("npx")) is None:
        pytest.skip("needs npx, of Node.js")
    api = pytest.importorskip("playwright.sync_api")
    folder = tmp_path / "run"
    shutil.copytree(ended[1].folder, folder)
    before = set(folder.rglob("*"))
    subprocess.run([npx, "--yes", ALLURE, "generate"], cwd=folder, check=True, capture_output=True, timeout=300)
    assert set(folder.rglob("*")) == before
    page_file = Path(f"{folder}-allure") / "index.html"
    assert scan(page_file) == ()
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context(offline=True)
        page, requests, complaints = context.new_page(), [], []
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{page_file.as_uri()}#behaviors")
        page.get_by_text("A terminal reads health").first.click()
        page.get_by_text(FAILING).first.click()
        page.get_by_text("When the terminal is shown codes").first.click()
        link = page.locator("a[href*='report.html']").first.get_attribute("href")
        assert link == f"../run/report.html#{FAILING}"
        assert page.get_by_text("static with record number").first.is_visible()
        page.goto(f"{page_file.as_uri()}#categories")
        page.get_by_text("the subject does not conform").first.wait_for()
        page.wait_for_load_state("networkidle")
        browser.close()
    assert {url.split("#")[0] for url in requests if not url.startswith("data:")} == {page_file.as_uri()}
    assert complaints == []
