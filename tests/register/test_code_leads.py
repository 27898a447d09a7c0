"""From the code on the paper to the page behind it: read as a terminal would, opened as a phone would."""

import functools
import http.server
import threading
from dataclasses import replace
from datetime import datetime

import pytest
import zxingcpp

from certification.certificates import CHINA
from register.acting import issue
from register.book import Book, make_book
from register.publishing import export
from tests.register.conftest import by, opening
from tests.register.test_certificate_document import picture


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_words):
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A web server of static files on loopback: its folder and its address."""
    folder = tmp_path_factory.mktemp("www")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/register"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def led(site, tmp_path_factory, authoriser, runs):
    """Number of a certificate that is published there, and its paper."""
    folder, url = site
    place = str(tmp_path_factory.mktemp("register") / "register.sqlite")
    make_book(place, replace(opening(authoriser), url=url), authoriser)
    with Book(place) as book:
        done = issue(book, runs(), by(authoriser))
        export(book, folder / "register", authoriser, datetime.now(CHINA).replace(microsecond=0))
    number = done.certificate.number
    return number, picture(done.documents[f"certificate-{number}.pdf"])


def test_the_code_on_the_paper_opens_its_verification_data(led, browser, runs):
    number, paper = led
    (code,) = zxingcpp.read_barcodes(paper, formats=zxingcpp.BarcodeFormat.QRCode)
    page = browser.new_page()
    page.goto(code.text)
    assert page.locator("h1").inner_text().startswith(number)
    assert "与本登记簿一致：第 1 版" in page.locator("#match").inner_text()
    manifest = f"manifest-{runs().name}.json"
    answer = page.request.get(page.evaluate(f"document.querySelector('a[href=\"{manifest}\"]').href"))
    assert answer.body() == (runs() / "manifest.json").read_bytes()
    page.goto(code.text.replace(number, "HNEHC-2026-9999"))
    assert page.locator("#match").count() == 0
    page.close()
