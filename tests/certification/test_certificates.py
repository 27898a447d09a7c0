"""What a history makes of a certificate: standings, open acts, days of validity, warnings, cover by firmware."""

import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from certification.catalogue import Text, load_catalogue
from certification.certificates import (
    AFTER_EXPIRY,
    CHINA,
    WARNING_DAYS,
    Act,
    Certificate,
    Entry,
    Shown,
    Standing,
    Subject,
    Wording,
    certificates_of,
    demand_open,
    last_day,
    untold,
    warning,
)
from certification.cover import Cover, Device, cover
from certification.errors import PlanError
from certification.observations import Observation
from certification.verdicts import Verdict, judge

ISSUED = date(2026, 12, 1)
NEXT = date(2026, 12, 2)
EXPIRES = date(2029, 11, 30)
WHY = Text(zh="缘由", en="a reason")
NUMBER = "HNEHC-2026-0001"
SUBJECT = Subject("terminal", "湘江智能", "XJ-Q30", "V2.10", "备案 1")


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def shown(firmware="V1.23"):
    return Shown(firmware, digest(firmware), f"run-{firmware}", "ab" * 32, "full", "2026.11", ISSUED)


WORDING = Wording(1, ISSUED, EXPIRES, Text(zh="实验室", en="laboratory"), "CMA 1", SUBJECT, (shown(),))


def certificate(*acts, wording=WORDING, number=NUMBER):
    entries = [Entry(number, Act.ISSUE, _at(ISSUED), "乙", WHY, wording)]
    entries += [Entry(number, act, _at(ISSUED + timedelta(days=n)), "乙", WHY) for n, act in enumerate(acts, 1)]
    return certificates_of(entries)[number]


def _at(day):
    return datetime(day.year, day.month, day.day, 9, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("acts", "day", "standing"),
    [
        ((), ISSUED, Standing.VALID),
        ((), EXPIRES, Standing.VALID),
        ((), EXPIRES + timedelta(days=1), Standing.EXPIRED),
        ((Act.SUSPEND,), EXPIRES, Standing.SUSPENDED),
        ((Act.SUSPEND,), EXPIRES + timedelta(days=1), Standing.EXPIRED),
        ((Act.SUSPEND, Act.REINSTATE), EXPIRES, Standing.VALID),
        ((Act.SUSPEND, Act.WITHDRAW), EXPIRES, Standing.WITHDRAWN),
        ((Act.WITHDRAW,), EXPIRES + timedelta(days=1), Standing.WITHDRAWN),
    ],
)
def test_standing_follows_from_history_and_day(acts, day, standing):
    assert certificate(*acts).standing(day) is standing


LATE = EXPIRES + timedelta(days=1)
OPEN = {
    ((), ISSUED): {Act.SUSPEND, Act.WITHDRAW, Act.RENEW, Act.AMEND},
    ((Act.SUSPEND,), ISSUED): {Act.REINSTATE, Act.WITHDRAW},
    ((), LATE): {Act.WITHDRAW, Act.RENEW},
    ((Act.SUSPEND,), LATE): {Act.REINSTATE, Act.WITHDRAW},
    ((Act.WITHDRAW,), ISSUED): set(),
    ((Act.WITHDRAW,), LATE): set(),
}


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.ISSUE])
@pytest.mark.parametrize(("acts", "day"), OPEN)
def test_an_act_is_open_only_where_it_makes_sense(acts, day, act):
    if act in OPEN[acts, day]:
        demand_open(act, certificate(*acts), day)
    else:
        with pytest.raises(PlanError, match="cannot be"):
            demand_open(act, certificate(*acts), day)


def test_a_new_wording_takes_the_place_of_the_old_and_its_history_stays():
    entries = [*certificate(Act.SUSPEND, Act.REINSTATE).history]
    later = replace(WORDING, edition=2, expires=EXPIRES + timedelta(days=700))
    entries.append(Entry(NUMBER, Act.RENEW, _at(EXPIRES), "乙", WHY, later))
    renewed = certificates_of(entries)[NUMBER]
    assert renewed.wording == later
    assert [entry.act for entry in renewed.history] == [Act.ISSUE, Act.SUSPEND, Act.REINSTATE, Act.RENEW]


def test_an_act_on_what_was_never_issued_is_no_history():
    with pytest.raises(ValueError, match="before it was issued"):
        certificates_of([Entry(NUMBER, Act.SUSPEND, _at(ISSUED), "乙", WHY)])


