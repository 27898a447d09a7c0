"""The paged report: what it must hold by ISO/IEC 17025, that it is PDF/A-3, and that nothing hangs over an edge."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pikepdf
import pytest
import typst
from paged import page_texts, require_poppler, words, words_run_together

from certification.catalogue import Text
from certification.laboratory import LaboratoryFile, load_laboratory
from reports import report_words
from reports.certificate_facts import facts_of
from reports.errors import ReportError
from reports.pdf import glyphs
from reports.pdf.issue import Amendment, Change, Issue
from reports.pdf.record import encoded, report_record
from reports.pdf.report import paged_report
from reports.pdf.statements import statements
from reports.pdf.telling import Telling
from reports.pdf.typesetting import Attachment, typeset
from reports.run_folder import read_run_folder
from reports.stated_records import WaiverRecord
from reports.words import OVERALL_MEANINGS, VERDICT_MEANINGS

MANIFEST = {
    "schema": 1,
    "run": "told",
    "made": "2026-11-23T16:00:00+08:00",
    "files": [{"name": "run.json", "size": 1234, "sm3": "ab" * 32, "publication": "whole"}],
    "chains": {"journal.jsonl": {"records": 12345, "head": "cd" * 32}},
}
NUMBER = "湘电健检〔2026〕017 号"
ISSUED = datetime(2026, 11, 28, 9, tzinfo=timezone(timedelta(hours=8)))
OLD = Amendment(
    number="湘电健检〔2026〕009 号",
    issued=ISSUED - timedelta(days=9),
    run="20261101-090000-0000",
    sm3="ef" * 32,
    reason=Text(zh="客户名称有误", en="The customer's name was wrong"),
    changes=[
        Change(Text(zh="委托单位", en="Customer"), Text(zh="甲公司", en="Company A"), Text(zh="乙公司", en="Company B"))
    ],
)
WAIVER = WaiverRecord(
    id="W-2026-003",
    requirement="EHC-TRM-007",
    state="applied",
    reason=Text(zh="橙色码改版中", en="The orange code is being redrawn"),
    approved_by="样本处长",
    expires="2027-03-31",
)
TEMPLATES = Path("reports/pdf/templates")
MARGIN = 62.3  # 22 mm, in points
WIDTH, HEIGHT = 595.28, 841.89


IDENTITY = "43990019900307002X"
LONG = "XJ-Q30-PROFESSIONAL-EDITION-WITH-NO-BREAK-IN-ITS-NAME-WHATEVER-AND-LONGER-THAN-ANY-CELL-OF-A-TABLE"


def _with_long_names() -> LaboratoryFile:
    said = load_laboratory(Path("fixtures/laboratories/specimen.toml")).model_dump(mode="json")
    said["laboratory"]["contact"] = {"zh": LONG, "en": LONG}
    said["customer"]["contact"] = {"zh": f"号 {IDENTITY}", "en": f"No. {IDENTITY}"}
    said["environment"]["temperature_c"]["measured"] = {"zh": LONG, "en": LONG}
    said["external"] = [{"provider": {"zh": LONG, "en": LONG}, "what": {"zh": LONG, "en": LONG}}]
    return LaboratoryFile.model_validate(said)


@pytest.fixture(scope="module")
def editions(told, tmp_path_factory):
    """The report of a run with rows of every verdict, in both languages, replacing another."""
    require_poppler()
    folder = read_run_folder(told)
    identity = dict(folder.run.subject.identity) | {"model": LONG, "hardware": LONG.lower()}
    read = dict(folder.run.identity_read or {}) | {"model": LONG, "hardware": LONG}
    stated = {
        "laboratory": _with_long_names(),
        "waivers": (WAIVER,),
        "overall_with_waivers": "RIG_ERROR",
        "subject": folder.run.subject.model_copy(update={"identity": identity}),
        "identity_read": read,
        "instruments": tuple(one.model_copy(update={"identity": LONG}) for one in folder.run.instruments),
    }
    run = folder.run.model_copy(update=stated)
    folder = type(folder)(**{**vars(folder), "run": run})
    manifest = json.dumps(MANIFEST).encode()
    issue = Issue(NUMBER, ISSUED, MANIFEST, hashlib.new("sm3", manifest).hexdigest(), amends=OLD)
    facts, place = facts_of(folder), tmp_path_factory.mktemp("paged")
    record = encoded(report_record(issue, statements(folder, facts)))
    for lang in ("zh", "en"):
        attached = [
            Attachment("manifest.json", manifest, "its manifest"),
            Attachment("report.json", record, "its record"),
        ]
        pages = paged_report(folder, facts, issue, lang, attached)
        (place / f"{lang}.pdf").write_bytes(pages.pdf)
    return place


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_tells_its_report_and_its_place_in_it(editions, lang):
    pages = page_texts(editions / f"{lang}.pdf")
    for number, page in enumerate(pages[1:], 2):
        assert NUMBER in page
        counted = f"第{number}页共{len(pages)}页" if lang == "zh" else f"Page{number}of{len(pages)}"
        assert counted in "".join(page.split())
        assert ("不得部分复制" if lang == "zh" else "reproduced except in full") in page
    assert ("报告结束" if lang == "zh" else "End of report") in pages[-1]
    assert not any("报告结束" in page or "End of report" in page for page in pages[:-1])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_states_what_a_report_must(editions, told, lang):
    text = words_run_together(editions / f"{lang}.pdf")
    folder = read_run_folder(told)
    stated = {
        "zh": ("样本检测实验室", "SPECIMEN-2026-001", "湘卡样本设备有限公司", "样本授权人", "判定规则",
               "扩展不确定度", "缺陷检出率", "客户送样一台", "不合格", "模拟设备",
               "本报告替代编号为湘电健检〔2026〕009号", "甲公司", "乙公司", "W-2026-003", "橙色码改版中", "2027-03-31",
               "计入适用的豁免后：试验台故障"),
        "en": ("SpecimenTestLaboratory", "SPECIMEN-2026-001", "XiangkaSpecimenDevicesLtd.", "SpecimenAuthoriser",
               "Decisionrules", "expandeduncertainty", "killrate", "Fail", "Emulateddevice",
               "ThisreportreplacesreportNo.湘电健检〔2026〕009号", "CompanyA", "CompanyB", "W-2026-003",
               "Theorangecodeisbeingredrawn", "Withthewaiversthatapply:Rigerror"),
    }[lang]  # fmt: skip
    assert [sentence for sentence in stated if sentence not in text] == []
    assert folder.run.run in text
    assert folder.run.subject.identity["serial"] in text
    assert [row.requirement for row in folder.rows if row.requirement not in text] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_one_language_does_not_leak_into_the_other(editions, lang):
    text = words_run_together(editions / f"{lang}.pdf")
    mine, others = ({re.sub(r"\s", "", one[side]) for one in _pairs()} for side in ((0, 1) if lang == "zh" else (1, 0)))
    assert len([one for one in mine if one in text]) > 60
    assert [one for one in others if one in text] == []


def _pairs() -> list[tuple[str, str]]:
    """Sentences and names of both languages that are long enough to be in no other."""
    templates = "".join(path.read_text(encoding="utf-8") for path in sorted(TEMPLATES.glob("*.typ")))
    found = re.findall(r'say\("([^"]*)", "([^"]*)"\)', templates)
    texts = [text for text in vars(report_words).values() if isinstance(text, Text)]
    found += [(text.zh, text.en) for text in (*texts, *VERDICT_MEANINGS.values(), *OVERALL_MEANINGS.values())]
    return [(zh, en) for zh, en in found if len(re.findall(r"[\u4e00-\u9fff]", zh)) > 3 and len(en) > 9]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_hangs_over_the_edge_of_a_page(editions, lang):
    found = words(editions / f"{lang}.pdf")
    assert len(found) > 1000
    hanging = 8  # of punctuation and of labels in plots, points
    outside = [
        word
        for word in found
        if word.left < MARGIN - hanging
        or word.right > WIDTH - MARGIN + hanging
        or word.top < 30
        or word.bottom > HEIGHT - 30
    ]
    assert outside == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_word_runs_into_another_however_long_it_is(editions, lang):
    assert words_run_together(editions / f"{lang}.pdf").count(LONG) >= 8
    found = sorted(words(editions / f"{lang}.pdf"), key=lambda word: (word.page, word.top))
    crossing, squeezed = [], 9  # full-width punctuation, points
    for n, one in enumerate(found):
        for other in found[n + 1 :]:
            if other.page != one.page or other.top > (one.top + one.bottom) / 2:
                break
            if min(one.right, other.right) - max(one.left, other.left) > squeezed:
                crossing.append((one, other))
    assert crossing == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_heading_stands_alone_at_the_foot_of_a_page(editions, lang):
    with pikepdf.open(editions / f"{lang}.pdf") as pdf, pdf.open_outline() as outline:
        places = [item for top in outline.root for item in (top, *top.children)]
        numbers = {page.objgen: number for number, page in enumerate(pdf.pages)}
        feet = [(one.title, numbers[one.destination[0].objgen], float(one.destination[3])) for one in places]
    assert len(feet) > 10
    assert [foot for foot in feet if foot[2] < 100] == []


def test_it_is_pdf_a_3b_with_all_fonts_inside(editions):
    with pikepdf.open(editions / "zh.pdf") as pdf:
        with pdf.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "B")
        intent = pdf.Root.OutputIntents[0]
        assert intent.S == "/GTS_PDFA1"
        assert intent.DestOutputProfile.read_bytes()
        assert not pdf.is_encrypted
        descriptors = [
            one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor"
        ]
        assert descriptors
        assert all({"/FontFile2", "/FontFile3"} & set(one.keys()) for one in descriptors)
        assert pdf.Root.MarkInfo.Marked


def test_the_manifest_is_inside_byte_for_byte(editions):
    with pikepdf.open(editions / "en.pdf") as pdf:
        attached = pdf.attachments["manifest.json"]
        assert attached.get_file().read_bytes() == json.dumps(MANIFEST).encode()
        assert {str(one.F): str(one.AFRelationship) for one in pdf.Root.AF} == dict.fromkeys(
            ("manifest.json", "report.json"), "/Data"
        )


def test_a_missing_font_is_told_with_its_package(monkeypatch):
    class NoFonts:
        def fonts(self) -> list[object]:
            return []

    monkeypatch.setattr(typst, "Fonts", NoFonts)
    glyphs._known.cache_clear()
    try:
        with pytest.raises(ReportError, match=r"Noto Sans Mono CJK SC cannot be found.*apt-get install fonts-noto-cjk"):
            typeset("report.typ", {"title": "x"}, lang="zh", made=ISSUED)
    finally:
        glyphs._known.cache_clear()


def test_what_the_fonts_lack_is_named_by_its_number():
    assert glyphs.displayable("张\x02三😀 1\u202f000 ✕") == "张[U+0002]三[U+1F600] 1\u00a0000 ×"


def test_no_identity_number_is_told():
    telling = Telling("zh")
    assert telling.told({"x": [Text(zh="号 43990019900307002X", en="")]}) == {"x": ["号 439900***********X"]}


def test_no_identity_number_stands_in_any_file_inside(editions):
    """The customer stated one, which is masked where it is told at all."""
    for lang in ("zh", "en"):
        with pikepdf.open(editions / f"{lang}.pdf") as pdf:
            inside = {name: pdf.attachments[name].get_file().read_bytes() for name in pdf.attachments}
        assert {"manifest.json", "report.json"} <= inside.keys()
        assert b"439900***********X" in inside["report.json"]
        assert [name for name, body in inside.items() if IDENTITY.encode() in body] == []
        assert IDENTITY not in words_run_together(editions / f"{lang}.pdf")
