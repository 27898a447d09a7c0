"""What a laboratory must find in a report (ISO/IEC 17025:2017 §7.8), and what is said where nobody stated it."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from synthetic_run import Story, write_run
from synthetic_stated import REASON, SPECIMEN, WAIVERS

from certification.laboratory import load_laboratory
from certification.observations import Observation
from certification.people import apart
from reports.certificate_facts import Facts, facts_of
from reports.errors import ReportError
from reports.html_report import write_report
from reports.laboratory_facts import unstated
from reports.run_folder import read_run_folder

CONTENTS = Path(__file__).parents[2] / "docs" / "report-contents.md"


def section(page: str, name: str) -> str:
    start = page.index(f'<section id="{name}"')
    return page[start : page.index("</section>", start)]


def plain(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", markup)).replace("\u202f", " ")


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with every verdict and next to no observations: what a laboratory states is told the same, and sooner."""
    folder = write_run(tmp_path_factory.mktemp("slight"), Story(pictures=False, stated=False))
    file = folder / "observations.jsonl"
    kept = [line for line in file.read_text(encoding="utf-8").splitlines() if '"EHC-TRM-001"' in line]
    file.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def facts(told: Path) -> Facts:
    return facts_of(read_run_folder(told))


def facts_with(make_run: Callable[..., Path], **changes: object) -> Facts:
    return facts_of(read_run_folder(make_run(**changes)))


def test_everything_the_laboratory_states_stands_in_the_page(page_text: str) -> None:
    said = load_laboratory(SPECIMEN)
    particulars = plain(section(page_text, "particulars"))
    for text in (
        *(getattr(said.laboratory, name) for name in ("name", "address", "contact")),
        *(getattr(said.customer, name) for name in ("name", "address", "contact")),
        *(getattr(said.people, name) for name in ("operator", "reviewer", "authoriser")),
        *(said.place.name, said.item.condition, said.sampling.plan),
    ):
        assert text.zh in particulars
        assert text.en in particulars
    assert said.laboratory.authorisation_number in particulars
    assert "2026 年 11 月 2 日" in particulars
    assert "2 November 2026" in particulars
    assert "the customer" in particulars
    assert "未说明" not in particulars
    masthead = page_text[page_text.index('class="masthead') : page_text.index("</header>")]
    assert said.laboratory.name.zh in masthead
    assert said.customer.name.zh in masthead


def test_what_nobody_stated_is_called_so_and_keeps_a_report_from_being_issued(make_run: Callable[..., Path]) -> None:
    folder = make_run()
    said = plain(section(write_report(folder).read_text(encoding="utf-8"), "particulars"))
    assert "no report can be issued of this run" in said
    missing = [one.key for one in facts_of(read_run_folder(folder)).unstated]
    assert {"laboratory.name", "customer.name", "place", "item.received", "people.authoriser"} <= set(missing)
    assert "catalogue" not in missing
    assert [one.key for one in unstated(None)] == missing
    assert unstated(load_laboratory(SPECIMEN)) == []


def test_what_the_customer_says_is_told_apart(page_text: str, facts: Facts) -> None:
    assert {one.key for one in (*facts.laboratory, *facts.customer) if one.by_customer} == {
        "customer.name",
        "customer.address",
        "customer.contact",
    }
    caption = section(page_text, "particulars").split("委托单位</span>")[1][:300]
    assert "客户提供" in caption
    assert "客户提供" in section(page_text, "subject")
    assert "标有“客户提供”的内容由客户负责" in section(page_text, "authority")
    assert "The results apply" not in page_text
    assert "the results apply to the sample as received" in section(page_text, "authority")


def test_a_sample_the_laboratory_drew_itself_is_not_called_one_as_received(make_run: Callable[..., Path]) -> None:
    said = load_laboratory(SPECIMEN).model_dump(mode="json")
    said["sampling"] |= {"by": "laboratory", "day": "2026-10-30", "place": {"zh": "仓库", "en": "warehouse"}}
    facts = facts_with(make_run, laboratory=said)
    assert not [one for one in facts.declarations if "as received" in one.en]
    assert [facts.stated(f"sampling.{key}").value.en for key in ("by", "day", "place")] == [
        "the laboratory",
        "30 October 2026",
        "warehouse",
    ]