def test_validity_is_three_years_at_most():
    assert last_day(date(2026, 12, 1)) == date(2029, 11, 30)
    assert last_day(date(2028, 2, 29)) == date(2031, 2, 28)
    assert last_day(ISSUED, date(2027, 1, 1)) == date(2027, 1, 1)
    for wrong in (date(2026, 11, 30), date(2029, 12, 1)):
        with pytest.raises(PlanError, match="not among the days"):
            last_day(ISSUED, wrong)


def test_a_certificate_never_outlasts_a_waiver_it_rests_on():
    ends = date(2027, 6, 30)
    assert last_day(ISSUED, None, ends) == ends
    assert last_day(ISSUED, None, date(2040, 1, 1)) == EXPIRES
    with pytest.raises(PlanError, match="not among the days"):
        last_day(ISSUED, date(2027, 7, 1), ends)
    with pytest.raises(PlanError, match="waiver ended"):
        last_day(ISSUED, None, ISSUED - timedelta(days=1))


def test_each_warning_begins_on_its_day_and_none_is_left_after_expiry():
    found = [warning(certificate(), EXPIRES - timedelta(days=left)) for left in (91, 90, 31, 30, 8, 7, 0, -1)]
    assert found == [None, 90, 90, 30, 30, 7, 7, None]


def test_a_withdrawn_certificate_warns_nobody_and_a_suspended_one_does():
    day = EXPIRES - timedelta(days=30)
    assert warning(certificate(Act.WITHDRAW), day) is None
    assert warning(certificate(Act.SUSPEND), day) == 30


def test_a_warning_is_told_once_and_days_that_were_missed_are_made_up():
    day = EXPIRES - timedelta(days=25)
    assert untold(certificate(), day, {90}) == 30
    assert untold(certificate(), day, {90, 30}) is None
    assert untold(certificate(), EXPIRES - timedelta(days=3), {90}) == 7
    assert untold(certificate(), EXPIRES - timedelta(days=89), {30}) is None


def test_what_expired_while_nobody_asked_is_told_late_and_once():
    assert untold(certificate(), LATE, {90, 30}) == AFTER_EXPIRY
    assert untold(certificate(), LATE + timedelta(days=400), set()) == AFTER_EXPIRY
    assert untold(certificate(), LATE, {90, 30, 7, AFTER_EXPIRY}) is None
    assert untold(certificate(Act.WITHDRAW), LATE, {90}) is None


DEVICE = Device(digest("V1.23"), "terminal", "湘江智能", "XJ-Q30", "V2.10")


@pytest.mark.parametrize(
    ("acts", "day", "word"),
    [
        ((), ISSUED, Cover.COVERED),
        ((Act.SUSPEND,), NEXT, Cover.SUSPENDED),
        ((), LATE, Cover.EXPIRED),
        ((Act.WITHDRAW,), NEXT, Cover.WITHDRAWN),
        ((), ISSUED - timedelta(days=1), Cover.NOT_COVERED),
        ((Act.WITHDRAW,), ISSUED, Cover.COVERED),
        ((Act.SUSPEND, Act.REINSTATE), NEXT, Cover.SUSPENDED),
        ((Act.SUSPEND, Act.REINSTATE), NEXT + timedelta(days=1), Cover.COVERED),
    ],
)
def test_a_device_is_covered_as_its_certificate_stood_on_the_day(acts, day, word):
    answer = cover([certificate(*acts)], DEVICE, day)
    assert answer.cover is word
    assert NUMBER in answer.reason.zh
    assert (answer.certificate is None) is (word is Cover.NOT_COVERED)


def test_a_renewal_after_expiry_leaves_the_gap_uncovered_and_told():
    renewed_on = EXPIRES + timedelta(days=100)
    later = WORDING.renewed(renewed_on, renewed_on + timedelta(days=700))
    entries = [*certificate().history, Entry(NUMBER, Act.RENEW, _at(renewed_on), "乙", WHY, later)]
    held = certificates_of(entries)[NUMBER]
    asked = (EXPIRES, LATE, renewed_on - timedelta(days=1), renewed_on)
    found = [cover([held], DEVICE, day).cover for day in asked]
    assert found == [Cover.COVERED, Cover.EXPIRED, Cover.EXPIRED, Cover.COVERED]
    assert later.gaps == ((LATE, renewed_on - timedelta(days=1)),)
    assert (later.issued, later.begins, later.edition) == (ISSUED, renewed_on, 2)


