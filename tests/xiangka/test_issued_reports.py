"""Which reports of a run stand, which numbers are used, and what may still be issued."""

from __future__ import annotations

from pathlib import Path

import pytest

from certification.errors import PlanError
from evidence.signed import signature_path
from reports.pdf.issue import report_file
from xiangka.issued_reports import (
    IssuedReport,
    checked_number,
    require_new,
    require_replaceable,
    same_number,
    standing_of,
)

OLD, NEW = "湘电健检〔2026〕017 号", "B7"


def issued(number: str, *langs: str, replaces: str | None = None) -> list[IssuedReport]:
    return [IssuedReport(Path(report_file(number, lang)), lang, number, replaces) for lang in langs or ("zh", "en")]


@pytest.mark.parametrize("other", ["湘电健检[2026]017号", "湘电健检(2026)017 号", "湘电健检（２０２６）017号"])
def test_width_spaces_and_brackets_make_no_other_number(other, tmp_path):
    assert same_number(OLD, other)
    with pytest.raises(PlanError, match="a number is used once"):
        require_new(other, ["zh"], tmp_path, issued(OLD), None)
    with pytest.raises(PlanError, match="cannot replace itself"):
        require_replaceable(OLD, other, ())


def test_the_longest_number_still_names_a_file(tmp_path):
    number = checked_number("检" * 60)
    signature_path(tmp_path / report_file(number, "zh")).touch()
    with pytest.raises(PlanError, match="at most 180 bytes, that is 60 Chinese characters"):
        checked_number("检" * 61)


@pytest.mark.parametrize("number", ["", " ", "..", "-", "a/b"])
def test_what_names_no_file_is_no_number(number):
    with pytest.raises(PlanError, match="cannot be a report's number"):
        checked_number(number)


def test_a_second_report_of_a_run_must_replace_the_first(tmp_path):
    with pytest.raises(PlanError, match=f"the run has report No. {OLD}, which stands"):
        require_new(NEW, ["zh"], tmp_path, issued(OLD), None)
    require_new(NEW, ["zh"], tmp_path, issued(OLD), OLD)
    require_new(NEW, ["zh"], tmp_path, [], None)


def test_the_other_edition_of_a_report_is_no_second_one(tmp_path):
    require_new(OLD, ["en"], tmp_path, issued(OLD, "zh"), None)
    replaced = [*issued(OLD), *issued(NEW, "zh", replaces=OLD)]
    require_new(NEW, ["en"], tmp_path, replaced, OLD)
    require_replaceable(OLD, NEW, replaced)
    for number, amends in ((OLD, NEW), (NEW, None), (NEW, "B6")):
        with pytest.raises(PlanError, match="a number is used once"):
            require_new(number, ["en"], tmp_path, replaced, amends)


def test_a_void_report_is_not_replaced_again():
    found = [*issued(OLD), *issued(NEW, replaces=OLD)]
    assert {one.number for one in standing_of(found)} == {NEW}
    with pytest.raises(PlanError, match=f"is void: report No. {NEW} has replaced it"):
        require_replaceable(OLD, "B8", found)
    require_replaceable(NEW, "B8", found)


def test_no_file_is_written_over(tmp_path):
    (tmp_path / report_file(NEW, "zh")).touch()
    with pytest.raises(PlanError, match="is there already, and a report is never overwritten"):
        require_new(NEW, ["zh", "en"], tmp_path, [], None)
