"""The page in a real browser: the language switch, the folds, the pictures, and not one request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


class Visit:
    """A page opened from its file, with everything it asked for and complained of."""

    def __init__(self, page: Page, report: Path) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(report.as_uri())


@pytest.fixture
def visit(browser: Browser, told: Path) -> Iterator[Visit]:
    page = browser.new_page(viewport=WIDE)
    yield Visit(page, told / "report.html")
    page.close()


def test_nothing_is_requested_and_nothing_goes_wrong(visit: Visit) -> None:
    visit.page.click("#language")
    visit.page.wait_for_load_state("networkidle")
    asked = {url for url in visit.requests if not url.startswith("data:")}
    assert asked == {visit.page.url}
    assert visit.complaints == []


def test_the_switch_turns_every_text(visit: Visit) -> None:
    page = visit.page
    shown = page.locator(".masthead .overall-word")
    assert shown.inner_text().strip() == "不合格"
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.locator("svg.plot text.en:visible").count() == 0
    page.click("#language")
    assert shown.inner_text().strip() == "Fail"
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.title().startswith("Hunan e-health card test report")
    assert page.locator("svg.plot text.zh:visible").count() == 0
    assert page.locator("svg.plot text.en:visible").count() > 20
    assert page.locator("text=An emulated run certifies nothing").first.is_visible()
    page.click("#language")
    assert shown.inner_text().strip() == "不合格"
    page.reload()
    assert shown.inner_text().strip() == "不合格"


def test_without_script_it_is_chinese_and_complete(browser: Browser, told: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((told / "report.html").as_uri())
    assert page.locator(".masthead .overall-word").inner_text().strip() == "不合格"
    assert page.locator(".en:visible").count() == 0
    assert not page.locator("#language").is_visible()
    context.close()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["desk", "phone"])
@pytest.mark.parametrize("english", [False, True], ids=["zh", "en"])
def test_nothing_sticks_out_sideways(browser: Browser, told: Path, size, english: bool) -> None:
    page = browser.new_page(viewport=size)
    page.goto((told / "report.html").as_uri())
    if english:
        page.click("#language")
    page.evaluate("document.querySelectorAll('details.fold').forEach(fold => fold.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    outside = page.evaluate(
        """width => [...document.querySelectorAll('main table, main figure, main p, main h3')]
           .filter(e => e.getClientRects().length && e.getBoundingClientRect().right > width + 1)
           .map(e => e.outerHTML.slice(0, 80))""",
        size["width"],
    )
    assert outside == []
    page.close()


def test_a_link_opens_the_fold_it_leads_into(visit: Visit) -> None:
    page = visit.page
    target = page.locator("article#EHC-TRM-009")
    assert not target.is_visible()
    page.evaluate("location.hash = '#EHC-TRM-009'")
    target.wait_for(state="visible")


def test_a_picture_enlarges_and_escape_closes_it(visit: Visit) -> None:
    page = visit.page
    picture = page.locator("details.picture").first
    image = picture.locator("img")
    small = image.bounding_box()["width"]
    picture.locator("summary").click()
    assert image.bounding_box()["width"] > 2 * small
    page.keyboard.press("Escape")
    assert image.bounding_box()["width"] == small


def test_pictures_are_sound(visit: Visit) -> None:
    page = visit.page
    assert (
        page.evaluate("Promise.all([...document.images].map(i => i.decode())).then(() => document.images.length)") > 20
    )


def test_it_prints(visit: Visit) -> None:
    body = visit.page.pdf(prefer_css_page_size=True, print_background=True)
    assert body.startswith(b"%PDF-")
    assert 5 < body.count(b"/Type /Page\n") + body.count(b"/Type /Page ") + body.count(b"/Type /Page/") < 60


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const lum = c => {
    const [r, g, b] = c.slice(0, 3).map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = element => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const layer = rgb(getComputedStyle(e).backgroundColor);
      layers.push(layer);
      if (layer[3] === 255) break;
    }
    return layers.reverse().reduce((u, o) => u.map((v, i) => i < 3 ? o[i] * o[3] / 255 + v * (1 - o[3] / 255) : 255),
                                   [255, 255, 255, 255]);
  };
  const weak = new Set();
  for (const element of document.querySelectorAll('main *, .bar *, footer *')) {
    const text = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!text || !element.getClientRects().length || element.closest('svg, .dash')) continue;
    const style = getComputedStyle(element);
    const [a, b] = [lum(rgb(style.color)), lum(ground(element))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) weak.add(`${element.className || element.tagName} ${ratio.toFixed(2)}`);
  }
  return [...weak];
}"""


def test_text_stands_out_enough(visit: Visit) -> None:
    """WCAG 2.1 level AA, 1.4.3."""
    assert visit.page.evaluate(CONTRAST) == []
