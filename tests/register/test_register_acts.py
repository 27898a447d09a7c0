"""What an authoriser may do, on which runs; and what each act leaves behind."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from certification.certificates import Act, Standing
from certification.cover import Cover, Device, cover
from certification.errors import PlanError
from certification.verdicts import Verdict
from register.acting import amend, issue, renew, set_standing
from register.errors import BrokenRegisterError
from tests.register.passed_runs import Told, firmware_hash, passed_run

pytestmark = pytest.mark.usefixtures("quickly_set")


@pytest.fixture
def issued(book, runs, hand):
    """Number of a certificate of firmware V1.23."""
    return issue(book, runs(), hand()).certificate.number


def again(runs, n=1, **told):
    """Another run of the same product."""
    return runs(name=f"20261127-11000{n}-bb0{n}", **told)


def asked(book, firmware, day):
    return cover(book.read().certificates.values(), Device(firmware_hash(firmware)), day).cover


def test_issuing_covers_the_firmware_of_the_run_for_three_years(book, runs, hand):
    done = issue(book, runs(), hand())
    wording = done.certificate.wording
    today = hand().day
    assert done.certificate.number == f"HNEHC-{today.year}-0001"
    assert (wording.issued, wording.edition) == (today, 1)
    assert wording.laboratory.zh == "样本检测实验室"
    assert [one.firmware for one in wording.shown] == ["V1.23"]
    assert sorted(done.documents) == [f"certificate-{done.certificate.number}.pdf{end}" for end in ("", ".sig")]
    assert asked(book, "V1.23", today) is Cover.COVERED
    assert asked(book, "V1.24", today) is Cover.NOT_COVERED
    assert asked(book, "V1.23", wording.expires + timedelta(days=1)) is Cover.EXPIRED


def test_a_run_is_used_once_and_firmware_is_certified_once(book, runs, hand, issued):
    with pytest.raises(PlanError, match="rests on this run already"):
        issue(book, runs(), hand())
    with pytest.raises(PlanError, match="certified already and valid"):
        issue(book, again(runs), hand())
    set_standing(book, Act.WITHDRAW, issued, hand())
    assert issue(book, again(runs), hand()).certificate.number.endswith("-0002")


REFUSED = {
    "failed": ({"overall": "FAIL", "verdicts": {"EHC-TRM-003": Verdict.FAIL}}, "verdict is FAIL"),
    "interrupted": ({"changes": {"state": "interrupted", "overall": "INTERRUPTED"}}, "the run is interrupted"),
    "emulated": ({"emulated": True}, "emulated run certifies nothing"),
    "with a defect": ({"changes": {"defect": "drops-last-byte"}}, "deliberate defect"),
    "without a laboratory": ({"changes": {"laboratory": None}}, "does not state"),
    "with a row open": ({"verdicts": {"EHC-TRM-002": Verdict.NOT_ASSESSED}}, "1 mandatory rows are open"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_run_that_does_not_suffice_is_refused_and_nothing_is_kept(book, runs, hand, what):
    told, said = REFUSED[what]
    with pytest.raises(PlanError, match=said):
        issue(book, runs(**told), hand())
    assert book.read().records == 1


@pytest.mark.parametrize("roles", [(), ("laboratory",)])
def test_a_run_without_both_signatures_is_refused(book, keys, tmp_path, hand, roles):
    run = passed_run(tmp_path, keys, Told(), roles)
    with pytest.raises(BrokenRegisterError, match="sign"):
        issue(book, run, hand())


@pytest.mark.parametrize("file", ["verdicts.json", "manifest.sig"])
def test_a_run_that_was_touched_is_refused(book, runs, hand, tmp_path, file):
    run = shutil.copytree(runs(), tmp_path / "touched")
    body = bytearray((run / file).read_bytes())
    body[len(body) // 2] ^= 1
    (run / file).write_bytes(bytes(body))
    with pytest.raises(BrokenRegisterError):
        issue(book, run, hand())
    assert book.read().records == 1


def test_a_specimen_may_rest_on_an_emulated_run_and_says_what_is_open(make_register, runs, hand):
    book = make_register(specimen=True)
    done = issue(book, runs(emulated=True, verdicts={"EHC-TRM-002": Verdict.NOT_ASSESSED}), hand())
    assert done.certificate.number.startswith("HNEHC-SPECIMEN-")
    assert done.certificate.wording.shown[0].open_rows == ("EHC-TRM-002",)


def test_a_waived_failure_is_named_and_ends_the_certificate_with_the_waiver(book, runs, hand):
    ends = hand().day + timedelta(days=100)
    waiver = {"id": "W-2026-003", "requirement": "EHC-TRM-003", "state": "applied", "expires": ends.isoformat()}
    failed = {"overall": "FAIL", "verdicts": {"EHC-TRM-003": Verdict.FAIL}}
    done = issue(book, runs(**failed, changes={"overall_with_waivers": "PASS", "waivers": [waiver]}), hand())
    assert done.certificate.wording.shown[0].waivers == {"EHC-TRM-003": "W-2026-003"}
    assert done.certificate.wording.expires == ends
    for other in ({"state": "expired"}, {"kind": "known_issue"}):
        told = {"overall_with_waivers": "PASS", "waivers": [waiver | other]}
        with pytest.raises(PlanError, match="mandatory rows are open"):
            issue(book, again(runs, **failed, changes=told), hand())


def test_a_suspended_certificate_covers_nothing_until_it_is_reinstated(book, issued, hand):
    today = hand().day
    assert set_standing(book, Act.SUSPEND, issued, hand()).standing(today) is Standing.SUSPENDED
    assert asked(book, "V1.23", today) is Cover.SUSPENDED
    with pytest.raises(PlanError, match="is suspended, so it cannot be suspended"):
        set_standing(book, Act.SUSPEND, issued, hand())
    set_standing(book, Act.REINSTATE, issued, hand())
    assert asked(book, "V1.23", today) is Cover.COVERED
    set_standing(book, Act.WITHDRAW, issued, hand())
    assert asked(book, "V1.23", today) is Cover.WITHDRAWN
    with pytest.raises(PlanError, match="withdrawn"):
        set_standing(book, Act.REINSTATE, issued, hand())


def test_a_renewal_needs_a_new_run_of_the_same_firmware(book, issued, runs, hand):
    with pytest.raises(PlanError, match="rests on this run already"):
        renew(book, issued, [runs()], hand())
    with pytest.raises(PlanError, match="does not cover"):
        renew(book, issued, [again(runs, 2, firmware="V1.24")], hand())
    with pytest.raises(PlanError, match="shows model 'XJ-Q40'"):
        renew(book, issued, [again(runs, 3, model="XJ-Q40")], hand())
    early = (datetime.now(UTC) - timedelta(days=30)).isoformat(timespec="seconds")
    with pytest.raises(PlanError, match="before the run of"):
        renew(book, issued, [again(runs, 4, changes={"started": early, "finished": early})], hand())
    later = hand("续期", days=400)
    done = renew(book, issued, [again(runs)], later)
    wording = done.certificate.wording
    assert (wording.edition, wording.issued, wording.expires > later.day) == (2, hand().day, True)
    assert wording.shown[0].run == again(runs).name
    assert f"certificate-{issued}-2.pdf" in done.documents


def test_an_expired_certificate_may_be_renewed(book, runs, hand):
    number = issue(book, runs(), hand(), hand().day + timedelta(days=30)).certificate.number
    late = hand("续期", days=60)
    assert asked(book, "V1.23", late.day) is Cover.EXPIRED
    renew(book, number, [again(runs)], late)
    assert asked(book, "V1.23", late.day) is Cover.COVERED


def test_an_amendment_covers_more_firmware_until_the_same_day(book, issued, runs, hand):
    before = book.read().certificates[issued].wording
    done = amend(book, issued, hand("新增固件"), runs=[again(runs, 2, firmware="V1.24")])
    wording = done.certificate.wording
    assert [one.firmware for one in wording.shown] == ["V1.23", "V1.24"]
    assert (wording.expires, wording.edition) == (before.expires, 2)
    assert asked(book, "V1.24", hand().day) is Cover.COVERED
    dropped = amend(book, issued, hand("召回"), drop=[firmware_hash("V1.23")])
    assert [one.firmware for one in dropped.certificate.wording.shown] == ["V1.24"]
    assert asked(book, "V1.23", hand().day) is Cover.NOT_COVERED


def test_an_amendment_corrects_words_and_nothing_else(book, issued, hand):
    done = amend(book, issued, hand("更正"), correct={"filing_number": "检测备案〔2026〕0418 号"})
    assert done.certificate.wording.subject.filing_number == "检测备案〔2026〕0418 号"
    assert [one.act for one in done.certificate.history] == [Act.ISSUE, Act.AMEND]
    assert done.certificate.history[0].wording.subject.filing_number == "检测备案〔2026〕0417 号"
    for options, said in (
        ({"correct": {"expires": "2040-01-01"}}, "cannot be corrected"),
        ({"correct": {"vendor": done.certificate.wording.subject.vendor}}, "nothing would change"),
        ({"drop": ["cd" * 32]}, "does not cover"),
        ({"drop": [firmware_hash("V1.23")]}, "no firmware would be left"),
    ):
        with pytest.raises(PlanError, match=said):
            amend(book, issued, hand(), **options)
    assert book.read().certificates[issued].wording.edition == 2