@pytest.mark.parametrize("day", [ISSUED, EXPIRES, LATE])
def test_a_renewal_that_is_not_late_leaves_no_gap(day):
    renewed = WORDING.renewed(day, EXPIRES + timedelta(days=700))
    assert (renewed.gaps, renewed.begins) == ((), ISSUED)


def test_firmware_that_was_dropped_is_no_longer_covered_and_was_before():
    newer = replace(WORDING, edition=2, shown=(shown("V1.24"),))
    why = Text(zh="发现缺陷", en="a defect")
    entries = [*certificate().history, Entry(NUMBER, Act.AMEND, _at(NEXT), "乙", why, newer)]
    held = certificates_of(entries)[NUMBER]
    assert [(gone.shown.firmware, gone.day) for gone in held.dropped] == [("V1.23", NEXT)]
    assert cover([held], DEVICE, ISSUED).cover is Cover.COVERED
    answer = cover([held], DEVICE, NEXT)
    assert (answer.cover, answer.reason.en) == (
        Cover.NOT_COVERED,
        f"{NUMBER} no longer covers this firmware since {NEXT}: a defect",
    )
    again = Entry(NUMBER, Act.AMEND, _at(NEXT), "乙", WHY, replace(WORDING, edition=3))
    assert [gone.shown.firmware for gone in certificates_of([*entries, again])[NUMBER].dropped] == ["V1.24"]


@pytest.mark.parametrize("field", ["kind", "vendor", "model", "hardware", "certificate"])
def test_the_same_firmware_in_another_product_is_not_covered(field):
    answer = cover([certificate()], replace(DEVICE, **{field: "another"}), ISSUED)
    assert (answer.cover, answer.certificate) == (Cover.NOT_COVERED, None)


def test_the_best_of_several_certificates_speaks():
    old, new = certificate(Act.WITHDRAW), certificate(number="HNEHC-2026-0002")
    assert cover([old, new], DEVICE, NEXT).certificate.number == "HNEHC-2026-0002"
    assert cover([new, old], DEVICE, NEXT).cover is Cover.COVERED


def test_other_firmware_of_a_certified_model_is_told_as_such():
    answer = cover([certificate()], replace(DEVICE, firmware_sha256=digest("V1.24")), ISSUED)
    assert answer.cover is Cover.NOT_COVERED
    assert NUMBER in answer.reason.en
    assert "other firmware" in answer.reason.en


def ignores_firmware(certificates, device, day):
    return cover(certificates, replace(device, firmware_sha256=digest("V1.23")), day)


def always_thirty(certificate: Certificate, day):
    return 30 if warning(certificate, day) else None


@pytest.mark.parametrize(
    ("asked", "warned", "verdict"),
    [
        (cover, warning, Verdict.PASS),
        (ignores_firmware, warning, Verdict.FAIL),
        (cover, always_thirty, Verdict.FAIL),
    ],
)
def test_the_figures_of_certificate_life(asked, warned, verdict):
    """EHC-OPS-006, judged by its own criterion: 20 changed hashes, and warnings 90, 30 and 7 days ahead."""
    held = certificate()
    observed = [
        _changed(asked([held], replace(DEVICE, firmware_sha256=one), ISSUED).cover) for one in _changed_hashes()
    ]
    for ahead in WARNING_DAYS:
        told = warned(held, EXPIRES - timedelta(days=ahead))
        value = "sent" if told == ahead else "not_sent"
        observed.append(Observation("EHC-OPS-006", "expiry_warning", value, cell={"days_ahead": ahead}))
    row = judge(load_catalogue()["EHC-OPS-006"], observed, None, planned=True, emulated=True)
    assert row.verdict is verdict


def _changed_hashes():
    """The certified hash with one hex digit changed, at twenty places."""
    hashed = digest("V1.23")
    return [hashed[: 3 * n] + format(int(hashed[3 * n], 16) ^ 1, "x") + hashed[3 * n + 1 :] for n in range(20)]


def _changed(found):
    value = "not_covered" if found is Cover.NOT_COVERED else str(found)
    return Observation("EHC-OPS-006", "changed_firmware", value)
