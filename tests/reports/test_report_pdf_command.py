"""``xiangka report pdf``: what it issues, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pikepdf
import pytest
from paged import output, require_poppler, words_run_together

from certification.laboratory import load_laboratory
from tests.register.passed_runs import LABORATORY_FILE, Told, passed_run, specimen_keys
from xiangka.cli import main

FEW = ("EHC-TRM-001", "EHC-TRM-002", "EHC-TRM-003")
NUMBER = "湘电健检〔2026〕017 号"
FILE = "report-湘电健检〔2026〕017号-{}.pdf"


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> Path:
    return specimen_keys(tmp_path_factory.mktemp("keys") / "specimen")


@pytest.fixture(scope="module")
def signed(keys, tmp_path_factory) -> Path:
    """A passed run of real hardware, signed by both. Not to be changed."""
    return passed_run(tmp_path_factory.mktemp("signed"), keys, Told(only=FEW))


@pytest.fixture(scope="module")
def issued(keys, signed, tmp_path_factory) -> Path:
    """A copy of it with its report in both editions. Not to be changed."""
    run = shutil.copytree(signed, tmp_path_factory.mktemp("issued") / signed.name)
    assert main(["report", "pdf", str(run), "--number", NUMBER, *_both(keys)]) == 0
    return run


@pytest.fixture
def run(signed, tmp_path) -> Path:
    return shutil.copytree(signed, tmp_path / signed.name)


def _both(keys: Path) -> list[str]:
    password = str(keys / "password")
    return ["--keys", str(keys / "laboratory"), str(keys / "authoriser"), "--password-file", password, password]


def _refused(capsys, *arguments: object) -> str:
    capsys.readouterr()
    assert main(["report", "pdf", *map(str, arguments)]) == 4
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_both_editions_are_added_to_the_run_and_the_run_still_verifies(issued, keys, capsys):
    assert sorted(path.name for path in issued.glob("report-*")) == sorted(
        name for lang in ("zh", "en") for name in (FILE.format(lang), FILE.format(lang) + ".sig")
    )
    assert main(["report", "verify", str(issued), "--centre", str(keys / "centre.pem")]) == 0
    assert FILE.format("en") in capsys.readouterr().out
    assert [path.name for path in issued.parent.iterdir()] == [issued.name]


def test_a_changed_byte_of_a_report_is_found(issued, keys, tmp_path):
    run = shutil.copytree(issued, tmp_path / "run")
    report = run / FILE.format("zh")
    body = bytearray(report.read_bytes())
    body[len(body) // 2] ^= 1
    report.write_bytes(body)
    assert main(["report", "verify", str(run), "--centre", str(keys / "centre.pem")]) == 1


def test_a_standard_reader_finds_both_signatures_valid_until_a_byte_changes(issued, tmp_path):
    require_poppler()
    report = issued / FILE.format("zh")
    said = output("pdfsig", "-nocert", report)
    assert said.count("Signature is Valid") == 2
    assert "Total document signed" in said
    changed = tmp_path / "changed.pdf"
    body = report.read_bytes()
    title = body.index(b"/Title")
    changed.write_bytes(body[: title + 1] + b"t" + body[title + 2 :])
    done = subprocess.run(["pdfsig", "-nocert", changed], capture_output=True, check=False, timeout=120)
    assert b"Digest Mismatch" in done.stdout


def test_it_is_still_pdf_a_when_signed_and_holds_what_was_signed(issued):
    with pikepdf.open(issued / FILE.format("zh")) as pdf:
        with pdf.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "B")
        assert "/Version" not in pdf.Root or pdf.Root.Version == "/1.7"
        inside = {name: pdf.attachments[name].get_file().read_bytes() for name in ("manifest.json", "manifest.sig")}
        record = json.loads(pdf.attachments["report.json"].get_file().read_bytes())
        for field in pdf.Root.AcroForm.Fields:
            assert int(field.F) & 4  # printed, ISO 19005-3 §6.3.2
    assert inside == {name: (issued / name).read_bytes() for name in inside}
    assert record["number"] == NUMBER
    assert record["statements"]["overall_word"]["value"]["en"] == "Pass"


def test_a_report_of_real_hardware_states_conformity(issued):
    require_poppler()
    text = words_run_together(issued / FILE.format("zh"))
    assert re.search(r"样品满足全部\d+项", text)
    assert "不构成任何认证" not in text
    assert "样本授权人SPECIMENAUTHORISER" in text


def test_a_number_is_used_once(issued, keys, capsys):
    said = _refused(capsys, issued, "--number", NUMBER, "--lang", "zh", *_both(keys))
    assert "is there already, and a report is never overwritten" in said


def test_an_amended_report_names_the_earlier_one_and_what_changed(issued, keys, tmp_path):
    require_poppler()
    run = shutil.copytree(issued, tmp_path / "run")
    corrected = tmp_path / "corrected.toml"
    was = "湘卡样本设备有限公司"
    corrected.write_text(LABORATORY_FILE.read_text(encoding="utf-8").replace(was, "湘卡设备股份公司"), encoding="utf-8")
    amends = ["--amends", NUMBER, "--reason", "客户名称有误", "The customer's name was wrong"]
    options = ["--lang", "zh", "--number", "019", "--laboratory", str(corrected), *amends, *_both(keys)]
    assert main(["report", "pdf", str(run), *options]) == 0
    text = words_run_together(run / "report-019-zh.pdf")
    assert hashlib.new("sm3", (run / FILE.format("zh")).read_bytes()).hexdigest() in text.replace("\u200b", "")
    assert "本报告替代编号为湘电健检〔2026〕017号" in text
    assert "客户名称有误" in text
    change = "委托单位湘卡样本设备有限公司；客户提供湘卡设备股份公司；客户提供"
    assert f"内容原报告本报告{change}1检测结果汇总" in _without_running_lines(text)
    with pikepdf.open(run / "report-019-zh.pdf") as pdf:
        record = json.loads(pdf.attachments["report.json"].get_file().read_bytes())
    assert record["amends"]["reason"]["en"] == "The customer's name was wrong"
    assert [one["now"]["zh"] for one in record["amends"]["changes"]] == ["湘卡设备股份公司；客户提供"]


def test_an_amended_report_tells_no_number_in_clear(issued, keys, tmp_path, capsys):
    corrected, number = tmp_path / "corrected.toml", "43990019900307707X"
    text = LABORATORY_FILE.read_text(encoding="utf-8")
    corrected.write_text(text.replace("湘卡样本设备有限公司", f"甲 {number}"), encoding="utf-8")
    options = ["--lang", "zh", "--number", "21", "--amends", NUMBER, "--reason"]
    for more, where in (
        (["x", "--laboratory", corrected], f"{corrected}, line 11: identity number in clear"),
        ([f"甲 {number}"], "identity number in clear at report.json, line 2"),
    ):
        said = _refused(capsys, issued, *options, *more, *_both(keys))
        assert where in said
        assert number not in said


def _without_running_lines(text: str) -> str:
    return re.sub(r"未经实验室.*?第\d+页共\d+页", "", text)


def test_only_a_signed_report_can_be_replaced(issued, keys, tmp_path, capsys):
    loose = shutil.copy(issued / FILE.format("zh"), tmp_path / "loose.pdf")
    said = _refused(capsys, issued, "--number", "20", "--amends", loose, "--reason", "x", "y", *_both(keys))
    assert "was never signed" in said
    said = _refused(capsys, issued, "--number", "20", "--amends", "no such", "--reason", "x", "y", *_both(keys))
    assert "there is no such report" in said
    assert "give both" in _refused(capsys, issued, "--number", "20", "--reason", "x", *_both(keys))
    assert "--amends" in _refused(capsys, issued, "--number", "20", "--laboratory", LABORATORY_FILE, *_both(keys))


def test_a_run_that_was_changed_is_not_told(run, keys, capsys):
    with (run / "run.json").open("a", encoding="utf-8") as stream:
        stream.write(" ")
    for options in (_both(keys), ["--out", str(run.parent)]):
        assert "the run does not verify: run.json" in _refused(capsys, run, *options)


def test_a_run_that_nobody_signed_is_not_signed_for(keys, tmp_path, capsys):
    unsigned = passed_run(tmp_path, keys, Told(only=FEW), roles=("laboratory",))
    assert "bears no signature of the authoriser" in _refused(capsys, unsigned, *_both(keys))


def test_both_must_sign(run, keys, capsys):
    said = _refused(capsys, run, "--keys", keys / "laboratory", "--password-file", keys / "password")
    assert "signed by the laboratory and the authoriser" in said
    assert "2 folders of keys, 1 password files" in _refused(capsys, run, *_both(keys)[:-1])


def test_what_nobody_stated_is_named(keys, tmp_path, capsys):
    bare = passed_run(tmp_path, keys, Told(only=FEW, changes={"laboratory": None}))
    said = _refused(capsys, bare, *_both(keys))
    assert "nobody stated laboratory.name, " in said
    assert "--laboratory" in said


def test_without_keys_it_goes_elsewhere_and_leaves_room_for_a_seal(run, tmp_path, capsys):
    require_poppler()
    assert "takes in nothing unsigned" in _refused(capsys, run)
    assert "within the run" in _refused(capsys, run, "--out", run)
    assert main(["report", "pdf", str(run), "--lang", "zh", "--out", str(tmp_path)]) == 0
    text = words_run_together(tmp_path / f"report-{run.name}-zh.pdf")
    assert "检测专用章" in text
    assert "电子签名" not in text


@pytest.mark.parametrize("number", ["../x", "a/b", "", " ", "..", "x" * 181, "检" * 61])
def test_a_number_that_is_no_file_name_is_refused(run, keys, capsys, number):
    said = _refused(capsys, run, "--number", number, *_both(keys))
    assert "cannot be a report's number" in said
    assert "60 Chinese characters" in said


def test_the_authoriser_who_signs_is_the_one_stated(keys, tmp_path, capsys):
    said = load_laboratory(LABORATORY_FILE).model_dump(mode="json")
    said["people"]["authoriser"] = {"zh": "另一签字人", "en": "Another Signatory"}
    other = passed_run(tmp_path, keys, Told(only=FEW, changes={"laboratory": said}))
    refused = _refused(capsys, other, *_both(keys))
    assert "states 另一签字人 / Another Signatory as authoriser" in refused
    assert "certificate is of 样本授权人 SPECIMEN AUTHORISER" in refused
    assert not list(other.glob("report-*"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--number", "18"], f"the run has report No. {NUMBER}, which stands"),
        (["--number", "湘电健检(2026)017号", "--amends", NUMBER, "--reason", "x", "y"], "a number is used once"),
        (["--number", "18", "--amends", NUMBER, "--reason", "", "y"], "give both"),
        (["--number", "18", "--amends", NUMBER, "--reason", "x"], "1 reasons for 2 editions"),
        (["--number", "18", "--amends", NUMBER, "--reason", "x", "y", "z"], "3 reasons for 2 editions"),
    ],
)
def test_one_report_of_a_run_stands(issued, keys, capsys, options, says):
    assert says in _refused(capsys, issued, *options, *_both(keys))


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ("received = 2026-11-02", "received = 2099-03-01", "received on 2099-03-01, after the tests begin"),
        ('# requirement = "EHC-TRM-010"', 'requirement = "EHC-HIS-999"', "EHC-HIS-999 is not asked of this subject"),
    ],
)
def test_a_correction_is_checked_as_a_run_checks_it(issued, keys, tmp_path, capsys, was, now, says):
    corrected = tmp_path / "corrected.toml"
    text = LABORATORY_FILE.read_text(encoding="utf-8")
    assert was in text
    corrected.write_text(text.replace(was, now), encoding="utf-8")
    options = ["--number", "21", "--amends", NUMBER, "--reason", "x", "y", "--laboratory", corrected]
    assert says in _refused(capsys, issued, *options, *_both(keys))


def test_a_full_disk_leaves_nothing_half_written(run, keys, capsys, monkeypatch):
    before = sorted(path.name for path in (*run.iterdir(), *run.parent.iterdir()))

    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr("xiangka.paged_reports.paged_report", lambda *_: _Pages())
    monkeypatch.setattr("xiangka.paged_reports.sign_pdf", lambda pdf, *_, **__: pdf)
    said = _refused(capsys, run, *_both(keys))
    assert "No space left on device" in said
    assert sorted(path.name for path in (*run.iterdir(), *run.parent.iterdir())) == before


class _Pages:
    pdf = b"%PDF"
    places = dict.fromkeys(("laboratory", "authoriser"), type("At", (), {"page": 0, "box": (0, 0, 1, 1)}))


def test_a_redacted_twin_is_not_told(signed, tmp_path, capsys):
    assert main(["report", "redact", str(signed), "--out", str(tmp_path / "twin")]) == 0
    assert "is a redacted twin" in _refused(capsys, tmp_path / "twin", "--out", tmp_path)
