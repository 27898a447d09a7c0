"""The admin page in a real browser: signing in, every panel, both languages, and nothing from any other place."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

pytestmark = pytest.mark.parametrize("served", ["sqlite"], indirect=True, scope="module")

CHROMIUM = Path("/usr/bin/chromium")
FETCH_CHROMIUM = "apt-get update && apt-get install -y chromium fonts-noto-cjk"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def missing_chromium():
    """Install chromium where that is allowed; returns why there is none."""
    if CHROMIUM.exists():
        return None
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return f"chromium is not installed; as root: {FETCH_CHROMIUM}"
    done = subprocess.run(["sh", "-c", FETCH_CHROMIUM], capture_output=True, timeout=600, check=False)
    return None if done.returncode == 0 and CHROMIUM.exists() else f"chromium could not be installed: {FETCH_CHROMIUM}"


@pytest.fixture(scope="module")
def browser():
    """Debian's chromium; skipped by name where it is missing and cannot be installed."""
    if (missing := missing_chromium()) is not None:
        pytest.skip(missing)
    with sync_playwright() as session:
        chromium = session.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield chromium
        chromium.close()


KEEP_TILES = """() => {
  window.kept = [];
  const place = document.querySelector('#live-tiles');
  new MutationObserver(() => window.kept.push([...place.querySelectorAll('b')].map((it) => it.textContent)))
    .observe(place, { childList: true });
}"""


class Visit:
    """The page open in the browser; remembers what it complained about and whom it asked."""

    def __init__(self, tab, served):
        self.tab, self.served = tab, served
        self.complaints, self.asked = [], []
        tab.on("console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("request", lambda request: self.asked.append(request.url))
        tab.goto(served.credentials["url"] + "/admin")

    def sign_in(self, *tokens):
        for token in tokens:
            if self.tab.locator("#add-token").count():
                self.tab.click("#add-token")
            self.tab.fill("#token", token)
            self.tab.click("#token-form button[type=submit]")
            self.tab.wait_for_selector("#main:not([hidden])")

    def open(self, panel):
        self.tab.click(f"[data-tab={panel}]")
        self.tab.wait_for_selector(f"[data-panel={panel}]:not([hidden])")

    def text(self, selector):
        return self.tab.locator(selector).inner_text()


@pytest.fixture
def visit(browser, served):
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 860})
    visited = Visit(context.new_page(), served)
    yield visited
    context.close()
    assert visited.complaints == []
    assert all(url.startswith((served.credentials["url"], "data:")) for url in visited.asked)


@pytest.fixture
def tokens(served):
    told = served.credentials
    return {"admin": told["admin_token"], "auditor": told["auditor_token"], "officers": told["officer_tokens"]}


def test_a_token_that_is_not_known(browser, served):
    context = browser.new_context(locale="zh-CN")
    visited = Visit(context.new_page(), served)
    visited.tab.fill("#token", "wrong")
    visited.tab.click("#token-form button[type=submit]")
    visited.tab.wait_for_selector("#token-error:has-text('令牌无效。')")
    assert visited.tab.locator("#main").is_hidden()
    context.close()


def test_the_token_is_kept_nowhere(visit, tokens):
    visit.sign_in(tokens["admin"])
    kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, document.forms[0].token.value])"
    assert visit.tab.evaluate(kept) == '[{},{},"",""]'
    visit.tab.reload()
    visit.tab.wait_for_selector("#sign-in:not([hidden])")
    assert tokens["admin"] not in visit.tab.content()


