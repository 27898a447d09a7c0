"""The certificate as a document: PDF/A-3, its evidence inside, signed, with a code that terminals under test read."""

import io
import json
import shutil
import subprocess
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import cv2
import numpy as np
import pikepdf
import pytest
import segno
import zxingcpp

from certification.catalogue import Text
from certification.certificates import CHINA, Certificate
from evidence.clear_text import scan
from evidence.signed import check, sign
from register.acting import Hand, issue
from register.book import Book, make_book
from register.certificate_pdf import certificate_name, signed_certificate
from register.run_reports import report_numbers
from register.verification_code import code_svg, verification_url
from reports.pdf.record import SCHEMA
from rigs.drivers.serial_scanner import SerialScanner
from rigs.journal import Journal
from rigs.optics.conditions import Conditions, Paper
from rigs.optics.frames import Frame, netpbm
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.reference import readable
from rigs.optics.stimulus import Stimulus, Symbol
from tests.register.conftest import URL, opening
from tests.register.passed_runs import signer
from tests.rigs.dialogues import PROTOCOLS, driver, mode_of, opened
from tests.rigs.emulated import Emulated

POPPLER = "apt-get install -y poppler-utils"
NUMBER = "HNEHC-2026-0001"
CODE_MM = 46
SCAN_DPI = 200
BY_DAY = ("gm65",)


@dataclass(frozen=True)
class Issued:
    """A certificate: what it says, its files, and the address its code carries."""

    number: str
    certificate: Certificate
    pdf: bytes
    signature: bytes

    @property
    def url(self) -> str:
        return verification_url(URL, self.number, self.certificate.wording)


@pytest.fixture(scope="module")
def issued(tmp_path_factory, authoriser, runs):
    """Makes real certificates, each kind once."""
    made = {}

    def make(*, specimen):
        if specimen not in made:
            place = str(tmp_path_factory.mktemp("register") / "register.sqlite")
            make_book(place, opening(authoriser, specimen=specimen), authoriser)
            now = datetime.now(CHINA).replace(microsecond=0)
            with Book(place) as book:
                done = issue(book, runs(emulated=specimen), Hand(authoriser, now, Text(zh="首次签发", en="first")))
            number = done.certificate.number
            bodies = [done.documents[f"certificate-{number}.pdf{end}"] for end in ("", ".sig")]
            made[specimen] = Issued(number, done.certificate, *bodies)
        return made[specimen]

    return make


def by_poppler(program, pdf, *options):
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed; to install it: {POPPLER}")
    return subprocess.run([found, *options, "-", "-"], input=pdf, capture_output=True, check=True).stdout


def pages_text(pdf):
    return by_poppler("pdftotext", pdf, "-layout").decode().rstrip("\f").split("\f")


def picture(pdf):
    """The first page as a scanner of paper would see it, grey."""
    found = shutil.which("pdftoppm")
    if found is None:
        pytest.skip(f"pdftoppm is not installed; to install it: {POPPLER}")
    options = ["-r", str(SCAN_DPI), "-gray", "-singlefile"]
    body = subprocess.run([found, *options, "-"], input=pdf, capture_output=True, check=True).stdout
    return cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_GRAYSCALE)


def code_in(page):
    """The part of a page that holds its code, as a camera held over it would see it."""
    (found,) = zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode)
    corners = found.position.top_left, found.position.bottom_right
    left, top, right, bottom = corners[0].x, corners[0].y, corners[1].x, corners[1].y
    margin = (right - left) // 6
    return np.ascontiguousarray(page[top - margin : bottom + margin, left - margin : right + margin])


@pytest.mark.parametrize("specimen", [False, True])
def test_every_page_of_a_specimen_says_so_and_no_other_does(issued, specimen):
    pages = pages_text(issued(specimen=specimen).pdf)
    assert pages
    assert all(("不构成认证" in page) is specimen for page in pages)
    assert all(f"共 {len(pages)} 页" in page for page in pages)
    assert "证书正文结束" in pages[-1]


def test_it_names_product_firmware_and_evidence(issued):
    made = issued(specimen=False)
    said = "".join(pages_text(made.pdf))
    shown = made.certificate.wording.shown[0]
    close = "".join(said.split())
    for text in (made.number, "湘江智能 Xiangjiang", "XJ-Q30", "V1.23", shown.firmware_sha256, shown.manifest_sm3):
        assert "".join(text.split()) in close


def document(authoriser, wording, *, specimen=False):
    """Pages of a certificate with these words, and its PDF."""
    now = datetime.now(CHINA).replace(microsecond=0)
    made = signed_certificate(opening(authoriser, specimen=specimen), NUMBER, wording, {}, authoriser, now)
    return pages_text(made[certificate_name(NUMBER, wording.edition)]), made[certificate_name(NUMBER, wording.edition)]


