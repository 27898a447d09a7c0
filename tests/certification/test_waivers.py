"""What becomes of a waiver: when it counts, what it changes, and that it never outlives its reason."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from certification.catalogue import Level, Text
from certification.subject import Identity
from certification.verdicts import Row, Verdict
from certification.waivers import FiledWaiver, State, Waiver, overall_with_waivers, weigh
from reports.report_words import WAIVER_STATES

IDENTITY = Identity(
    vendor="甲", model="Q30", serial="1", hardware="A", firmware="V1", firmware_sha256=None, filing_number="none"
)
TODAY = date(2026, 11, 28)
BEGAN = datetime(2026, 11, 27, 9, tzinfo=UTC)
ROW, OTHER = "EHC-TRM-007", "EHC-TRM-008"


def file(**changed):
    return {
        "waiver": 1,
        "id": "W-1",
        "kind": "waiver",
        "requirement": ROW,
        "approved_by": "乙",
        "issued": date(2026, 11, 1),
        "expires": date(2026, 12, 31),
        "reason": {"zh": "因", "en": "why"},
        "subject": {"vendor": "甲", "model": "Q30", "firmware": "V1"},
    } | changed


def filed(unsigned=None, signed_at=BEGAN, **changed):
    return FiledWaiver(Waiver.model_validate(file(**changed)), "w.toml", "00", {}, unsigned, signed_at)


def row(requirement, verdict, *, level=Level.SHALL, planned=True):
    text = Text(zh="", en="")
    return Row(requirement, Verdict(verdict), level, "T", False, planned, text, text, 1)


def state(one, *rows, identity=IDENTITY, day=TODAY):
    return weigh([one], rows or [row(ROW, "FAIL")], identity, day, BEGAN)[0].state


def test_a_failure_that_was_declared_is_met_with_its_waiver():
    assert state(filed()) is State.APPLIED


@pytest.mark.parametrize("field", ["vendor", "model", "firmware"])
def test_another_subject_or_firmware_is_out_of_scope(field):
    assert state(filed(), identity=IDENTITY.model_copy(update={field: "other"})) is State.OUT_OF_SCOPE


@pytest.mark.parametrize(
    ("day", "becomes"),
    [
        (date(2026, 10, 31), State.NOT_YET),
        (date(2026, 11, 1), State.APPLIED),
        (date(2026, 12, 31), State.APPLIED),
        (date(2027, 1, 1), State.EXPIRED),
    ],
)
def test_it_counts_from_its_first_day_to_its_last(day, becomes):
    assert state(filed(), day=day) is becomes


def test_signed_after_the_run_began_it_does_not_count_and_says_so():
    late = filed(signed_at=BEGAN + timedelta(seconds=1))
    one = weigh([late], [row(ROW, "FAIL")], IDENTITY, TODAY, BEGAN)[0]
    assert one.state is State.SIGNED_LATE
    assert not one.accepts(ROW)
    assert "after the run began" in one.remark().en
    assert "在试验开始之后" in one.remark().zh
    assert late.standing(IDENTITY, TODAY) is None


def test_two_years_are_the_longest_it_may_span():
    assert Waiver.model_validate(file(expires=date(2028, 11, 1)))
    with pytest.raises(ValidationError, match="it spans more than 2 years"):
        Waiver.model_validate(file(expires=date(2028, 11, 2)))


def test_every_state_has_its_words_in_both_languages():
    assert WAIVER_STATES.keys() == set(State)


def test_unsigned_it_does_not_count_whatever_else_it_is():
    nobody = Text(zh="无", en="nobody signed it")
    one = weigh([filed(nobody)], [row(ROW, "FAIL")], IDENTITY, TODAY, BEGAN)[0]
    assert one.state is State.UNSIGNED
    assert "nobody signed it" in one.remark().en


@pytest.mark.parametrize("kind", ["waiver", "known_issue"])
def test_a_row_that_passes_though_declared_to_fail_makes_the_run_fail(kind):
    rows = [row(ROW, "PASS"), row(OTHER, "PASS")]
    weighed = weigh([filed(kind=kind)], rows, IDENTITY, TODAY, BEGAN)
    assert weighed[0].state is State.UNEXPECTED_PASS
    assert "passes although declared to fail; take it out" in weighed[0].remark().en
    assert overall_with_waivers(rows, weighed) is Verdict.FAIL


def test_an_expired_waiver_of_a_row_that_passes_is_no_error():
    rows = [row(ROW, "PASS")]
    weighed = weigh([filed(expires=date(2026, 11, 2))], rows, IDENTITY, TODAY, BEGAN)
    assert weighed[0].state is State.EXPIRED
    assert overall_with_waivers(rows, weighed) is Verdict.PASS


@pytest.mark.parametrize("verdict", ["INCONCLUSIVE", "NOT_ASSESSED", "RIG_ERROR", "NOT_APPLICABLE"])
def test_a_row_without_a_result_leaves_it_unused_and_itself_as_it_is(verdict):
    rows = [row(ROW, verdict), row(OTHER, "PASS")]
    weighed = weigh([filed()], rows, IDENTITY, TODAY, BEGAN)
    assert weighed[0].state is State.UNUSED
    assert weighed[0].remark() is None
    assert overall_with_waivers(rows, weighed) == ("PASS" if verdict == "NOT_APPLICABLE" else verdict)


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([row(ROW, "FAIL"), row(OTHER, "PASS")], "PASS"),
        ([row(ROW, "FAIL")], "PASS"),
        ([row(ROW, "FAIL"), row(OTHER, "FAIL", level=Level.SHOULD)], "PASS"),
        ([row(ROW, "FAIL"), row(OTHER, "FAIL")], "FAIL"),
        ([row(ROW, "FAIL"), row(OTHER, "INCONCLUSIVE")], "INCONCLUSIVE"),
        ([row(ROW, "FAIL"), row(OTHER, "RIG_ERROR")], "RIG_ERROR"),
        ([row(ROW, "FAIL"), row(OTHER, "FAIL", planned=False)], "PASS"),
    ],
)
def test_the_run_comes_to_what_is_left_when_waived_rows_may_fail(rows, word):
    assert overall_with_waivers(rows, weigh([filed()], rows, IDENTITY, TODAY, BEGAN)) == word


def test_a_known_issue_accepts_nothing():
    rows = [row(ROW, "FAIL"), row(OTHER, "PASS")]
    weighed = weigh([filed(kind="known_issue")], rows, IDENTITY, TODAY, BEGAN)
    assert weighed[0].state is State.APPLIED
    assert overall_with_waivers(rows, weighed) is Verdict.FAIL


@pytest.mark.parametrize(
    "wrong",
    [
        {"expires": date(2026, 10, 1)},
        {"id": "../W"},
        {"kind": "excuse"},
        {"requirement": "7"},
        {"reason": {"zh": "因"}},
        {"subject": {"vendor": "甲", "model": "Q30"}},
        {"waiver": 2},
        {"forever": True},
    ],
)
def test_a_file_that_is_not_one_is_refused(wrong):
    with pytest.raises(ValidationError):
        Waiver.model_validate(file(**wrong))