def test_institutions_and_a_change_of_standing(visit, tokens):
    visit.sign_in(tokens["admin"])
    visit.tab.click("#new-institution")
    for name, value in {"org_code": "439900000077", "name": "合成<b>中心</b>医院", "prefecture": "430100"}.items():
        visit.tab.fill(f"#ask-institution [name={name}]", value)
    visit.tab.select_option("#ask-institution [name=level]", "2")
    visit.tab.select_option("#ask-institution [name=ownership]", "private")
    visit.tab.click("#ask-institution button[value=ok]")
    row = visit.tab.locator("tr[data-org='439900000077']")
    row.wait_for()
    assert row.inner_text().split("\t") == ["439900000077", "合成<b>中心</b>医院", "二级", "民营", "长沙市", "待审核"]
    visit.tab.click("#institution .head button:has-text('授权')")
    visit.tab.fill("#ask-reason [name=reason]", "合同已签")
    visit.tab.click("#ask-reason button[value=ok]")
    visit.tab.wait_for_selector("tr[data-org='439900000077'] .state.good")
    visit.tab.wait_for_selector("#institution .trace li:has-text('admin · 合同已签')")


def test_an_auditor_sees_and_changes_nothing(visit, tokens):
    visit.sign_in(tokens["auditor"])
    visit.tab.click("tr[data-org='439900000001']")
    visit.tab.wait_for_selector("#institution .app")
    assert visit.tab.locator("#institution button").count() == 0
    assert visit.tab.locator("#new-institution").is_hidden()
    assert "439900T01" in visit.text("#institution")


def test_keys_are_rotated_and_revoked_by_two(visit, tokens):
    visit.sign_in(tokens["admin"], *tokens["officers"])
    visit.open("keys")
    row = "#keys tr[data-purpose=national-link]"
    visit.tab.click(f"{row} button:has-text('轮换')")
    visit.tab.fill("#ask-grace [name=grace]", "120")
    visit.tab.click("#ask-grace button[value=ok]")
    visit.tab.wait_for_selector(f"{row}[data-version='2']")
    assert "宽限期" in visit.text(f"{row}[data-version='1']")
    visit.tab.click(f"{row}[data-version='1'] button:has-text('申请吊销')")
    visit.tab.click("#key-requests button:has-text('批准')")
    visit.tab.wait_for_selector("#key-requests .state.good")
    assert "officer-a" in visit.text("#key-requests")
    assert "officer-b" in visit.text("#key-requests")
    assert "已吊销" in visit.text(f"{row}[data-version='1']")


def tiles(visit):
    return visit.tab.locator("#live-tiles b").all_inner_texts()


def until_tiles_tell(visit, *figures):
    for place, figure in enumerate(figures, 1):
        visit.tab.wait_for_selector(f"#live-tiles .tile:nth-child({place}) b:text-is('{figure}')")


def test_verifications_appear_as_they_happen(visit, tokens, served):
    visit.sign_in(tokens["auditor"])
    visit.open("live")
    until_tiles_tell(visit, 0, 0, "–")
    caller = served.caller()
    card_id = caller.register(41)
    visit.tab.wait_for_selector("#live tbody tr")
    code = caller.dynamic(card_id)
    assert [caller.verify(code).code for _ in range(2)] == ["000", "406"]
    visit.tab.wait_for_selector("#live tbody tr:has-text('二维码已使用')")
    until_tiles_tell(visit, 4, 2, "50.0 %")
    told = visit.text("#live")
    assert card_id[:8] in told
    assert card_id not in visit.tab.content()
    assert visit.tab.locator("#live-tiles svg polyline").count() == 1


def test_what_is_counted_is_told_though_only_the_newest_are_shown(visit, tokens):
    entry = {"lane": "w0", "seq": 9, "at_ms": 0, "op": "ehc.ehealthcode.verify", "org_code": "o", "term_id": "t"}
    tick = {
        "operations": 3055,
        "verified": 2000,
        "accepted": 1900,
        "entries": [{**entry, "card": "", "outcome": "000"}],
    }
    events = {"content_type": "text/event-stream", "body": f"data: {json.dumps(tick)}\n\n" * 2}

    def told(route):
        route.fulfill(**events)

    visit.tab.route("**/api/v1/live", told)
    # The end of the stream would clear the tiles, so their texts are kept as they come.
    visit.tab.evaluate(KEEP_TILES)
    visit.sign_in(tokens["auditor"])
    visit.open("live")
    visit.tab.wait_for_function("window.kept.some((texts) => texts.join() === '6110,4000,95.0 %')")
    assert visit.tab.locator("#live tbody tr").count() == 2


