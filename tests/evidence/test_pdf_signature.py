"""Signatures in a PDF, as a standard reader sees them: poppler's pdfsig."""

import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pikepdf
import pytest
import typst

from evidence.errors import SignatureError
from evidence.pdf_signature import Place, sign_pdf
from tests.evidence.sealed_runs import SIGNED, VALID

LEFT, RIGHT = Place(0, (60, 100, 210, 160)), Place(0, (260.4, 100, 410, 160))
SEAL = '#set page(width: 150pt, height: 60pt, margin: 4pt)\n#set text(font: "Noto Serif CJK SC")\n样本签名'

pytestmark = pytest.mark.skipif(
    shutil.which("pdfsig") is None, reason="pdfsig is missing: apt-get install poppler-utils"
)


def typeset(text, **options):
    return typst.compile(text.encode(), timestamp=SIGNED, **options)


@pytest.fixture(scope="module")
def page():
    return typeset('#set page(paper: "a4")\n#set text(font: "Noto Serif CJK SC")\n= 检测报告', pdf_standards=["a-3b"])


@pytest.fixture(scope="module")
def signed(page, signers):
    """Signed by the laboratory with a seal that can be seen, then by the authoriser."""
    first = sign_pdf(page, signers.laboratory, reason="检测 tested", place=LEFT, now=SIGNED, stamp=typeset(SEAL))
    return sign_pdf(first, signers.authoriser, reason="批准", place=RIGHT, now=SIGNED + timedelta(hours=1))


def seen_by_pdfsig(pdf, tmp_path):
    """What pdfsig says, and its exit code."""
    file = tmp_path / "signed.pdf"
    file.write_bytes(pdf)
    done = subprocess.run(["pdfsig", "-nocert", file], capture_output=True, text=True, check=False, env={"TZ": "UTC"})
    return done.stdout + done.stderr


def test_a_standard_reader_finds_both_signatures_valid(signed, tmp_path):
    told = seen_by_pdfsig(signed, tmp_path)
    assert told.count("Signature Validation: Signature is Valid.") == 2
    assert told.count("Signature Type: ETSI.CAdES.detached") == 2
    assert [name in told for name in ("CN=甲,OU=laboratory", "CN=乙,OU=authoriser")] == [True, True]
    assert "Signing Time: Mar 02 2026 10:30:00" in told
    assert "Signing Time: Mar 02 2026 11:30:00" in told
    assert told.rstrip().count("Total document signed") == 1


def test_a_changed_byte_of_the_page_spoils_both(signed, tmp_path):
    place = signed.index(b"/MediaBox") + len(b"/MediaBox") + 3
    changed = bytearray(signed)
    changed[place] ^= 1
    told = seen_by_pdfsig(bytes(changed), tmp_path)
    assert told.count("Signature Validation: Digest Mismatch.") == 2
    assert "Signature is Valid" not in told


def test_what_was_signed_first_stays_byte_for_byte(page, signers, signed):
    assert signed.startswith(page)


def test_the_readers_of_pdf_files_trust_it_with_the_centres_root(signed, signers):
    from asn1crypto import x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    from evidence.signer_certificates import pem_certificates

    roots = [x509.Certificate.load(der) for der in pem_certificates(signers.centre)]
    for embedded in PdfFileReader(BytesIO(signed)).embedded_signatures:
        for trusted, roots_known in ((True, roots[1:]), (False, [])):
            context = ValidationContext(trust_roots=roots_known, moment=SIGNED + timedelta(days=1))
            status = validate_pdf_signature(embedded, context)
            assert (status.intact, status.valid, status.trusted) == (True, True, trusted)


def test_the_pages_stay_what_an_archive_keeps(signed):
    """ISO 19005-3: it says what it is, every annotation has an appearance and is printed, every font is embedded."""
    with pikepdf.open(BytesIO(signed)) as document:
        assert document.open_metadata().pdfa_status == "3B"
        annotations = document.pages[0].Annots
        assert [str(one.T) for one in annotations] == ["laboratory", "authoriser"]
        for one in annotations:
            assert int(one.F) & 0b111 == 0b100
            assert one.AP.N.Type == "/XObject"
        fonts = [one for one in document.objects if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/Font"]
        for font in fonts:
            inner = font.get("/DescendantFonts", [font])[0]
            assert {"/FontFile2", "/FontFile3"} & set(inner.FontDescriptor.keys()), font.BaseFont
        assert len(fonts) >= 2


def test_the_seal_is_seen_where_it_was_placed(signed, tmp_path):
    (tmp_path / "signed.pdf").write_bytes(signed)
    box = ["-x", "50", "-y", "670", "-W", "170", "-H", "80"]
    command = ["pdftotext", *box, tmp_path / "signed.pdf", "-"]
    there = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "样本签名" in there


def test_a_role_signs_a_document_once(signed, signers):
    with pytest.raises(SignatureError, match="cannot be signed: Signature field with name authoriser"):
        sign_pdf(signed, signers.authoriser, reason="批准", place=RIGHT, now=SIGNED)


@pytest.mark.parametrize("pdf", [b"", b"%PDF-1.7 and nothing more", b"<html>"])
def test_what_is_no_pdf_is_not_signed(pdf, signers):
    with pytest.raises(SignatureError, match="the PDF cannot be signed"):
        sign_pdf(pdf, signers.laboratory, reason="检测", place=LEFT, now=SIGNED)


def test_a_key_without_its_certificate_signs_no_pdf(page, signers):
    mixed = replace(signers.laboratory, pdf_certificate=signers.authoriser.pdf_certificate)
    with pytest.raises(SignatureError, match="P-256 key and certificate of 甲 are not a pair"):
        sign_pdf(page, mixed, reason="检测", place=LEFT, now=SIGNED)


def test_a_certificate_whose_time_is_over_signs_no_pdf(page, signers):
    with pytest.raises(SignatureError, match="expired on"):
        sign_pdf(page, signers.laboratory, reason="检测", place=LEFT, now=VALID.end + timedelta(days=1))
