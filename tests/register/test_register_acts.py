"""What an authoriser may do, on which runs; and what each act leaves behind."""

import json
import shutil
from datetime import timedelta

import pytest

from certification.catalogue import VERSION, Catalogue, load_catalogue
from certification.catalogue_file import CATALOGUE, catalogue_text
from certification.certificates import Act, Standing
from certification.cover import Cover, Device, cover
from certification.errors import PlanError
from certification.verdicts import Verdict
from register.acting import amend, issue, renew, set_standing
from register.book import Book, make_book
from register.errors import BrokenRegisterError
from tests.register.conftest import by, opening
from tests.register.passed_runs import Told, firmware_hash, hardware_keys, passed_run, seal, signer

pytestmark = pytest.mark.usefixtures("quickly_set")


@pytest.fixture
def issued(book, runs, hand):
    """Number of a certificate of firmware V1.23."""
    return issue(book, runs(), hand()).certificate.number


def again(runs, n=1, ended=1, **told):
    """Another run of the same product, tomorrow if nothing else is said."""
    return runs(name=f"20261127-11000{n}-bb0{n}", ended=ended, **told)


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
        issue(book, again(runs), hand(days=2))
    assert book.read().records == 2


def test_what_was_withdrawn_is_certified_on_a_run_begun_after_that(book, runs, hand, issued):
    other = issue(book, runs(name="other", firmware="V2.0"), hand()).certificate.number
    set_standing(book, Act.WITHDRAW, issued, hand(days=1))
    old = again(runs, ended=1)
    with pytest.raises(PlanError, match=f"before {issued} for this firmware was withdrawn"):
        issue(book, old, hand(days=2))
    with pytest.raises(PlanError, match=f"before {issued} for this firmware was withdrawn"):
        amend(book, other, hand(days=2), runs=[old])
    assert issue(book, again(runs, 2, ended=2), hand(days=3)).certificate.number.endswith("-0003")


@pytest.mark.parametrize("spelt", [{}, {"filing_number": "另一备案号"}, {"vendor": "湘江智能  XIANGJIANG"}])
def test_what_is_suspended_is_certified_in_no_other_certificate(book, runs, hand, issued, spelt):
    other = issue(book, runs(name="other", firmware="V2.0", identity=spelt), hand()).certificate.number
    set_standing(book, Act.SUSPEND, issued, hand(days=1))
    run = again(runs, ended=1.5, identity=spelt)
    with pytest.raises(PlanError, match="certified already and suspended"):
        issue(book, run, hand(days=2))
    with pytest.raises(PlanError, match="certified already and suspended"):
        amend(book, other, hand(days=2), runs=[run])
    assert asked(book, "V1.23", hand(days=2).day) is Cover.SUSPENDED


def test_a_run_is_known_again_under_another_seal(book, runs, hand, issued, tmp_path, keys):
    told = Told(changes={"seed": 2}, ended=1)
    for act in (lambda run: renew(book, issued, [run], hand(days=2)), lambda run: issue(book, run, hand(days=2))):
        with pytest.raises(PlanError, match="was sealed otherwise then"):
            act(passed_run(tmp_path / str(act), keys, told))
    with pytest.raises(PlanError, match="is given twice"):
        renew(book, issued, [again(runs), again(runs)], hand(days=2))


def test_a_run_is_as_old_as_it_may_be_and_no_older(book, runs, hand):
    with pytest.raises(PlanError, match="more than 180 days ago"):
        issue(book, runs(), hand(days=179))
    issue(book, runs(), hand(days=178))


