"""The page as a document: whole, self-contained, and saying what the verdicts say."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from synthetic_run import RUN

from reports.html_report import write_report

VOID = {"meta", "img", "br", "link", "input", "hr", "use", "path", "circle", "wbr", "rect", "line"}


class Document(HTMLParser):
    """Collects what a browser would: ids, links, sources; fails on tags that do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.tags: Counter[str] = Counter()
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag not in VOID:
            self._open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name == "href":
                self.links.append(value or "")
            elif name in ("src", "srcset", "poster", "action", "data"):
                self.sources.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1] == tag, f"</{tag}> closes <{self._open[-1]}>"
        self._open.pop()


@pytest.fixture(scope="session")
def document(page_text: str) -> Document:
    return Document(page_text)


def test_the_page_parses_and_its_ids_are_unique(document: Document) -> None:
    assert document.tags["html"] == document.tags["body"] == document.tags["h1"] == 1
    assert [name for name, count in Counter(document.ids).items() if count > 1] == []


def test_every_link_within_the_page_leads_somewhere(document: Document) -> None:
    targets = {link[1:] for link in document.links if link.startswith("#")}
    assert targets - set(document.ids) == set()


def test_nothing_is_fetched_from_anywhere(document: Document, page_text: str) -> None:
    assert all(source.startswith(("data:image/png;base64,", "data:image/jpeg;base64,")) for source in document.sources)
    beside = {link for link in document.links if not link.startswith("#")}
    photographs = {"subject/photograph-1.png", "subject/photograph-2.jpg"}
    assert beside == {"verdicts.json", "observations.jsonl", "journal.jsonl"} | photographs
    assert "http://" not in page_text
    assert "https://" not in page_text
    assert "@import" not in page_text
    assert "url(" not in re.sub(r'clip-path="url\(#[^)]*\)"', "", page_text)
    assert "default-src 'none'" in page_text


def test_size_is_sane(told: Path) -> None:
    assert 100_000 < (told / "report.html").stat().st_size < 6_000_000


def test_every_plot_is_small_and_bilingual(page_text: str) -> None:
    plots = re.findall(r'<svg class="plot".*?</svg>', page_text, re.DOTALL)
    assert len(plots) >= 10
    assert sum('<text class="zh"' in plot for plot in plots) >= len(plots) - 1  # the polar plot has numbers only
    for plot in plots:
        assert len(plot) < 60_000
        assert plot.count('<text class="zh"') == plot.count('<text class="en"')
        assert 'aria-label="' in plot
        assert "<style" not in plot
        assert not re.search(r"@\d+@", plot)


def test_the_header_says_verdict_subject_and_that_it_certifies_nothing(page_text: str) -> None:
    top = page_text[page_text.index("<main>") : page_text.index('<section id="verdicts">')]
    assert "模拟设备运行，不构成任何认证" in top
    assert "An emulated run certifies nothing" in top
    assert "不合格" in top
    assert "XJ-Q30" in top
    assert "2026 年 11 月 23 日" in top


def test_every_row_stands_in_the_table_with_its_word(told: Path, page_text: str) -> None:
    words = {"PASS": "合格", "FAIL": "不合格", "INCONCLUSIVE": "无法判定", "NOT_APPLICABLE": "不适用",
             "NOT_ASSESSED": "未评定", "RIG_ERROR": "试验台故障"}  # fmt: skip
    rows = json.loads((told / "verdicts.json").read_text(encoding="utf-8"))["verdicts"]
    assert {row["verdict"] for row in rows} == set(words)
    for row in rows:
        start = page_text.index(f'<a href="#{row["requirement"]}"><code>', page_text.index('<section id="verdicts">'))
        line = page_text[start : page_text.index("</tr>", start)]
        assert f'#i-{row["verdict"]}"' in line
        assert words[row["verdict"]] in line


def test_the_numbers_of_a_decision_stand_in_its_section(page_text: str) -> None:
    section = page_text[page_text.index('id="EHC-TRM-007"') :]
    section = section[: section.index("</article>")]
    assert "每组 75 次中失败不超过 1 次" in section
    assert "at most 1 failure in 75 trials in each group" in section
    assert "颜色 #F39119" in section
    assert "未满足判据的观测" in section
    assert "湖南电子健康卡公开前端" in section


def test_a_report_is_the_same_when_made_again(told: Path, page_text: str) -> None:
    assert write_report(told).read_text(encoding="utf-8") == page_text
    assert sorted(path.name for path in told.iterdir() if path.name.startswith(".")) == []


def test_a_real_run_carries_no_banner(make_run: Callable[..., Path]) -> None:
    statement = {"zh": "仅为测试记录。", "en": "A record of tests."}
    text = write_report(make_run(emulated=False, statement=statement)).read_text(encoding="utf-8")
    assert "不构成任何认证" not in text
    assert "仅为测试记录" in text


