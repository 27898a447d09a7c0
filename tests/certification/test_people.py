"""What a run says of people stands apart from what is published of it, and comes together again."""

import json
from pathlib import Path

import pytest

from certification.laboratory import LaboratoryFile, load_laboratory
from certification.people import WITHHELD, apart, lacks_people, together

SAID = load_laboratory(Path("fixtures/laboratories/specimen.toml")).model_dump(mode="json")
FORM = {
    "requirement": "EHC-TRM-050",
    "file": "forms/x.toml",
    "sha256": "ab" * 32,
    "operator": "甲",
    "date": "2026-01-01",
}
RECORD = {"schema": 1, "run": "r", "laboratory": SAID, "forms": [FORM, {**FORM, "operator": "乙"}], "notes": []}


def test_nothing_of_people_is_left_and_all_comes_back():
    shown, people = apart(RECORD)
    told = json.dumps(shown, ensure_ascii=False)
    for name in ("operator", "reviewer", "authoriser"):
        assert SAID["people"][name]["zh"] not in told
    for name in ("address", "contact"):
        assert SAID["customer"][name]["zh"] not in told
    assert "甲" not in told
    assert "ab" * 32 not in told
    assert SAID["customer"]["name"]["zh"] in told
    assert together(shown, people) == RECORD


def test_without_them_the_record_can_be_read_and_says_so():
    shown, _ = apart(RECORD)
    full = together(shown, None)
    read = LaboratoryFile.model_validate(full["laboratory"])
    assert [read.people.operator.zh, read.people.authoriser.en, read.customer.contact.zh] == [
        "未公开",
        "withheld",
        "未公开",
    ]
    assert [form["operator"] for form in full["forms"]] == [f"{WITHHELD.zh} {WITHHELD.en}"] * 2


def test_a_run_that_tells_of_nobody_has_nothing_apart():
    record = {"run": "r", "laboratory": None, "forms": []}
    assert apart(record) == (record, {})
    assert not lacks_people(record)
    assert together(record, None) == record


@pytest.mark.parametrize("people", [[], {}, {"laboratory": {}}, {"laboratory": 7}, {**apart(RECORD)[1], "forms": []}])
def test_people_of_another_run_are_refused(people):
    with pytest.raises(ValueError, match=r"does not belong|shorter"):
        together(apart(RECORD)[0], people)