def test_surroundings_and_clocks_stand_with_their_uncertainty(page_text: str) -> None:
    bench = plain(section(page_text, "bench"))
    assert "21.5 – 23 °C（U = 0.5 °C，k = 2）" in bench
    assert "logger TH-01, calibrated until 31 May 2027" in bench
    assert "−2.1 ± 15.4 ms" in bench
    assert "+0.41 ± 1.00 s" in bench
    assert "+0.52 ± 1.00 s" in bench
    assert bench.count("not measured: there is no way to read it") == 1


def test_clocks_of_two_sittings_are_told_apart(make_run: Callable[..., Path]) -> None:
    clocks = [
        {"of": "platform", "when": "start", "sitting": number, "offset_s": 7.0, "uncertainty_s": 1.0, "how": how}
        for number, how in ((1, "http date"), (2, "own interface"))
    ]
    views = facts_with(make_run, clocks=clocks).clocks
    assert [view.moment.en for view in views] == ["sitting 1, at the start", "sitting 2, at the start"]
    assert [view.offset.en.replace("\u202f", " ") for view in views] == ["+7.00 ± 1.00 s"] * 2


def test_digests_and_versions_stand_in_the_record_of_the_run(page_text: str) -> None:
    bench = section(page_text, "bench")
    for told in ("5c" * 32, "9a" * 32, "e7" * 32, "4f2c9a1", "Kill rate", "2026.11.1"):
        assert told in bench


def test_photographs_are_upright_and_carry_nothing_of_the_camera(told: Path, page_text: str) -> None:
    assert b"SecretCameraMaker" in (told / "subject" / "photograph-2.jpg").read_bytes()
    shown = re.findall(r'src="data:(image/[a-z]+);base64,([^"]+)"', section(page_text, "subject"))
    assert [media for media, _ in shown] == ["image/png", "image/jpeg"]
    bodies = [base64.b64decode(body) for _, body in shown]
    assert Image.open(io.BytesIO(bodies[0])).size == (640, 400)
    turned = Image.open(io.BytesIO(bodies[1]))
    assert turned.size == (400, 640)
    assert not turned.getexif()
    assert b"SecretCameraMaker" not in bodies[1]


def test_a_photograph_that_is_gone_is_said_to_be_and_a_large_one_is_made_smaller(make_run: Callable[..., Path]) -> None:
    folder = make_run(subject_photographs=["photograph-1.png", "photograph-2.png"])
    (folder / "subject").mkdir()
    Image.new("RGB", (3000, 2000), "navy").save(folder / "subject" / "photograph-1.png")
    first, second = facts_of(read_run_folder(folder)).photographs
    assert Image.open(io.BytesIO(first.body)).size == (1200, 800)
    assert (second.body, second.uri) == (None, None)
    assert "not in the run&#39;s folder" in section(write_report(folder).read_text(encoding="utf-8"), "subject")


def test_each_row_says_on_what_it_rests_and_how_sure_its_numbers_are(page_text: str, facts: Facts) -> None:
    rows = {row.requirement: row for row in facts.rows}
    assert {row.grounds for row in facts.rows} == {"emulated"}
    assert rows["EHC-TRM-015"].uncertainty.en.replace("\u202f", " ") == "24.7 ms"
    assert rows["EHC-TRM-006"].uncertainty is None
    assert rows["EHC-TRM-016"].uncertainty is not None
    assert rows["EHC-TRM-016"].uncertainty_basis is None, "its procedure gives no U that could be another"
    basis = rows["EHC-TRM-015"].uncertainty_basis.en
    assert "the emulated bench's" in basis
    assert basis in plain(page_text[page_text.index('<article class="requirement v-INCONCLUSIVE" id="EHC-TRM-015"') :])
    assert "at most 1 failure in 75 trials" in rows["EHC-TRM-007"].rule.en
    assert all(row.rule is not None for row in facts.rows if row.section.deciding is not None)
    table = section(page_text, "verdicts")
    assert table.count('class="grounds"') == len(facts.rows)
    assert "U = 24.7" in plain(table)


