"""Who must have signed a run, a report and a certificate; a signer of the centre alone is not enough."""

import pytest

from evidence.manifest import SIGNATURES
from evidence.verification import verify
from tests.evidence.harm import unsigned_by_the_last
from tests.evidence.sealed_runs import NOW, REPORT, add_report, copied, make_run, seal, sign_run

CERTIFICATE = "certificate-HNEHC-SPECIMEN-2026-0001.pdf"
BEFORE_IT = "bears the authoriser's signature with no laboratory's before it"


@pytest.fixture
def run(signed_run, tmp_path):
    """The signed run without its report."""
    folder = copied(signed_run, tmp_path / "run")
    for file in folder.glob("report-*"):
        file.unlink()
    return folder


@pytest.fixture
def found(signers):
    """Everything found, as place and words."""

    def look(folder, **options):
        return [(one.where, one.what) for one in verify(folder, signers.centre, NOW, **options).findings]

    return look


def added(run, *signers, name=REPORT, hours=1):
    """The run with an addition; what stands beside it."""
    for file in run.glob(f"{name}*"):
        file.unlink()
    return f"{add_report(run, *signers, name=name, hours=hours).name}.sig"


def test_a_report_is_signed_by_laboratory_and_authoriser(run, signers, found):
    beside = added(run, *signers.both)
    assert found(run) == []
    (run / beside).write_bytes(unsigned_by_the_last((run / beside).read_bytes()))
    assert found(run) == [(beside, "bears no signature of the authoriser")]
    assert found(run, signed_by=("laboratory",)) == [(beside, "bears no signature of the authoriser")]
    assert found(run, signed_by=()) == [(beside, "bears no signature of the authoriser")]
    beside = added(run, signers.authoriser)
    assert found(run) == [(beside, "bears no signature of the laboratory")]


def test_a_report_is_signed_by_the_laboratory_first(run, signers, found):
    beside = added(run, signers.authoriser, signers.laboratory)
    assert found(run) == [(beside, BEFORE_IT)]


def test_a_report_is_of_the_organisation_that_signed_the_run(run, signers, others, found):
    beside = added(run, *others.both)
    assert found(run) == [(beside, "was made by 甲 for 另一检测所, the run's for 样本")]
    beside = added(run, signers.laboratory, others.authoriser)
    assert found(run) == [(beside, "was signed by the laboratory for 样本, by the authoriser for 另一检测所")]


@pytest.mark.parametrize("name", [REPORT, CERTIFICATE])
def test_nothing_is_added_before_there_was_a_manifest(name, run, signers, found):
    beside = added(run, *signers.both, name=name, hours=-2)
    ((where, what),) = found(run)
    assert where == beside
    assert "before there was a manifest" in what


def test_a_certificate_is_signed_by_an_authoriser_of_the_centre(run, signers, others, found):
    beside = added(run, signers.laboratory, name=CERTIFICATE)
    assert found(run) == [(beside, "bears no signature of the authoriser")]
    for signer in (signers.authoriser, others.authoriser):
        added(run, signer, name=CERTIFICATE)
        assert found(run) == []


def test_an_authoriser_signs_a_run_after_its_laboratory(tmp_path, signers, found):
    run = sign_run(seal(make_run(tmp_path / "run")), signers.authoriser, signers.laboratory)
    assert found(run) == [(SIGNATURES, BEFORE_IT)]
    (run / SIGNATURES).unlink()
    sign_run(run, signers.authoriser)
    assert found(run, signed_by=("authoriser",)) == [(SIGNATURES, BEFORE_IT)]


def test_both_signers_of_a_run_are_of_one_organisation(tmp_path, signers, others, found):
    run = sign_run(seal(make_run(tmp_path / "run")), others.laboratory, signers.authoriser)
    assert found(run) == [(SIGNATURES, "was signed by the laboratory for 另一检测所, by the authoriser for 样本")]