@pytest.mark.parametrize("overall", ["INVALID", "INTERRUPTED", "RIG_ERROR", "NOT_ASSESSED", "INCONCLUSIVE", "FAIL"])
def test_every_overall_word_has_a_face(make_run: Callable[..., Path], overall: str) -> None:
    text = write_report(make_run(overall=overall)).read_text(encoding="utf-8")
    assert f'class="masthead v-{overall}"' in text
    assert f'id="i-{overall}"' in text


def test_a_planted_defect_and_an_early_end_are_said_at_the_top(make_run: Callable[..., Path]) -> None:
    text = write_report(make_run(defect="orange-blind", state="aborted", finished=None)).read_text(encoding="utf-8")
    top = text[text.index("<main>") : text.index("<header")]
    assert "orange-blind" in top
    assert "试验已中止" in top


def test_what_a_device_says_cannot_become_markup(make_run: Callable[..., Path]) -> None:
    evil = "<script>alert(1)</script>"
    folder = make_run(
        identity_read={"vendor": evil, "model": "a&b", "serial": None, "hardware": '"', "firmware": "'"},
        notes=[{"zh": evil, "en": evil}],
        bench={"file": evil, "settings": {"scanner": {evil: evil}, "platform": {"app_secret": "hunter2"}}},
    )
    lines = (folder / "observations.jsonl").read_text(encoding="utf-8").splitlines()
    record = json.loads(lines[-1]) | {"requirement": "EHC-TRM-007", "measure": "read", "value": evil}
    record |= {"cell": {"colour": evil, "surface": "screen"}, "detail": {evil: evil}}
    (folder / "observations.jsonl").write_text("\n".join([*lines, json.dumps(record)]) + "\n", encoding="utf-8")
    text = write_report(folder).read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
    assert "hunter2" not in text
    Document(text)


def test_no_identity_number_reaches_the_page(make_run: Callable[..., Path]) -> None:
    number = "439900199001010011"
    folder = make_run(notes=[{"zh": f"身份证 {number}", "en": f"id {number}"}])
    lines = (folder / "observations.jsonl").read_text(encoding="utf-8").splitlines()
    record = json.loads(lines[-1]) | {"requirement": "EHC-TRM-007", "measure": "read", "value": "wrong"}
    record |= {"cell": {"colour": number, "surface": "screen"}, "detail": {"delivered": f"{number}:1"}}
    (folder / "observations.jsonl").write_text("\n".join([*lines, json.dumps(record)]) + "\n", encoding="utf-8")
    text = write_report(folder).read_text(encoding="utf-8")
    assert number not in text
    assert "439900***********1" in text


def test_a_run_judged_by_another_catalogue_shows_its_rules_as_recorded(make_run: Callable[..., Path]) -> None:
    versions = {"xiangka": "0.0.9", "catalogue": "2026.01", "commit": None, "python": "3.11.7", "libraries": {}}
    text = write_report(make_run(versions=versions)).read_text(encoding="utf-8")
    assert "按要求目录 2026.01 判定" in text
    assert "at most 1 failures in 75 trials" in text


def test_an_undeclared_device_proves_nothing(make_run: Callable[..., Path]) -> None:
    identity = dict.fromkeys(("vendor", "model", "serial", "hardware", "firmware"), "—")
    subject = {
        "kind": "terminal",
        "identity": identity | {"firmware_sha256": None, "filing_number": "none"},
        "options": {"serial_link": "yes"},
        "file": None,
    }
    assert "仅为设备自报" in write_report(make_run(subject=subject)).read_text(encoding="utf-8")


def test_the_run_is_named(page_text: str) -> None:
    assert page_text.count(RUN) > 3


def test_cells_nobody_foresaw_are_no_obstacle(make_run: Callable[..., Path]) -> None:
    folder = make_run()
    lines = (folder / "observations.jsonl").read_text(encoding="utf-8").splitlines()
    plain = json.loads(lines[-1]) | {"measure": "read", "value": "exact"}
    odd = [
        ("EHC-TRM-005", {"version": "micro", "level": "L"}),
        ("EHC-TRM-005", {"version": 3, "level": "X"}),
        ("EHC-TRM-007", {"colour": "#GGGGGG", "surface": "screen"}),
        ("EHC-TRM-010", {"axis": "roll"}),
        ("EHC-TRM-010", {"axis": "spin", "angle": 10}),
        ("EHC-TRM-011", {"effect": "burn", "level": 3}),
        ("EHC-TRM-011", {"level": "high"}),
        ("EHC-TRM-999", {}),
    ]
    lines += [json.dumps(plain | {"requirement": requirement, "cell": cell}) for requirement, cell in odd]
    (folder / "observations.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    Document(write_report(folder).read_text(encoding="utf-8"))