def test_an_uncertainty_is_that_of_the_values_the_deciding_rule_judged(make_run: Callable[..., Path]) -> None:
    folder = make_run()
    told = {"requirement": "EHC-TRM-015", "unit": "ms", "value": 90.0, "journal": None}
    seen = [
        Observation(**told, measure="latency", uncertainty=1.5),
        Observation(**told, measure="latency", uncertainty=2.5),
        Observation(**told, measure="another", uncertainty=9.0),
    ]
    with (folder / "observations.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(one.as_record()) + "\n" for one in seen)
    rows = {row.requirement: row for row in facts_of(read_run_folder(folder)).rows}
    assert rows["EHC-TRM-015"].section.deciding.line.result.measure == "latency"
    assert rows["EHC-TRM-015"].uncertainty.en.replace("\u202f", " ") == "2.5 ms"
    on_hardware(folder)
    (row,) = (row for row in facts_of(read_run_folder(folder)).rows if row.requirement == "EHC-TRM-015")
    assert "the screen in use" in row.uncertainty_basis.en


def on_hardware(folder: Path) -> None:
    verdicts = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    for row in verdicts["verdicts"]:
        row["emulated"] = False
    (folder / "verdicts.json").write_text(json.dumps(verdicts), encoding="utf-8")


def test_hardware_forms_and_documents_are_told_apart(make_run: Callable[..., Path]) -> None:
    folder = make_run(
        emulated=False,
        forms=[{"requirement": "EHC-TRM-010", "file": "f.toml", "sha256": "00", "operator": "A", "date": "2026-11-20"}],
    )
    on_hardware(folder)
    facts = facts_of(read_run_folder(folder))
    grounds = {row.requirement: row.grounds for row in (*facts.rows, *facts.others)}
    assert (grounds["EHC-TRM-010"], grounds["EHC-TRM-007"]) == ("person", "real")
    assert grounds["EHC-TRM-034"] == "document"


def test_a_deviation_stands_in_its_section_and_beside_its_row(page_text: str) -> None:
    said = "Angles were drawn by software in place of a turntable"
    assert said in section(page_text, "departures")
    row = page_text[page_text.index('id="EHC-TRM-010"') :]
    assert said in row[: row.index("</article>")]
    assert page_text.count(said) == 2
    assert page_text.count("under power for 30 minutes") == 1


def test_a_deviation_of_every_row_and_results_of_others_are_told(make_run: Callable[..., Path]) -> None:
    said = load_laboratory(SPECIMEN).model_dump(mode="json")
    said["deviations"] = [{"requirement": None, "what": {"zh": "缩短预热", "en": "a shorter warm-up"}}]
    said["external"] = [{"provider": {"zh": "某所", "en": "an institute"}, "what": {"zh": "气候", "en": "climate"}}]
    folder = make_run(laboratory=said)
    departures = plain(section(write_report(folder).read_text(encoding="utf-8"), "departures"))
    assert "all rows" in departures
    assert "A shorter warm-up" in departures
    assert "an institute" in departures


def test_no_deviation_is_said_only_where_a_laboratory_said_so(make_run: Callable[..., Path]) -> None:
    said = load_laboratory(SPECIMEN).model_dump(mode="json") | {"deviations": []}
    known = section(write_report(folder := make_run(laboratory=said)).read_text(encoding="utf-8"), "departures")
    assert "未说明" not in known
    record = json.loads((folder / "run.json").read_text(encoding="utf-8")) | {"laboratory": None}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    assert "未说明" in section(write_report(folder).read_text(encoding="utf-8"), "departures")


def test_people_stand_beside_the_record_and_where_they_do_not_the_report_says_that_they_are_withheld(
    make_run: Callable[..., Path],
) -> None:
    folder = make_run(laboratory=load_laboratory(SPECIMEN).model_dump(mode="json"))
    shown, people = apart(json.loads((folder / "run.json").read_text(encoding="utf-8")))
    (folder / "run.json").write_text(json.dumps(shown), encoding="utf-8")

    def told() -> list[str]:
        facts = facts_of(read_run_folder(folder))
        assert not facts.unstated
        keys = ("people.operator", "people.authoriser", "customer.address", "customer.contact")
        return [str(getattr(facts.stated(key).value, "zh", None)) for key in keys]

    assert told() == ["未公开"] * 4
    (folder / "people.json").write_text(json.dumps(people), encoding="utf-8")
    assert told()[:2] == ["样本试验员", "样本授权人"]
    (folder / "people.json").write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(ReportError, match=r"people\.json.*nested too deeply"):
        read_run_folder(folder)


def test_a_waiver_stands_beside_its_verdict_with_reason_and_expiry_and_rewrites_nothing(page_text: str) -> None:
    departures = plain(section(page_text, "departures"))
    for waiver in WAIVERS:
        for key in ("id", "requirement", "approved_by", "issued", "expires"):
            assert str(waiver[key]) in departures
    assert REASON["zh"] in departures
    assert "Expired, not applied" in departures
    assert "Signed by the authoriser: SPECIMEN Authoriser" in departures.replace("：: ", ": ")
    table = section(page_text, "verdicts")
    line = table[table.index('<a href="#EHC-TRM-007">') :]
    line = line[: line.index("</tr>")]
    assert "不合格" in line
    assert "W-2026-007" in line
    assert "K-2025-002" not in table


def test_the_word_with_waivers_is_told_beside_the_word(make_run: Callable[..., Path]) -> None:
    page = write_report(make_run(overall="FAIL", overall_with_waivers="PASS", waivers=WAIVERS[:1])).read_text(
        encoding="utf-8"
    )
    masthead = page[page.index('class="masthead') : page.index('<section class="summary">')]
    assert 'class="masthead v-FAIL"' in page
    assert "计入适用的豁免后" in masthead
    assert "With the waivers that apply" in section(page, "particulars")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"emulated": True}, "states conformity of no real device"),
        ({"emulated": False, "overall": "FAIL"}, "the subject does not meet 1 of 14: EHC-TRM-007"),
        ({"emulated": False, "overall": "INVALID"}, "This run states no conformity"),
        ({"emulated": False, "overall": "INTERRUPTED"}, "This run states no conformity"),
    ],
    ids=["emulated", "failed", "invalid", "interrupted"],
)
def test_the_statement_of_conformity_claims_no_more_than_was_found(make_run, changes, says) -> None:
    facts = facts_with(make_run, **changes)
    assert says in facts.conformity.en
    assert "meets all" not in facts.conformity.en