def test_the_live_log_without_an_auditor_says_so_and_tells_no_figures(visit, tokens):
    visit.sign_in(tokens["admin"])
    visit.open("live")
    visit.tab.wait_for_selector("#error:has-text('auditor')")
    assert tiles(visit) == ["–", "–", "–"]
    visit.sign_in(tokens["auditor"])
    until_tiles_tell(visit, 0, 0, "–")
    assert visit.tab.locator("#error").is_hidden()


def test_one_more_token_does_not_end_the_watching(visit, tokens, served):
    visit.sign_in(tokens["auditor"])
    visit.open("live")
    until_tiles_tell(visit, 0, 0, "–")
    visit.sign_in(tokens["admin"])
    until_tiles_tell(visit, 0, 0, "–")
    served.caller().register(43)
    until_tiles_tell(visit, 1, 0, "–")


PLOTTED = (
    *(f"verifications_by_{what}" for what in ("step", "channel", "outcome", "institution")),
    *(f"use_by_{what}" for what in ("step", "channel", "scene")),
    "use_through_filed_terminals",
)


def test_statistics_are_drawn_with_their_definitions(visit, tokens, served):
    caller = served.caller()
    card_id = caller.register(42)
    assert caller.verify(caller.dynamic(card_id)).code == "000"
    told = {"seq_no": "1", "department_type": "内科", "channel_code": "0100", "scene": "0101082", "visit_no": "1"}
    at = time.strftime("%Y%m%d%H%M%S", time.gmtime(time.time() + 8 * 3600))
    assert caller.call("ehc.usage.report", {**told, "time": at, "ehealth_card_id": card_id}).code == "000"
    visit.sign_in(tokens["admin"])
    visit.open("statistics")
    visit.tab.wait_for_selector("[data-figure=issued_by_day] svg .bar")
    assert visit.tab.locator("#figures article").count() >= 8
    for figure in PLOTTED:
        assert visit.tab.locator(f"[data-figure={figure}] svg .bar").count(), figure
    assert "查看检验报告" in visit.tab.locator("[data-figure=use_by_scene] svg").text_content()
    visit.tab.click("[data-figure=issued_by_day] summary")
    assert "期间内新发的电子健康卡张数" in visit.text("[data-figure=issued_by_day]")
    visit.tab.fill("#period [name=to]", "2020-01-01")
    visit.tab.fill("#period [name=from]", "2020-01-01")
    visit.tab.click("#period button")
    visit.tab.wait_for_selector("[data-figure=issued_by_day] .empty")


def test_a_panel_without_its_token_says_so(visit, tokens):
    visit.sign_in(tokens["officers"][0])
    visit.tab.wait_for_selector("#error:not([hidden])")
    assert "admin / auditor" in visit.text("#error")
    visit.open("keys")
    visit.tab.wait_for_selector("#keys tbody tr")
    assert visit.tab.locator("#error").is_hidden()


def test_both_languages(visit, tokens):
    visit.sign_in(tokens["admin"])
    assert "机构与终端" in visit.text("nav")
    assert "Institutions" not in visit.text("nav")
    visit.tab.click("#language")
    assert "Institutions" in visit.text("nav")
    assert not re.search(r"[\u4e00-\u9fff]", visit.text("nav"))


def test_the_page_allows_no_other_script(served):
    answer = served.client().get("/admin")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*(src=\"/admin/|application/json))", answer.text)
    assert not re.search(r"\son\w+=|style=", answer.text)
    for part in re.findall(r"(?:src|href)=\"(/admin/[^\"]+)\"", answer.text):
        assert served.client().get(part).headers["x-content-type-options"] == "nosniff"
