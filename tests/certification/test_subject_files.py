"""Subject files: what is accepted, and in which words the rest is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import fixtures
from certification.catalogue import SubjectKind
from certification.errors import PlanError
from certification.subject import IDENTITY_FIELDS, undeclared
from certification.subject_file import load_subject

SHIPPED = sorted((Path(fixtures.__file__).parent / "subjects").glob("*.toml"))
SOUND = """\
kind = "terminal"

[identity]
vendor = "Acme"
model = "Q30"
serial = "0001"
hardware = "V1.00"
firmware = "V1.23"
firmware_sha256 = "8a29e0b677525f438cdda2fdbe9c618a44d5543a153f6783db62cc6e58320195"
filing_number = "none"

[options]
serial_link = "yes"
keyboard_link = "no"
keyboard_layout_us = "no"
keyboard_layout_zh = "no"
hid_pos_link = "no"
web_plugin = "no"
pcsc_link = "no"
usb_link = "no"
network_link = "no"
card_reader = "no"
contact_reader = "no"
contactless_reader = "no"
magnetic_reader = "no"
card_code = "yes"
social_security_card = "no"
visit_card_m1 = "no"
visit_card_magnetic = "no"
bank_card = "no"
identity_card = "no"
micro_qr = "no"
data_matrix = "no"
pdf417 = "no"
code_128 = "no"
ean = "no"
symbology_tag = "no"
white_light = "yes"
red_light = "no"
aimer = "no"
coloured_codes = "no"
security_module = "no"
firmware_update = "no"
own_clock = "no"
environment_report = "no"
"""


@pytest.fixture
def subject_file(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes the sound file with one thing replaced."""

    def write(right: str = "", wrong: str = "") -> Path:
        assert right in SOUND
        path = tmp_path / "acme.toml"
        path.write_text(SOUND.replace(right, wrong, 1) if right else SOUND, encoding="utf-8")
        return path

    return write


def complaint(path: Path) -> PlanError:
    with pytest.raises(PlanError) as caught:
        load_subject(path)
    said = str(caught.value)
    assert "\n" not in said
    assert str(path) in caught.value.where
    assert caught.value.what in said
    assert caught.value.remedy in said
    return caught.value


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_shipped_subjects_load(path):
    subject = load_subject(path)
    assert subject.declared
    assert {SubjectKind.TERMINAL: "card_code", SubjectKind.PLATFORM: "online_issuance"}[
        subject.kind
    ] in subject.yes_options


def test_there_are_shipped_subjects():
    assert len(SHIPPED) >= 2


def test_a_sound_file_is_taken_as_it_stands(subject_file):
    subject = load_subject(subject_file())
    assert (subject.identity.vendor, subject.identity.firmware) == ("Acme", "V1.23")
    assert subject.yes_options == {"serial_link", "card_code", "white_light"}


def test_options_left_unanswered_are_all_listed(subject_file):
    path = subject_file('usb_link = "no"\nnetwork_link = "no"', 'usb_link = "unanswered"')
    error = complaint(path)
    assert error.what == "options left unanswered: usb_link, network_link"
    assert error.where == f"{path} [options]"
    assert error.remedy == 'answer each with "yes" or "no"'


@pytest.mark.parametrize(
    ("right", "wrong", "key", "meant"),
    [
        ("vendor =", "vendro =", "identity.vendro", "vendor"),
        ("keyboard_link =", "keybord_link =", "options.keybord_link", "keyboard_link"),
        ("[options]", "[option]", "option", "options"),
        ("kind =", "knd =", "knd", "kind"),
    ],
)
def test_a_misspelt_key_is_answered_with_the_one_meant(subject_file, right, wrong, key, meant):
    error = complaint(subject_file(right, wrong))
    assert error.what == f"unknown key {key!r}"
    assert error.remedy == f"did you mean {meant!r}?"


def test_a_key_like_no_other_is_answered_with_the_known_ones(subject_file):
    error = complaint(subject_file("vendor =", 'zzz = "1"\nvendor ='))
    assert error.what == "unknown key 'identity.zzz'"
    assert "vendor" in error.remedy


@pytest.mark.parametrize(
    ("right", "key"),
    [
        ('serial = "0001"\n', "identity.serial"),
        ('kind = "terminal"\n', "kind"),
        ('filing_number = "none"\n', "identity.filing_number"),
    ],
)
def test_a_missing_key_is_named(subject_file, right, key):
    error = complaint(subject_file(right, "\n"))
    assert (error.what, error.remedy) == (f"key {key!r} is missing", "add it")


