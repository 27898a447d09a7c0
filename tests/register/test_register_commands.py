"""``xiangka register`` as it is typed: what it prints, what it leaves, and its exit codes."""

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from certification.certificates import CHINA
from evidence.keys.specimen import PASSWORD_FILE
from tests.register.passed_runs import Told, firmware_hash, hardware_keys, passed_run, specimen_keys
from xiangka.cli import main

pytestmark = pytest.mark.usefixtures("quickly_set")

NUMBER = "HNEHC-SPECIMEN-2026-0001"


@pytest.fixture
def typed(tmp_path, monkeypatch, keys, capsys):
    """Types a command; gives exit code, output and complaint."""
    monkeypatch.setenv("XIANGKA_REGISTER", str(tmp_path / "register.sqlite"))
    monkeypatch.delenv("XIANGKA_CENTRE", raising=False)
    signing = ("--keys", str(keys / "authoriser"), "--password-file", str(keys / PASSWORD_FILE))

    def run(*words, sign=False):
        code = main(["register", *map(str, words), *(signing if sign else ())])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out, printed.err

    return run


@pytest.fixture
def register(typed):
    """A register of specimens."""
    options = ("--name", "样本登记簿", "--name-en", "Specimens", "--url", "https://ehc.example.org/r/", "--specimen")
    assert typed("init", *options, sign=True)[0] == 0
    return typed


@pytest.fixture
def run(tmp_path, keys):
    return passed_run(tmp_path, keys, Told(emulated=True))


def number_of(said):
    return said.split(":")[0]


def test_a_certificate_from_issue_to_withdrawal(register, run, tmp_path):
    digest = firmware_hash("V1.23")
    code, said, _ = register("issue", run, sign=True)
    number = number_of(said)
    assert (code, number[:15]) == (0, NUMBER[:15])
    assert (run / f"certificate-{number}.pdf").is_file()
    assert register("check", "--firmware-hash", digest)[0] == 0
    assert register("check", "--firmware-hash", "0" * 64)[0] == 1
    assert register("suspend", number, "--reason", "调查", sign=True)[0] == 0
    code, said, _ = register("check", "--firmware-hash", digest, "--json")
    assert (code, json.loads(said)["cover"], json.loads(said)["specimen"]) == (1, "suspended", True)
    assert register("suspend", number, "--reason", "调查", sign=True)[0] == 4
    assert register("reinstate", number, "--reason", "查清", sign=True)[0] == 0
    assert register("show", number, "--documents", tmp_path / "kept")[0] == 0
    assert (tmp_path / "kept" / f"certificate-{number}.pdf").read_bytes() == (
        run / f"certificate-{number}.pdf"
    ).read_bytes()
    assert register("withdraw", number, "--reason", "停产", sign=True)[0] == 0
    (record,) = json.loads(register("show", "--json")[1])
    assert record["standing"] == "withdrawn"
    assert [entry["act"] for entry in record["history"]] == ["issue", "suspend", "reinstate", "withdraw"]
    assert "样本 SPECIMEN" in register("show")[1]


def test_a_subject_file_is_compared_field_by_field(register, run, tmp_path):
    register("issue", run, sign=True)
    subject = tmp_path / "subject.toml"
    text = Path("fixtures/subjects/emulated-gm65.toml").read_text(encoding="utf-8")
    told = {"Xiangka": "湘江智能 Xiangjiang", "EMU-GM65": "XJ-Q30", "V1.00": "V2.10"}
    for old, new in told.items():
        text = text.replace(f'"{old}"', f'"{new}"')
    filed = "8a29e0b677525f438cdda2fdbe9c618a44d5543a153f6783db62cc6e58320195"
    subject.write_text(text.replace(filed, firmware_hash("V1.23")), encoding="utf-8")
    assert register("check", "--subject", subject)[0] == 0
    code, said, _ = register("check", "--subject", subject, "--firmware-hash", firmware_hash("V1.24"))
    assert code == 1
    assert "other firmware" in said
    subject.write_text(text, encoding="utf-8")
    assert register("check", "--subject", subject)[0] == 1


def test_warnings_are_told_once_where_that_is_asked(register, run, monkeypatch):
    register("issue", run, sign=True)
    (record,) = json.loads(register("show", "--json")[1])
    expires = record["wording"]["expires"]

    def days_before(days, *options):
        said = register("warnings", "--on", _before(expires, days), "--json", *options)[1]
        return [one["days_ahead"] for one in json.loads(said)]

    assert [days_before(days) for days in (91, 90, 30, 7, 0, -1)] == [[], [90], [30], [7], [7], []]
    assert [days_before(days, "--new") for days in (7, 7)] == [[7], [7]]

    def on_the_day(days):
        moment = datetime.combine(_before(expires, days), time(9), CHINA)
        monkeypatch.setattr("xiangka.register_opening.now", lambda: moment)
        monkeypatch.setattr("xiangka.register_warning.now", lambda: moment)
        return days_before(days, "--new")

    told = [on_the_day(days) for days in (91, 90, 89, 31, 30, 29, 8, -3, -4)]
    assert told == [[], [90], [], [], [30], [], [], [0], []]
    assert "90 天预警" in register("warnings", "--on", _before(expires, 60))[1]


def _before(day, days):
    return date.fromisoformat(day) - timedelta(days=days)


