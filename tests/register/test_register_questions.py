"""What ``xiangka register`` is asked: of a day gone by, a paper and its firmware, a register of another centre."""

import json
import shutil
from datetime import datetime, timedelta

import pytest

from certification.certificates import CHINA
from certification.errors import PlanError
from register.published_words import demand_publishable
from tests.register.passed_runs import firmware_hash, specimen_keys
from tests.register.test_register_commands import number_of, register, run, typed

__all__ = ["register", "run", "typed"]

pytestmark = pytest.mark.usefixtures("quickly_set")


def test_a_paper_and_the_firmware_in_hand_are_both_checked(register, run, keys, tmp_path):
    number = number_of(register("issue", run, sign=True)[1])
    paper = ("check", "--document", run / f"certificate-{number}.pdf")
    assert register(*paper, "--firmware-hash", firmware_hash("V1.23"))[0] == 0
    code, said, _ = register(*paper, "--firmware-hash", "0" * 64, "--json")
    assert (code, json.loads(said)["in_force"], json.loads(said)["device"]["cover"]) == (1, True, "not covered")
    assert register(*paper, "--firmware-hash", "abc")[0] == 4
    assert register(*paper, "--number", number)[0] == 0
    assert register(*paper, "--number", "HNEHC-2026-9999")[0] == 1
    code, said, _ = register(*paper, "--on", "2020-01-01")
    assert code == 1
    assert "not given out yet" in said


def test_a_register_of_another_centre_is_told_where_ones_own_is_named(register, run, keys, tmp_path, monkeypatch):
    register("issue", run, sign=True)
    assert "(SM3 " in register("show")[1]
    monkeypatch.setenv("XIANGKA_CENTRE", str(keys / "centre.pem"))
    assert register("show")[0] == 0
    others = specimen_keys(tmp_path / "others") / "centre.pem"
    question = ("check", "--firmware-hash", firmware_hash("V1.23"))
    for words in (("show",), question, ("warnings",)):
        code, said, complaint = register(*words, "--centre", others)
        assert (code, said) == (1, "")
        assert "register of another centre" in complaint
    monkeypatch.setenv("XIANGKA_CENTRE", str(others))
    assert register("show")[0] == 1
    assert register("export", tmp_path / "public", sign=True)[0] == 1


def test_a_register_that_lost_acts_is_found_beside_its_last_listing(register, run, tmp_path):
    shutil.copy(tmp_path / "register.sqlite", tmp_path / "before.sqlite")
    register("issue", run, sign=True)
    register("export", tmp_path / "public", sign=True)
    assert register("show", "--listing", tmp_path / "public")[0] == 0
    code, _, said = register("show", "--database", tmp_path / "before.sqlite", "--listing", tmp_path / "public")
    assert code == 1
    assert "does not contain the 2 acts" in said


def test_a_day_before_the_first_act_knows_no_certificate(register, run):
    number = number_of(register("issue", run, sign=True)[1])
    (record,) = json.loads(register("show", "--json")[1])
    assert record["history"][0]["why"] == {"zh": "首次签发", "en": "first issue"}
    assert json.loads(register("show", "--json", "--on", "2020-01-01")[1]) == []
    code, _, said = register("show", number, "--on", "2020-01-01")
    assert code == 4
    assert "issued only on" in said


@pytest.mark.parametrize("number", ["13812345678", "+86 138 1234 5678", "１３８１２３４５６７８", "0086-138-1234-5678"])
def test_words_with_a_mobile_number_are_not_published(number):
    with pytest.raises(PlanError, match="a mobile number in clear"):
        demand_publishable("调查", f"投诉人 {number}", where="--reason")


@pytest.mark.parametrize("words", ["检测备案〔2026〕0417 号", "第 213812345678 号", "12812345678", "V1.38.1234.5678"])
def test_other_numbers_are(words):
    demand_publishable(words, where="--reason")


def test_what_expired_untold_is_told_in_words(register, run, monkeypatch):
    register("issue", run, "--until", datetime.now(CHINA).date() + timedelta(days=9), sign=True)
    late = datetime.now(CHINA) + timedelta(days=20)
    monkeypatch.setattr("xiangka.register_opening.now", lambda: late)
    monkeypatch.setattr("xiangka.register_warning.now", lambda: late)
    assert "expired 11 days ago" in register("warnings", "--new")[1]
    assert register("warnings", "--new")[1] == ""