EMULATED_BENCH = {"file": "benches/desk-3.toml", "settings": {"scanner": {"emulated": {}}}}
REFUSED = {
    "failed": ({"verdicts": {"EHC-TRM-003": Verdict.FAIL}}, "verdict is FAIL"),
    "interrupted": ({"changes": {"state": "interrupted"}}, "the run is interrupted"),
    "emulated": ({"emulated": True}, "emulated run certifies nothing"),
    "with a defect": ({"changes": {"defect": "drops-last-byte"}}, "deliberate defect"),
    "without a laboratory": ({"changes": {"laboratory": None}}, "does not state"),
    "with rows left out": ({"only": ("EHC-TRM-003", "EHC-TRM-010")}, "20 mandatory rows are open"),
    "emulated by its bench": ({"changes": {"bench": EMULATED_BENCH}}, "its bench says emulated"),
    "with a row excused": ({"verdicts": {"EHC-TRM-003": Verdict.NOT_APPLICABLE}}, "lets off rows that apply"),
    "passed by a word": ({"verdicts": {"EHC-TRM-003": Verdict.PASS}}, "lets off rows that apply"),
    "still to come": ({"changes": {"finished": "2099-01-01T00:00:00+00:00"}}, "which is still to come"),
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


def forged(run, **changes):
    """A run whose record says otherwise in these fields, its verdicts left as they are."""
    file = run / "run.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes, ensure_ascii=False))


def cut(run, rows):
    """Leave only these verdicts, and say that none is of an emulated subject."""
    file = run / "verdicts.json"
    document = json.loads(file.read_text())
    kept = [one | {"emulated": False} for one in document["verdicts"] if one["requirement"] in rows]
    file.write_text(json.dumps(document | {"verdicts": kept}, ensure_ascii=False))


FORGED = {
    "cut to two rows and told as hardware": (
        {"emulated": True},
        lambda run: (forged(run, emulated=False), cut(run, ("EHC-TRM-003", "EHC-TRM-010"))),
    ),
    "told as hardware": ({"emulated": True}, lambda run: forged(run, emulated=False)),
    "told as passed": (
        {"verdicts": {"EHC-TRM-003": Verdict.FAIL}},
        lambda run: (forged(run, overall="PASS"), cut(run, ("EHC-TRM-010",))),
    ),
    "with fewer observations": (
        {},
        lambda run: (run / "observations.jsonl").write_text(
            "".join((run / "observations.jsonl").read_text().splitlines(keepends=True)[:-1])
        ),
    ),
}


@pytest.mark.parametrize("specimen", [False, True])
@pytest.mark.parametrize("how", FORGED)
def test_verdicts_that_do_not_follow_from_the_evidence_are_refused_though_signed(
    make_register, keys, hand, tmp_path, how, specimen
):
    told, forge = FORGED[how]
    run = passed_run(tmp_path, keys, Told(**told))
    forge(run)
    seal(run, keys, Told(**told))
    book = make_register(specimen=specimen)
    with pytest.raises(BrokenRegisterError, match="do not follow from the evidence"):
        issue(book, run, hand())
    assert book.read().records == 1


def test_a_run_by_another_catalogue_is_told_and_refused(book, keys, hand, tmp_path):
    run = passed_run(tmp_path, keys, Told())
    for version, said in (("1999.1", "was judged by catalogue 1999.1"), (VERSION, "another catalogue that is called")):
        others = list(load_catalogue().values())[: None if version != VERSION else -1]
        (run / CATALOGUE).write_text(catalogue_text(Catalogue(others), version))
        seal(run, keys, Told())
        with pytest.raises(PlanError, match=said):
            issue(book, run, hand())


def test_nobody_signs_for_the_laboratory_of_another_name(make_register, tmp_path):
    others = hardware_keys(tmp_path / "others", "另一家实验室")
    run, by_them = passed_run(tmp_path, others, Told()), signer(others, "authoriser")
    place = str(tmp_path / "theirs.sqlite")
    make_book(place, opening(by_them), by_them)
    with Book(place) as book, pytest.raises(PlanError, match=r"names 样本检测实验室 .* of 另一家实验室 signed"):
        issue(book, run, by(by_them))


def test_a_specimen_may_rest_on_an_emulated_run_and_says_what_is_open(make_register, runs, hand):
    book = make_register(specimen=True)
    done = issue(book, runs(emulated=True, verdicts={"EHC-TRM-002": Verdict.NOT_ASSESSED}), hand())
    assert done.certificate.number.startswith("HNEHC-SPECIMEN-")
    assert done.certificate.wording.shown[0].open_rows == ("EHC-TRM-002",)


def test_a_specimen_says_which_rows_were_not_asked_for(make_register, runs, hand):
    done = issue(make_register(specimen=True), runs(emulated=True, only=("EHC-TRM-003", "EHC-TRM-010")), hand())
    open_rows = done.certificate.wording.shown[0].open_rows
    assert len(open_rows) == 20
    assert {"EHC-TRM-001", "EHC-TRM-033"} <= set(open_rows)
    assert not {"EHC-TRM-003", "EHC-TRM-017"} & set(open_rows)


def test_a_waived_failure_is_named_and_ends_the_certificate_with_the_waiver(book, runs, hand):
    ends = hand().day + timedelta(days=100)
    waiver, failed = {"id": "W-2026-003", "expires": ends.isoformat()}, {"verdicts": {"EHC-TRM-003": Verdict.FAIL}}
    done = issue(book, runs(**failed, waivers=(waiver,)), hand())
    assert done.certificate.wording.shown[0].waivers == {"EHC-TRM-003": "W-2026-003"}
    assert done.certificate.wording.expires == ends


@pytest.mark.parametrize(
    "other",
    [
        {"issued": "2020-01-01", "expires": "2020-01-02"},
        {"later": "1"},
        {"kind": "known_issue"},
        {"unsigned": "yes"},
        {"by": "laboratory"},
        {"firmware": "V9.99"},
        {"requirement": "EHC-TRM-004"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_a_failure_is_let_pass_by_no_other_waiver_whatever_the_record_says(book, runs, hand, other):
    waiver = {"id": "W-1", "expires": (hand().day + timedelta(days=100)).isoformat()}
    record = {**waiver, "requirement": "EHC-TRM-003", "state": "applied"}
    told = {"verdicts": {"EHC-TRM-003": Verdict.FAIL}, "waivers": (waiver | other,)}
    with pytest.raises(PlanError, match="overall verdict is FAIL"):
        issue(book, runs(**told, changes={"overall_with_waivers": "PASS", "waivers": [record]}), hand())


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
    later = hand("续期", days=390)
    with pytest.raises(PlanError, match="rests on this run already"):
        renew(book, issued, [runs()], hand())
    with pytest.raises(PlanError, match="does not cover"):
        renew(book, issued, [again(runs, 2, 389, firmware="V1.24")], later)
    with pytest.raises(PlanError, match="shows model 'XJ-Q40'"):
        renew(book, issued, [again(runs, 3, 389, model="XJ-Q40")], later)
    with pytest.raises(PlanError, match=f"before the issue of {issued}"):
        renew(book, issued, [again(runs, 4, -1)], hand())
    done = renew(book, issued, [again(runs, ended=389)], later)
    wording = done.certificate.wording
    assert (wording.edition, wording.issued, wording.expires > later.day) == (2, hand().day, True)
    assert wording.shown[0].run == again(runs, ended=389).name
    assert f"certificate-{issued}-2.pdf" in done.documents
    set_standing(book, Act.SUSPEND, issued, later)
    set_standing(book, Act.REINSTATE, issued, later)
    with pytest.raises(PlanError, match=f"before the renew of {issued}"):
        renew(book, issued, [again(runs, 5, 388)], later)


def test_an_expired_certificate_may_be_renewed(book, runs, hand):
    number = issue(book, runs(), hand(), hand().day + timedelta(days=30)).certificate.number
    late = hand("续期", days=60)
    assert asked(book, "V1.23", late.day) is Cover.EXPIRED
    renew(book, number, [again(runs, ended=59)], late)
    assert asked(book, "V1.23", late.day) is Cover.COVERED


def test_an_amendment_covers_more_firmware_until_the_same_day(book, issued, runs, hand):
    before = book.read().certificates[issued].wording
    done = amend(book, issued, hand("新增固件", 2), runs=[again(runs, 2, firmware="V1.24")])
    wording = done.certificate.wording
    assert [one.firmware for one in wording.shown] == ["V1.23", "V1.24"]
    assert (wording.expires, wording.edition) == (before.expires, 2)
    assert asked(book, "V1.24", hand(days=2).day) is Cover.COVERED
    with pytest.raises(PlanError, match=f"before the amend of {issued}"):
        amend(book, issued, hand(days=2), runs=[again(runs, 3, firmware="V1.25")])
    dropped = amend(book, issued, hand("召回", 2), drop=[firmware_hash("V1.23").upper()])
    assert [one.firmware for one in dropped.certificate.wording.shown] == ["V1.24"]
    assert asked(book, "V1.23", hand(days=2).day) is Cover.NOT_COVERED


def test_an_amendment_corrects_words_and_nothing_else(book, issued, hand):
    done = amend(book, issued, hand("更正"), correct={"filing_number": "检测备案〔2026〕0418 号"})
    assert done.certificate.wording.subject.filing_number == "检测备案〔2026〕0418 号"
    assert [one.act for one in done.certificate.history] == [Act.ISSUE, Act.AMEND]
    assert done.certificate.history[0].wording.subject.filing_number == "检测备案〔2026〕0417 号"
    for options, said in (
        ({"correct": {"expires": "2040-01-01"}}, "cannot be corrected"),
        ({"correct": {"model": "XJ-Q31"}}, "cannot be corrected"),
        ({"correct": {"hardware": "V2.11"}}, "cannot be corrected"),
        ({"correct": {"vendor": "另一家公司"}}, "is another name than"),
        ({"correct": {"vendor": done.certificate.wording.subject.vendor}}, "nothing would change"),
        ({"drop": ["cd" * 32]}, "does not cover"),
        ({"drop": [firmware_hash("V1.23")]}, "no firmware would be left"),
    ):
        with pytest.raises(PlanError, match=said):
            amend(book, issued, hand(), **options)
    assert book.read().certificates[issued].wording.edition == 2
    spelt = amend(book, issued, hand("更正"), correct={"vendor": "湘江智能 XiangJiang"})
    assert spelt.certificate.wording.subject.vendor == "湘江智能 XiangJiang"