@pytest.mark.parametrize(
    ("right", "wrong", "key"),
    [
        ("8a29e0b6", "8A29E0B6", "identity.firmware_sha256"),
        ("8a29e0b6", "8a29", "identity.firmware_sha256"),
        ("8a29e0b6", "8a29e0bg", "identity.firmware_sha256"),
        ('usb_link = "no"', 'usb_link = "maybe"', "options.usb_link"),
        ('usb_link = "no"', "usb_link = false", "options.usb_link"),
        ('serial = "0001"', "serial = 1", "identity.serial"),
        ('kind = "terminal"', 'kind = "printer"', "kind"),
    ],
)
def test_a_wrong_value_is_named_and_shown(subject_file, right, wrong, key):
    error = complaint(subject_file(right, wrong))
    assert error.what.startswith(f"{key}: ")
    assert "(found " in error.what
    assert error.remedy == "correct the value"


def test_a_missing_file_is_named(tmp_path):
    error = complaint(tmp_path / "nowhere.toml")
    assert error.what == "cannot be read (No such file or directory)"
    assert "--subject" in error.remedy


def test_a_folder_is_no_subject_file(tmp_path):
    assert "cannot be read" in complaint(tmp_path).what


def test_a_file_that_is_not_toml_is_refused_at_its_line(subject_file):
    error = complaint(subject_file('model = "Q30"', "model: Q30"))
    assert re.search(r"is not TOML: .*line 5", error.what)


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "scan.toml"
    path.write_bytes(b'vendor = "\xcf\xe6"')
    assert "is not TOML" in complaint(path).what


def test_a_terminal_nobody_filed_has_what_it_says_of_itself_and_a_serial_link():
    subject = undeclared(SubjectKind.TERMINAL, {"vendor": "Acme", "model": None}, ["serial_link"])
    assert not subject.declared
    assert [getattr(subject.identity, name) for name in IDENTITY_FIELDS] == ["Acme", "—", "—", "—", "—"]
    assert subject.yes_options == {"serial_link"}
    assert subject.identity.firmware_sha256 is None


PLATFORM = """\
kind = "platform"

[identity]
vendor = "Acme"
model = "Cards"
serial = "east"
hardware = "2 cores"
firmware = "4.1"
filing_number = "none"

[options]
online_issuance = "yes"
offline_issuance = "no"
record_sharing = "no"
own_figures = "no"
"""


def platform_file(tmp_path: Path, right: str = "", wrong: str = "") -> Path:
    assert right in PLATFORM
    path = tmp_path / "platform.toml"
    path.write_text(PLATFORM.replace(right, wrong, 1) if right else PLATFORM, encoding="utf-8")
    return path


def test_a_platform_answers_its_own_options_and_needs_no_firmware_digest(tmp_path):
    subject = load_subject(platform_file(tmp_path))
    assert subject.kind is SubjectKind.PLATFORM
    assert subject.yes_options == {"online_issuance"}
    assert subject.identity.firmware_sha256 is None


@pytest.mark.parametrize(
    ("right", "wrong", "what", "remedy"),
    [
        ('"yes"', '"unanswered"', "options left unanswered: online_issuance", 'answer each with "yes" or "no"'),
        (
            "online_issuance",
            "online_isuance",
            "unknown key 'options.online_isuance'",
            "did you mean 'online_issuance'?",
        ),
        ('record_sharing = "no"\n', "", "options left unanswered: record_sharing", 'answer each with "yes" or "no"'),
        ("[options]", '[options]\nserial_link = "yes"', "unknown key 'options.serial_link'", "known keys"),
        ('serial = "east"\n', "", "key 'identity.serial' is missing", "add it"),
    ],
)
def test_a_platform_file_is_checked_as_closely_as_a_terminals(right, wrong, what, remedy, tmp_path):
    error = complaint(platform_file(tmp_path, right, wrong))
    assert error.what == what
    assert remedy in error.remedy


def test_a_platform_that_issues_no_card_is_no_subject(tmp_path):
    error = complaint(platform_file(tmp_path, '"yes"', '"no"'))
    assert "neither online nor offline" in error.what


def test_a_kind_without_a_statement_is_refused_with_the_kinds_that_have_one(subject_file):
    error = complaint(subject_file('kind = "terminal"', 'kind = "kiosk"'))
    assert error.what == "no statement is known for a kiosk"
    assert '"terminal"' in error.remedy
    assert '"platform"' in error.remedy


def test_a_platform_nobody_filed_has_only_what_is_known_of_it():
    subject = undeclared(SubjectKind.PLATFORM, {"vendor": "Acme"}, ["offline_issuance"])
    assert not subject.declared
    assert subject.yes_options == {"offline_issuance"}
