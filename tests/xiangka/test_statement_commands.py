"""`xiangka statement`: a file to fill in, a probe of what stands on the bench, and a check that lists everything."""

from __future__ import annotations

import re
import tomllib

import pytest
from shell import bench, free_port, one_line

from certification.catalogue import SubjectKind
from certification.options import meanings
from certification.subject_file import examine, load_subject
from rigs.bench_file import load_bench
from xiangka.bound_options import denied_notes
from xiangka.cli import main
from xiangka.scenarios import ROOT

SUBJECTS = ROOT / "fixtures" / "subjects"

BENCHES = ROOT / "rigs" / "benches"
WRONG_INPUT = 4


def shipped() -> str:
    """The subject of the default bench as it may be copied elsewhere: without the files it names."""
    text = (SUBJECTS / "emulated-gm65.toml").read_text(encoding="utf-8")
    return re.sub(r"^photographs = .*\n", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("kind", ["terminal", "platform"])
def test_a_new_statement_explains_every_option_and_leaves_every_one_unanswered(kind, tmp_path, capsys):
    out = tmp_path / "new.toml"
    assert main(["statement", "new", "--kind", kind, "--out", str(out)]) == 0
    text = out.read_text(encoding="utf-8")
    for meaning in meanings(SubjectKind(kind)).values():
        assert meaning.asks.zh in text
        assert meaning.asks.en in text
        assert f'\n{meaning.name} = "unanswered"\n' in text
    examined = examine(out)
    assert examined.subject is not None
    asked = {problem.key for problem in examined.problems}
    assert {f"options.{name}" for name in meanings(SubjectKind(kind))} <= asked
    assert "identity.vendor" in asked
    assert capsys.readouterr().err == ""


def test_the_statement_says_which_rows_an_option_decides(tmp_path):
    out = tmp_path / "new.toml"
    main(["statement", "new", "--out", str(out)])
    before, _, _ = out.read_text(encoding="utf-8").partition("\nkeyboard_link =")
    assert before.rsplit("\n", 1)[1] == "#   决定 decides: EHC-TRM-018 EHC-TRM-026（部分 in part）"


def test_a_file_that_is_there_is_never_overwritten(tmp_path, capsys):
    out = tmp_path / "mine.toml"
    out.write_text("mine", encoding="utf-8")
    assert main(["statement", "new", "--out", str(out)]) == WRONG_INPUT
    assert "is there already" in one_line(capsys.readouterr().err)
    assert out.read_text(encoding="utf-8") == "mine"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--kind", "kiosk", "--out", "x.toml"], "choose terminal or platform"),
        (["--out", "nowhere/x.toml"], "No such file"),
        (["--bench", "nowhere.toml", "--out", "x.toml"], "nowhere.toml"),
        (["--kind", "platform", "--bench", str(BENCHES / "no.toml"), "--out", "x.toml"], "no.toml"),
    ],
)
def test_a_wrong_option_is_told_in_one_line_and_writes_nothing(arguments, named, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["statement", "new", *arguments]) == WRONG_INPUT
    assert named in one_line(capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


def test_a_probe_fills_in_what_it_saw_and_marks_it_for_the_vendor_to_confirm(shell):
    out = shell.folder / "probed.toml"
    ended = shell.run("statement", "new", "--bench", BENCHES / "emulated-gm65.toml", "--out", out)
    assert ended.exit_code == 0, ended.said
    data = tomllib.loads(out.read_text(encoding="utf-8"))
    assert data["identity"]["model"] == "EMU-GM65"
    assert data["identity"]["firmware_sha256"] == ""
    yes = {name for name, answer in data["options"].items() if answer == "yes"}
    assert yes == {"serial_link", "keyboard_link", "card_code", "coloured_codes"} == set(data["probed"]["options"])
    assert set(data["options"].values()) == {"yes", "unanswered"}
    assert set(data["probed"]["identity"]) == {"vendor", "model", "serial", "hardware", "firmware"}
    assert "shown by the probe and not delivered" in out.read_text(encoding="utf-8")
    checked = shell.run("statement", "check", out)
    assert checked.exit_code == WRONG_INPUT
    assert "probed.options.serial_link" in checked.out
    refused = shell.run("certify", "--subject", out, "--only", "EHC-TRM-001", "--out", shell.folder / "run")
    assert refused.exit_code == WRONG_INPUT
    assert not (shell.folder / "run").exists()


def test_a_probe_of_a_defective_terminal_claims_nothing_it_did_not_see(shell):
    camera = free_port()
    arguments = ("--protocol", "gm65", "--camera", f"http://127.0.0.1:{camera}/frame", "--defect", "red-lit")
    port = shell.start("emulate", "scanner", *arguments, "--baud", "115200", "--pace", "usb").line()
    presenter = f"driver = 'frame-port'\nframe_port = {camera}"
    file, out = bench(shell.folder, presenter=presenter, scanner=f"url = '{port}'"), shell.folder / "probed.toml"
    ended = shell.run("statement", "new", "--bench", file, "--out", out)
    assert ended.exit_code == 0, ended.said
    options = tomllib.loads(out.read_text(encoding="utf-8"))["options"]
    assert (options["card_code"], options["coloured_codes"]) == ("yes", "unanswered")


def test_a_sound_statement_is_checked_with_every_row_and_why_it_applies(capsys):
    assert main(["statement", "check", str(SUBJECTS / "emulated-gm65.toml")]) == 0
    said = capsys.readouterr().out
    for row, applies, why in (
        ("EHC-TRM-003", "yes", "applies to every subject"),
        ("EHC-TRM-022", "no", "Bank card: no"),
        ("EHC-TRM-026", "yes", "a part of it depends on Keyboard link (HID): yes"),
    ):
        about = said[said.index(row) :].split("EHC-TRM-", 2)[1]
        assert f"适用 {applies}" in about
        assert why in " ".join(about.replace("│", " ").split())
    assert "does not contradict itself" in said


def test_a_check_lists_every_problem_in_both_languages(tmp_path, capsys):
    text = shipped()
    for right, wrong in (
        ('bank_card = "no"', 'bank_card = "yes"'),
        ('own_clock = "no"', 'own_clock = "unanswered"'),
        ('environment_report = "no"', 'environment_report = "yes"'),
        ('vendor = "Xiangka"', 'vendro = "Xiangka"'),
    ):
        text = text.replace(right, wrong, 1)
    path = tmp_path / "subject.toml"
    path.write_text(text, encoding="utf-8")
    assert main(["statement", "check", str(path)]) == WRONG_INPUT
    said = capsys.readouterr().out
    for key in ("identity.vendro", "identity.vendor", "options.own_clock", "bank_card = yes + contactless_reader = no"):
        assert key in said
    assert "no [declarations.environment]" in said
    assert "共 5 处待处理" in said
    assert "未定 open" in said[said.index("EHC-TRM-032") :]


def test_an_answer_that_denies_what_the_bench_binds_is_a_problem(tmp_path, capsys):
    sound, bench_file = SUBJECTS / "emulated-gm65.toml", str(BENCHES / "emulated-gm65.toml")
    assert main(["statement", "check", str(sound), "--bench", bench_file]) == 0
    path = tmp_path / "subject.toml"
    text = shipped()
    for name in ("keyboard_link", "keyboard_layout_us", "keyboard_layout_zh"):
        text = text.replace(f'{name} = "yes"', f'{name} = "no"')
    path.write_text(text, encoding="utf-8")
    assert main(["statement", "check", str(path)]) == 0
    capsys.readouterr()
    assert main(["statement", "check", str(path), "--bench", bench_file]) == WRONG_INPUT
    said = capsys.readouterr().out
    assert "options.keyboard_link" in said
    assert "the bench binds [keyboard]" in said
    (note,) = denied_notes(load_bench(BENCHES / "emulated-gm65.toml"), load_subject(path))
    assert "rows are left out because of that answer" in note.en


def test_a_document_that_is_missing_or_another_is_a_problem_too(tmp_path, capsys):
    text = shipped()
    text = text.replace('environment_report = "no"', 'environment_report = "yes"')
    declared = (
        '[declarations.environment]\nfile = "report.pdf"\nsha256 = "{}"\nlaboratory = "L"\naccreditation = "A"\n'
        'issued = 2026-01-01\nmodel = "EMU-GM65"\ndevice = "1"\n'
    )
    path = tmp_path / "subject.toml"
    path.write_text(text + declared.format("0" * 64), encoding="utf-8")
    load_subject(path)
    assert main(["statement", "check", str(path)]) == WRONG_INPUT
    assert "declarations.environment.file" in capsys.readouterr().out
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.4\n% synthetic\n")
    assert main(["statement", "check", str(path)]) == WRONG_INPUT
    assert "declarations.environment.sha256" in capsys.readouterr().out


def test_a_photograph_that_is_missing_is_a_problem_too(tmp_path, capsys):
    path = tmp_path / "subject.toml"
    path.write_text('photographs = ["front.png"]\n' + shipped(), encoding="utf-8")
    assert main(["statement", "check", str(path)]) == WRONG_INPUT
    assert "photographs[0]" in capsys.readouterr().out
