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

from reference_impl.wire.envelope import Credentials
from reference_impl.wire.sm2 import Signer

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


def institution(served, org_code):
    """Make one more institution over the API; gives what asks the API as the administrator."""
    client = served.client()
    client.headers["Authorization"] = f"Bearer {served.credentials['admin_token']}"

    def post(path, body):
        answer = client.post(f"/api/v1{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    kind = {"level": "2", "kind": "hospital", "ownership": "public", "prefecture": "439900"}
    post("/institutions", {"org_code": org_code, "name": f"合成医院{org_code[-2:]}", **kind})
    post(f"/institutions/{org_code}/state", {"state": "authorised", "reason": "合同已签"})
    return post


def fill(visit, dialog, **fields):
    for name, value in fields.items():
        visit.tab.fill(f"#{dialog} [name={name}]", value)


def confirm(visit, dialog):
    visit.tab.click(f"#{dialog} button[value=ok]")
    visit.tab.wait_for_selector(f"#{dialog}", state="hidden")


def authorise(visit, place):
    visit.tab.click(f"{place} button:has-text('授权')")
    fill(visit, "ask-reason", reason="合同已签")
    confirm(visit, "ask-reason")
    visit.tab.wait_for_selector(f"{place} .state.good")


def test_an_application_and_its_terminal_are_enrolled_and_then_serve(visit, tokens, served):
    institution(served, "439900000081")
    visit.sign_in(tokens["admin"])
    visit.tab.click("tr[data-org='439900000081']")
    visit.tab.click("#institution .head.apps button:has-text('登记应用')")
    fill(visit, "ask-application", name="门诊系统")
    visit.tab.select_option("#ask-application [name=dialect]", "hn-a")
    for scope in ("verify", "query"):
        visit.tab.check(f"#ask-application [value={scope}]")
    confirm(visit, "ask-application")
    visit.tab.wait_for_selector("#show-secret[open]")
    visit.tab.keyboard.press("Escape")
    assert visit.tab.locator("#show-secret").is_visible()
    app_id, secret = visit.tab.input_value("#secret-app"), visit.tab.input_value("#secret-value")
    assert len(secret) > 20
    confirm(visit, "show-secret")
    app = f"[data-app={app_id}]"
    visit.tab.wait_for_selector(app)
    values = "JSON.stringify([...document.querySelectorAll('input')].map((it) => it.value))"
    assert secret not in visit.tab.evaluate(values) + visit.tab.content()
    assert "验码 · 查询" in visit.text(f"{app} .facts")
    authorise(visit, f"{app} > .head")

    visit.tab.click(f"{app} .enrol")
    fill(visit, "ask-terminal", term_id="439900T81", serial="SYN-81", filing_number="湘卡备-2019-001")
    visit.tab.select_option("#ask-terminal [name=terminal_type]", "02")
    confirm(visit, "ask-terminal")
    row = f"{app} tr[data-terminal='439900T81']"
    visit.tab.wait_for_selector(row)
    told = visit.text(row).split("\t")
    assert told[:5] == ["439900T81", "自助", "SYN-81", "湘卡备-2019-001", "待审核"]
    authorise(visit, row)

    first, window = served.caller(), served.caller()
    code = first.dynamic(first.register(44))
    window.credentials = Credentials(app_id=app_id, app_secret=secret, term_id="439900T81")
    assert window.verify(code).code == "000"
    assert window.call("ehc.ehealthcard.register", {}).code == "111"


def test_a_signing_application_gives_its_key(visit, tokens, served):
    institution(served, "439900000082")
    visit.sign_in(tokens["admin"])
    visit.tab.click("tr[data-org='439900000082']")
    visit.tab.click("#institution .head.apps .enrol")
    assert visit.tab.locator("#application-key").is_hidden()
    fill(visit, "ask-application", name="签名系统")
    visit.tab.select_option("#ask-application [name=dialect]", "hn-s")
    public_key = Signer(bytes(31) + b"\1").public.hex()
    fill(visit, "ask-application", public_key=public_key)
    confirm(visit, "ask-application")
    visit.tab.wait_for_selector("#show-secret[open]")
    confirm(visit, "show-secret")
    visit.tab.wait_for_selector("#institution .app .facts:has-text('hn-s')")
    # Without ticks it has what its institution's kind is given.
    assert "申领与变更" in visit.text("#institution .app .facts")
    assert "登记机构" not in visit.text("#institution .app .facts")


def test_enrolling_takes_no_mouse(visit, tokens, served):
    institution(served, "439900000083")
    visit.sign_in(tokens["admin"])
    keyboard = visit.tab.keyboard
    visit.tab.focus("tr[data-org='439900000083'] button")
    keyboard.press("Enter")
    visit.tab.wait_for_selector("#institution .head.apps .enrol")
    visit.tab.focus("#institution .head.apps .enrol")
    keyboard.press("Enter")
    keyboard.type("key-only")
    for key in ("Tab", "Tab", "Space", "Enter"):
        keyboard.press(key)
    visit.tab.wait_for_selector("#show-secret[open]")
    app_id = visit.tab.input_value("#secret-app")
    for key in ("Tab", "Enter"):
        keyboard.press(key)
    visit.tab.wait_for_selector(f"[data-app={app_id}] .enrol:focus")
    assert "申领与变更" in visit.text(f"[data-app={app_id}] .facts")
    keyboard.press("Enter")
    visit.tab.wait_for_selector("#ask-terminal[open]")
    keyboard.type("439900T83")
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.type("SYN-83")
    keyboard.press("Tab")
    keyboard.type("none")
    keyboard.press("Enter")
    visit.tab.wait_for_selector(f"[data-app={app_id}] tr[data-terminal='439900T83']")
    visit.tab.wait_for_selector(f"[data-app={app_id}] .enrol:focus")


def test_what_was_refused_is_told_in_the_dialog_and_what_was_written_stays(visit, tokens, served):
    post = institution(served, "439900000084")
    app_id = post("/institutions/439900000084/apps", {"name": "app"})["app_id"]
    visit.sign_in(tokens["admin"])
    visit.tab.click("tr[data-org='439900000084']")
    visit.tab.click(f"[data-app={app_id}] .enrol")
    fill(visit, "ask-terminal", term_id="not valid", serial="SYN-439900T01", filing_number="无")
    visit.tab.click("#ask-terminal button[value=ok]")
    assert visit.tab.locator("#ask-terminal [name=term_id]:invalid").count() == 1
    fill(visit, "ask-terminal", term_id="439900T84")
    visit.tab.click("#ask-terminal button[value=ok]")
    visit.tab.wait_for_selector("#ask-terminal .error:has-text('序列号')")
    assert visit.tab.input_value("#ask-terminal [name=term_id]") == "439900T84"
    fill(visit, "ask-terminal", serial="SYN-84")
    confirm(visit, "ask-terminal")
    visit.tab.wait_for_selector("tr[data-terminal='439900T84']")
    visit.tab.click(f"[data-app={app_id}] .enrol")
    assert visit.text("#ask-terminal .error") == ""
    assert visit.tab.input_value("#ask-terminal [name=term_id]") == ""
    # The browser itself writes down that an answer had the status 409.
    assert [said for said in visit.complaints if "409" not in said] == []
    visit.complaints.clear()


def test_many_applications_and_terminals_come_page_by_page(visit, tokens, served):
    post = institution(served, "439900000085")
    made = [post("/institutions/439900000085/apps", {"name": f"app-{number}"})["app_id"] for number in range(21)]
    last = max(made)
    for number in range(51):
        device = {"term_id": f"T{number:03d}", "terminal_type": "01", "serial": f"SYN-85-{number}"}
        post(f"/apps/{last}/terminals", {**device, "filing_number": "none"})
    visit.sign_in(tokens["admin"])
    visit.tab.click("tr[data-org='439900000085']")
    apps, rows = visit.tab.locator("#institution .app"), visit.tab.locator(f"[data-app={last}] tbody tr")
    visit.tab.click("#institution > div > .more")
    visit.tab.wait_for_selector(f"[data-app={last}]")
    assert apps.count() == 21
    assert rows.count() == 50
    visit.tab.click(f"[data-app={last}] .more")
    visit.tab.wait_for_selector(f"[data-app={last}] tr[data-terminal=T050]")
    assert rows.count() == 51
    assert visit.tab.locator("#institution .more:visible").count() == 0

    visit.tab.click(f"[data-app={last}] .enrol")
    fill(visit, "ask-terminal", term_id="T999", serial="SYN-85-999", filing_number="none")
    confirm(visit, "ask-terminal")
    visit.tab.wait_for_selector(f"[data-app={last}] tr[data-terminal=T999]")


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
    visit.tab.wait_for_selector("#live tbody tr:nth-child(2)")
    assert ["6110", "4000", "95.0 %"] in visit.tab.evaluate("window.kept")


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


def test_dialogs_speak_both_languages(visit, tokens):
    visit.sign_in(tokens["admin"])
    visit.tab.click("tr[data-org='439900000001']")
    for chinese in (True, False):
        for button, dialog in ((".head.apps .enrol", "ask-application"), (".app .enrol", "ask-terminal")):
            visit.tab.locator(f"#institution {button}").first.click()
            said = re.sub("合成测试应用|湘卡合成测试医院", "", visit.text(f"#{dialog}"))
            assert bool(re.search(r"[\u4e00-\u9fff]", said)) is chinese, dialog
            visit.tab.click(f"#{dialog} button[formnovalidate]")
        visit.tab.click("#language")


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