def test_a_hospital_asks_a_listing_with_the_centres_certificates(register, run, tmp_path, keys):
    register("issue", run, sign=True)
    assert register("export", tmp_path / "public", sign=True)[0] == 0
    question = ("check", "--listing", tmp_path / "public", "--firmware-hash", firmware_hash("V1.23"))
    assert register(*question, "--centre", keys / "centre.pem")[0] == 0
    assert register(*question)[0] == 4
    (tmp_path / "public" / "register.json").write_text("{}")
    code, _, said = register(*question, "--centre", keys / "centre.pem")
    assert code == 1
    assert said.count("\n") == 1


def test_a_certificate_at_hand_is_told_genuine_outdated_or_unknown(register, run, tmp_path, keys):
    number = number_of(register("issue", run, sign=True)[1])
    first = run / f"certificate-{number}.pdf"
    assert register("check", "--document", first)[0] == 0
    register("amend", number, "--reason", "更正", "--correct", "filing_number=0418", "--out", tmp_path, sign=True)
    code, said, _ = register("check", "--document", first, "--json")
    found = json.loads(said)
    assert (code, found["known"], found["in_force"], found["standing"]) == (1, True, False, "valid")
    second = tmp_path / f"certificate-{number}-2.pdf"
    register("export", tmp_path / "public", sign=True)
    public = ("--listing", tmp_path / "public", "--centre", keys / "centre.pem")
    assert register("check", "--document", second, *public)[0] == 0
    register("suspend", number, "--reason", "调查", sign=True)
    assert register("check", "--document", second)[0] == 1
    second.write_bytes(second.read_bytes() + b" ")
    code, said, _ = register("check", "--document", second)
    assert code == 1
    assert "not a document of this register" in said


def test_a_run_that_does_not_verify_is_exit_1_and_one_that_does_not_suffice_exit_4(register, run, keys, tmp_path):
    unsigned = passed_run(tmp_path, keys, Told(name="unsigned", emulated=True), roles=("laboratory",))
    assert register("issue", unsigned, sign=True)[0] == 1
    failed = passed_run(tmp_path, keys, Told(name="failed", emulated=True, changes={"defect": "drops-last-byte"}))
    code, _, said = register("issue", failed, sign=True)
    assert code == 4
    assert "deliberate defect" in said
    assert json.loads(register("show", "--json")[1]) == []


def test_a_register_of_specimen_keys_is_one_of_specimens(typed, tmp_path):
    others = specimen_keys(tmp_path / "others")
    signing = ("--keys", others / "authoriser", "--password-file", others / PASSWORD_FILE)
    code, _, said = typed("init", "--name", "登记簿", "--url", "https://ehc.example.org", *signing)
    assert code == 4
    assert "SPECIMEN" in said
    assert not (tmp_path / "register.sqlite").exists()


def test_the_authoriser_of_another_centre_does_nothing(register, run, tmp_path):
    number = number_of(register("issue", run, sign=True)[1])
    assert register("export", tmp_path / "public", sign=True)[0] == 0
    before = (tmp_path / "public" / "register.json").read_bytes()
    others = hardware_keys(tmp_path / "others")
    signing = ("--keys", others / "authoriser", "--password-file", others / PASSWORD_FILE)
    for words in (
        ("suspend", number, "--reason", "调查"),
        ("amend", number, "--reason", "更正", "--correct", "filing_number=0418"),
        ("export", tmp_path / "public"),
    ):
        code, _, said = register(*words, *signing)
        assert code == 4
        assert "was not issued by this centre" in said
    assert (tmp_path / "public" / "register.json").read_bytes() == before
    assert register("show", number)[0] == 0


@pytest.mark.parametrize(
    "url", ["ehc.example.org", "https://ehc.example.org/?a=b", "https://例.org", "https://x/" + "y" * 120]
)
def test_an_address_no_listing_can_stand_under_is_refused(typed, url):
    assert typed("init", "--name", "登记簿", "--url", url, "--specimen", sign=True)[0] == 4


@pytest.mark.parametrize(
    "words",
    [
        ("show", "HNEHC-2026-9999"),
        ("check",),
        ("check", "--firmware-hash", "abc"),
        ("check", "--subject", "nowhere.toml"),
        ("check", "--document", "nowhere.pdf"),
        ("check", "--firmware-hash", "0" * 64, "--on", "tomorrow"),
        ("check", "--listing", "nowhere", "--centre", "nowhere.pem", "--firmware-hash", "0" * 64),
    ],
)
def test_a_wrong_question_is_one_line_and_exit_4(register, words):
    code, said, complaint = register(*words)
    assert (code, said) == (4, "")
    assert complaint.count("\n") == 1
    assert "; " in complaint


def test_no_register_is_named_or_there(typed, monkeypatch, tmp_path):
    assert typed("show")[0] == 4
    monkeypatch.delenv("XIANGKA_REGISTER")
    code, _, said = typed("show")
    assert code == 4
    assert "no register is named" in said
    assert list(tmp_path.iterdir()) == []


def test_an_amendment_is_written_as_field_and_text(register, run, tmp_path):
    number = number_of(register("issue", run, sign=True)[1])
    out = ("--out", tmp_path / "here")
    for wrong in ("vendor", "vendor=", "price=1", "vendor=新名称", "model=XJ-Q31"):
        assert register("amend", number, "--reason", "更正", "--correct", wrong, *out, sign=True)[0] == 4
    assert register("amend", number, "--reason", "更正", "--correct", "filing_number=0418", *out, sign=True)[0] == 0
    assert (tmp_path / "here" / f"certificate-{number}-2.pdf").is_file()
    assert "0418" in register("show", number)[1]