@pytest.mark.parametrize(("versions", "named"), [(5, True), (40, False)])
def test_signature_and_code_stand_on_page_one_however_much_is_covered(issued, authoriser, versions, named):
    wording = issued(specimen=False).certificate.wording
    shown = tuple(
        replace(wording.shown[0], firmware=f"V{n}.0", firmware_sha256=f"{n:064x}") for n in range(1, versions + 1)
    )
    subject = replace(wording.subject, vendor="湖南湘江新区智能医疗信息技术股份有限公司长沙分公司第二研发制造中心")
    pages, pdf = document(authoriser, replace(wording, subject=subject, shown=shown))
    first, annex = pages[0], "".join(pages[1:])
    assert all(text in first for text in ("兹证明", "授权签字", "盖章", "附页"))
    assert all(one.firmware_sha256 in annex for one in shown)
    assert all((one.firmware_sha256 in first) is named for one in shown)
    assert "证书正文结束" in pages[-1]
    read = pikepdf.open(io.BytesIO(pdf))
    fields = [one for one in read.pages[0].get("/Annots", []) if one.get("/FT") == "/Sig"]
    assert len(fields) == 1
    assert readable(picture(pdf), Stimulus((Symbol(verification_url(URL, NUMBER, wording).encode()),)))


def test_a_specimen_on_a_partial_run_says_so_in_its_statement(issued, authoriser):
    wording = issued(specimen=True).certificate.wording
    rows = tuple(f"EHC-TRM-{n:03d}" for n in range(1, 40))
    partial = replace(wording, shown=(replace(wording.shown[0], open_rows=rows),))
    pages, _ = document(authoriser, partial, specimen=True)
    first = "".join(pages[0].split())
    assert "除所列未评定的“必须”要求外" in first
    assert "只涵盖部分“必须”要求" in first
    assert all(row in "".join(pages) for row in rows)
    whole, _ = document(authoriser, replace(wording, shown=(replace(wording.shown[0], open_rows=()),)), specimen=True)
    assert "未评定" not in whole[0]


def test_it_refers_to_the_report_by_number_and_tells_a_gap_in_its_validity(issued, authoriser):
    wording = issued(specimen=False).certificate.wording
    assert "所列各试验运行的证据" in "".join(pages_text(issued(specimen=False).pdf)[0].split())
    lapsed = (wording.issued + timedelta(days=10), wording.issued + timedelta(days=99))
    shown = (replace(wording.shown[0], reports=("XK-2026-001",)),)
    (page,), _ = document(authoriser, replace(wording, shown=shown, gaps=(lapsed,)))
    close = "".join(page.split())
    begins = lapsed[1] + timedelta(days=1)
    assert "判定规则见检测报告XK-2026-001）" in close
    assert f"{begins.year}年{begins.month}月{begins.day}日—" in close
    assert f"{lapsed[0].month}月{lapsed[0].day}日—{lapsed[1].year}年{lapsed[1].month}月{lapsed[1].day}日" in close


def test_only_signed_reports_on_the_run_itself_that_stand_are_referred_to(authoriser, keys, tmp_path):
    def report(number, manifest="ab" * 32, amends=None, by=authoriser):
        pdf = pikepdf.new()
        pdf.add_blank_page()
        record = {"schema": SCHEMA, "number": number, "manifest_sm3": manifest, "amends": amends}
        pdf.attachments["report.json"] = json.dumps(record).encode()
        file = tmp_path / f"report-{number}-zh.pdf"
        pdf.save(file)
        if by is not None:
            sign(file, by, datetime.now(CHINA).replace(microsecond=0))

    report("XK-1")
    report("XK-2", amends={"number": "XK-1", "sm3": "cd" * 32})
    report("XK-3", manifest="cd" * 32)
    report("XK-4", by=None)
    report("XK-5", by=signer(keys, "laboratory"))
    (tmp_path / "report-XK-6-zh.pdf").write_bytes(b"no PDF")
    assert report_numbers(tmp_path, "ab" * 32, authoriser.centre) == ("XK-2",)


def test_it_is_pdf_a_3_with_the_manifest_inside_and_all_fonts(issued, runs):
    pdf = pikepdf.open(io.BytesIO(issued(specimen=False).pdf))
    with pdf.open_metadata() as metadata:
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "B")
    assert pdf.Root.OutputIntents[0].S == "/GTS_PDFA1"
    run = runs(emulated=False)
    held = {name: pdf.attachments[name].get_file().read_bytes() for name in pdf.attachments}
    assert held == {f"manifest-{run.name}{end}": (run / f"manifest{end}").read_bytes() for end in (".json", ".sig")}
    fonts = [font for page in pdf.pages for font in page.resources.Font.values()]
    described = [font.DescendantFonts[0].FontDescriptor for font in fonts]
    assert described
    assert all("/FontFile3" in one or "/FontFile2" in one for one in described)