def test_a_pass_names_catalogue_rule_and_rows(make_run: Callable[..., Path]) -> None:
    folder = make_run(emulated=False, overall="PASS")
    verdicts = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    for row in verdicts["verdicts"]:
        if row["planned"] and row["verdict"] != "NOT_APPLICABLE":
            row["verdict"] = "PASS"
    (folder / "verdicts.json").write_text(json.dumps(verdicts), encoding="utf-8")
    said = facts_of(read_run_folder(folder)).conformity.en
    assert re.search(r"By catalogue \S+ and the decision rules given here.*the subject meets all 14\.", said)


def test_rule_risk_declarations_and_a_clear_end_stand_in_the_page(page_text: str) -> None:
    rules = section(page_text, "rules")
    assert "Clopper–Pearson" in rules
    assert "at most 2.5 %" in rules
    authority = section(page_text, "authority")
    assert "不得部分复制本报告" in authority
    assert "shall not be reproduced except in full" in authority
    assert "no opinions or interpretations" in authority
    assert "The results relate only to the item tested" in authority
    footer = page_text[page_text.index("<footer>") :]
    assert "报告结束" in footer
    assert "End of report" in footer
    assert "counter(page)" in page_text
    assert "counter(pages)" in page_text


def test_every_place_the_table_of_contents_names_is_there(page_text: str) -> None:
    text = CONTENTS.read_text(encoding="utf-8")
    named = set(re.findall(r"`#([a-z]+)`", text))
    assert len(named) >= 8
    assert {
        name for name in named if f'<section id="{name}"' not in page_text and f'id="{name}"' not in page_text
    } == set()
    for letter in "abcdefghijklmnop":
        assert re.search(rf"^\| 7\.8\.2\.1 {letter} \|", text, re.MULTILINE), letter
