"""The certificate as a document: PDF/A-3, its evidence inside, signed, with a code that terminals under test read."""

import io
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
import pikepdf
import pytest
import segno
import zxingcpp

from certification.catalogue import Text
from certification.certificates import CHINA, Certificate
from evidence.clear_text import scan
from evidence.signed import check
from register.acting import Hand, issue
from register.book import Book, make_book
from register.verification_code import code_svg, verification_url
from rigs.drivers.serial_scanner import SerialScanner
from rigs.journal import Journal
from rigs.optics.conditions import Conditions, Paper
from rigs.optics.frames import Frame, netpbm
from rigs.optics.presenter import FramePortPresenter
from rigs.optics.reference import readable
from rigs.optics.stimulus import Stimulus, Symbol
from tests.register.conftest import URL, opening
from tests.rigs.dialogues import PROTOCOLS, driver, mode_of, opened
from tests.rigs.emulated import Emulated

POPPLER = "apt-get install -y poppler-utils"
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
    """The last page as a scanner of paper would see it, grey."""
    found = shutil.which("pdftoppm")
    if found is None:
        pytest.skip(f"pdftoppm is not installed; to install it: {POPPLER}")
    pages = len(pikepdf.open(io.BytesIO(pdf)).pages)
    options = ["-r", str(SCAN_DPI), "-gray", "-f", str(pages), "-singlefile"]
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
    assert made.url == f"{URL}/c/{made.number}/?m={made.certificate.wording.shown[0].manifest_sm3}"
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
    drawn = code_svg(f"{URL}/c/HNEHC-2026-0001/?m={'ab' * 32}").decode()
    size = int(drawn.split('width="')[1].split('"')[0])
    assert (size - 17 - 8) % 4 == 0
    assert 'fill="#ffffff"' in drawn or 'fill="#fff"' in drawn


def test_the_day_on_it_is_the_day_in_china(issued):
    made = issued(specimen=False)
    assert made.certificate.history[0].at.astimezone(CHINA).date().isoformat() in "".join(pages_text(made.pdf))