def test_both_signatures_hold_and_a_changed_byte_breaks_them(issued, authoriser, tmp_path):
    made = issued(specimen=False)
    name = f"certificate-{made.number}.pdf"
    (signature,) = check(made.pdf, made.signature, authoriser.centre, file=name)
    assert (signature.role, signature.run) == ("authoriser", made.certificate.wording.shown[0].run)
    assert "Signature is Valid" in told_by_pdfsig(made.pdf, tmp_path)
    place = made.pdf.index(b"/MediaBox") + 12
    broken = made.pdf[:place] + bytes([made.pdf[place] ^ 1]) + made.pdf[place + 1 :]
    assert "Signature is Valid" not in told_by_pdfsig(broken, tmp_path)


def told_by_pdfsig(pdf, folder):
    found = shutil.which("pdfsig")
    if found is None:
        pytest.skip(f"pdfsig is not installed; to install it: {POPPLER}")
    file = folder / "certificate.pdf"
    file.write_bytes(pdf)
    return subprocess.run([found, "-nocert", file], capture_output=True, check=False).stdout.decode()


def test_nothing_in_it_stands_in_clear_that_may_not(issued, tmp_path):
    (tmp_path / "certificate.pdf").write_bytes(issued(specimen=False).pdf)
    assert scan(tmp_path) == ()


def test_the_code_on_the_page_leads_to_its_verification_data(issued):
    made = issued(specimen=False)
    page = picture(made.pdf)
    assert readable(page, Stimulus((Symbol(made.url.encode()),)))
    assert made.url == f"{URL}/c/{made.number}/?e=1&m={made.certificate.wording.shown[0].manifest_sm3}"
    hidden = page.copy()
    hidden[page.shape[0] // 2 :] = 255
    assert not readable(hidden, Stimulus((Symbol(made.url.encode()),)))


@pytest.mark.parametrize(
    "protocol",
    [pytest.param(one, marks=() if one in BY_DAY else pytest.mark.nightly) for one in PROTOCOLS],
)
def test_the_terminals_under_test_read_the_code_from_the_page(issued, protocol, tmp_path):
    made = issued(specimen=False)
    seen = code_in(picture(made.pdf))
    stimulus = Stimulus((Symbol(made.url.encode()),))
    assert delivered(protocol, Frame(netpbm(seen), stimulus), tmp_path) == made.url.encode()


@pytest.mark.nightly
@pytest.mark.parametrize("distance_mm", [120, 200])
def test_a_terminal_reads_the_code_as_printed_before_its_own_lens(issued, distance_mm, tmp_path):
    """On paper, in the light of a clinic, through the laboratory's lens and sensor."""
    content = issued(specimen=False).url.encode()
    modules = segno.make_qr(content, error="m", boost_error=False).symbol_size(border=0)[0]
    conditions = Conditions(CODE_MM * modules / (modules + 8), distance_mm, Paper())
    stimulus = Stimulus((Symbol(content, ec_level="M"),), conditions=conditions)
    presenter = FramePortPresenter(Journal(None))
    try:
        frame = presenter.prepare(stimulus).result()
    finally:
        presenter.close()
    assert delivered("gm65", frame, tmp_path) == content


def delivered(protocol, frame, folder):
    """What an emulated terminal hands to its host when it sees a frame."""
    presenter = FramePortPresenter(Journal(None))
    try:
        with (
            Emulated(protocol, presenter.url, "--listen", "tcp") as emulated,
            Journal(folder / "journal.jsonl") as journal,
        ):
            line = opened(protocol, emulated.url, journal)
            scanner: SerialScanner = driver(protocol, line)
            if mode_of(protocol) == "command":
                scanner.identify()
            scanner.arm()
            presenter.show(frame)
            delivery = scanner.delivery(30.0)
            line.close()
    finally:
        presenter.close()
    return None if delivery is None else delivery.data


def test_the_code_keeps_its_quiet_zone():
    drawn = code_svg(f"{URL}/c/HNEHC-2026-0001/?e=1&m={'ab' * 32}").decode()
    size = int(drawn.split('width="')[1].split('"')[0])
    assert (size - 17 - 8) % 4 == 0
    assert 'fill="#ffffff"' in drawn or 'fill="#fff"' in drawn


def test_the_day_on_it_is_the_day_in_china(issued):
    made = issued(specimen=False)
    assert made.certificate.history[0].at.astimezone(CHINA).date().isoformat() in "".join(pages_text(made.pdf))
