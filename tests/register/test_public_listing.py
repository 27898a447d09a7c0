"""The public listing: pages in a real browser, signed JSON read back alone, and no act lost once it was told."""

import json
import shutil
from datetime import timedelta

import pytest

from certification.certificates import Act
from certification.cover import Cover, Device, cover
from certification.errors import PlanError
from evidence.clear_text import scan
from reference_impl.cards.numbers.mod_11_2 import check_digit
from register.acting import amend, issue, renew, set_standing
from register.book import Book, make_book
from register.errors import BrokenRegisterError
from register.history import Line, follow
from register.listing import ACTS, LISTING, LISTING_SIGNATURE, read_listing
from register.publishing import export
from tests.register.conftest import by, few_bytes, opening
from tests.register.passed_runs import firmware_hash, signer, specimen_keys

WIDE, NARROW = {"width": 1200, "height": 900}, {"width": 390, "height": 844}
DAY_MS = 24 * 3600 * 1000


@pytest.fixture(scope="module")
def kept(tmp_path_factory, authoriser, runs):
    """A register with a valid, a suspended, a withdrawn and an amended certificate, and its listing; to be copied."""
    folder = tmp_path_factory.mktemp("kept")
    place = str(folder / "register.sqlite")
    make_book(place, opening(authoriser), authoriser)
    with pytest.MonkeyPatch.context() as patch, Book(place) as book:
        patch.setattr("register.acting.signed_certificate", few_bytes)
        numbers = {
            word: issue(
                book, runs(name=f"20261127-12000{n}-cc0{n}", model=f"XJ-{word}"), by(authoriser, days=-1)
            ).certificate.number
            for n, word in enumerate(("VALID", "SUSPENDED", "WITHDRAWN", "AMENDED"))
        }
        set_standing(book, Act.SUSPEND, numbers["SUSPENDED"], by(authoriser, "投诉<b>调查</b>"))
        set_standing(book, Act.WITHDRAW, numbers["WITHDRAWN"], by(authoriser, "厂商申请"))
        newer = runs(name="20261127-120009-cc09", model="XJ-AMENDED", firmware="V9.99", ended=-0.5)
        amend(book, numbers["AMENDED"], by(authoriser, "新增固件"), runs=[newer])
        assert export(book, folder / "public", authoriser, by(authoriser).now) == 4
    return folder, numbers


@pytest.fixture
def filled(kept, tmp_path, quickly_set):
    folder, numbers = kept
    place = shutil.copy(folder / "register.sqlite", tmp_path)
    with Book(str(place)) as book:
        book.given = place
        yield book, numbers


@pytest.fixture
def published(kept, tmp_path):
    folder, numbers = kept
    return shutil.copytree(folder / "public", tmp_path / "public"), numbers


class Visit:
    """A browser's page, with everything it asked for and complained of."""

    def __init__(self, page):
        self.page, self.asked_for, self.requests, self.complaints = page, [], [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, file, query=""):
        self.asked_for.append(file.as_uri() + query)
        self.page.goto(self.asked_for[-1])
        return self.page

    def rows(self):
        return self.page.locator("tbody tr:visible .number").all_inner_texts()

    def close(self):
        assert self.complaints == []
        assert [url for url in self.requests if not url.startswith("data:")] == self.asked_for
        self.page.close()


@pytest.fixture
def visit(browser):
    opened = Visit(browser.new_page(viewport=WIDE))
    yield opened
    opened.close()


def test_the_search_finds_by_every_word_and_by_standing(published, visit):
    folder, numbers = published
    page = visit.open(folder / "index.html")
    assert visit.rows() == list(numbers.values())
    for words, found in (
        ("xj-suspended", ["SUSPENDED"]),
        (firmware_hash("V9.99")[:20], ["AMENDED"]),
        ("湘江 V1.23 amended", ["AMENDED"]),
        (numbers["VALID"].lower(), ["VALID"]),
        ("识读终端 xj-valid", ["VALID"]),
        ("已撤销", ["WITHDRAWN"]),
        ("terminal suspended", ["SUSPENDED"]),
        ("有效 ＡＭＥＮＤＥＤ", ["AMENDED"]),
        ("没有这样的", []),
    ):
        page.fill("#words", words)
        assert visit.rows() == [numbers[one] for one in found]
        assert page.locator("#none").is_visible() is (not found)
    page.fill("#words", "")
    page.select_option("#standing", "withdrawn")
    assert visit.rows() == [numbers["WITHDRAWN"]]
    visit.open(folder / "index.html", "?q=xj-valid")
    assert visit.rows() == [numbers["VALID"]]


def test_the_page_says_expired_once_the_day_has_passed(published, visit):
    folder, numbers = published
    page = visit.open(folder / "index.html")
    assert page.locator(".state").all_inner_texts() == ["有效", "已暂停", "已撤销", "有效"]
    page.add_init_script(f"const real = Date.now; Date.now = () => real() + {3 * 366 * DAY_MS};")
    page = visit.open(folder / "index.html")
    assert page.locator(".state").all_inner_texts() == ["已过期", "已过期", "已撤销", "已过期"]
    page.fill("#words", "已过期 xj-valid")
    assert visit.rows() == [numbers["VALID"]]
    page.fill("#words", "")
    page.select_option("#standing", "expired")
    assert visit.rows() == [numbers[one] for one in ("VALID", "SUSPENDED", "AMENDED")]
    page = visit.open(folder / "c" / numbers["VALID"] / "index.html")
    assert page.locator("h1 .state").inner_text() == "已过期"


def test_both_languages_are_there_and_reasons_are_text(published, visit):
    folder, numbers = published
    visit.page.set_viewport_size(NARROW)
    seen = visit.open(folder / "c" / numbers["SUSPENDED"] / "index.html")
    assert "投诉<b>调查</b>" in seen.locator("main").inner_text()
    assert "登记记录" in seen.locator("main").inner_text()
    seen.click("#language")
    assert "登记记录" not in seen.locator("main").inner_text()
    assert "History" in seen.locator("main").inner_text()
    assert seen.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_code_on_paper_is_compared_with_the_evidence(published, filled, visit):
    folder, numbers = published
    wording = filled[0].read().certificates[numbers["AMENDED"]].wording
    old, new = (one.manifest_sm3 for one in wording.shown)
    page = folder / "c" / numbers["AMENDED"] / "index.html"
    for carried, said in (
        (f"e=2&m={new}", "与本登记簿一致：第 2 版"),
        (f"e=1&m={old}", "旧版（第 1 版），已由第 2 版取代"),
        (f"m={old}", "旧版"),
        (f"e=2&m={old}", "可能系伪造"),
        (f"e=3&m={new}", "晚于本页"),
        (f"e=2&m={'ab' * 32}", "可能系伪造"),
    ):
        assert said in visit.open(page, f"?{carried}").locator("#match").inner_text()
    assert visit.open(page).locator("#match").is_hidden()


def test_firmware_that_was_dropped_and_its_paper_are_told_as_such(filled, authoriser, hand, tmp_path, visit):
    """The paper of the edition before rests on the same newest run, and still covers too much."""
    book, numbers = filled
    number, folder = numbers["AMENDED"], tmp_path / "public"
    before = book.read().certificates[number].wording
    amend(book, number, hand("发现缺陷"), drop=[firmware_hash("V1.23")])
    export(book, folder, authoriser, hand().now)
    page, newest = folder / "c" / number / "index.html", before.shown[-1].manifest_sm3
    seen = visit.open(page, f"?e={before.edition}&m={newest}")
    assert "旧版（第 2 版），已由第 3 版取代" in seen.locator("#match").inner_text()
    assert "old" in seen.locator("#match").get_attribute("class")
    gone = seen.locator(".gone").inner_text()
    assert all(text in gone for text in ("V1.23", firmware_hash("V1.23"), "发现缺陷"))
    listed = [one.split()[0] for one in seen.locator(".files li").all_inner_texts()]
    papers = [f"certificate-{number}{edition}.pdf{end}" for edition in ("-3", "-2", "") for end in ("", ".sig")]
    assert listed[:6] == papers
    about = seen.locator(".files li .zh").all_inner_texts()
    assert about[0] == "现行版，第 3 版"
    assert about[2] == "旧版，第 2 版，已由后版取代"
    listing = visit.open(folder / "index.html")
    listing.fill("#words", f"{firmware_hash('V1.23')} xj-amended")
    assert visit.rows() == [number]
    assert "不再覆盖" in listing.locator("tbody tr:visible .lost").inner_text()
    assert visit.open(page, f"?e=3&m={newest}").locator("#match").inner_text().startswith("所扫二维码与本登记簿一致")


def test_a_listing_answers_without_the_register(published, authoriser, hand):
    folder, _ = published
    listing = read_listing(folder, authoriser.centre, hand().now)
    today = hand().day
    for model, firmware, word in (
        ("XJ-VALID", "V1.23", Cover.COVERED),
        ("XJ-SUSPENDED", "V1.23", Cover.SUSPENDED),
        ("XJ-WITHDRAWN", "V1.23", Cover.WITHDRAWN),
        ("XJ-AMENDED", "V9.99", Cover.COVERED),
        ("XJ-VALID", "V9.99", Cover.NOT_COVERED),
    ):
        device = Device(firmware_hash(firmware), model=model)
        assert cover(listing.certificates.values(), device, today).cover is word
    device = Device(firmware_hash("V1.23"), model="XJ-VALID")
    late = today + timedelta(days=3 * 366)
    assert cover(listing.certificates.values(), device, late).cover is Cover.EXPIRED


def test_the_history_behind_it_can_be_followed_by_anybody(published):
    folder, _ = published
    kept = [json.loads(line) for line in (folder / ACTS).read_text().splitlines()]
    history = follow([Line(one["line"], one["signature"].encode()) for one in kept], "acts.jsonl")
    listing = json.loads((folder / LISTING).read_text())
    assert (listing["acts"], listing["head"]) == (history.records, history.head.hex())


def test_a_changed_listing_is_refused(published, authoriser, hand, tmp_path):
    folder, _ = published
    body = (folder / LISTING).read_text()
    (folder / LISTING).write_text(body.replace('"suspended"', '"valid"'))
    with pytest.raises(BrokenRegisterError, match="signed other bytes"):
        read_listing(folder, authoriser.centre, hand().now)
    (folder / LISTING).write_text(body)
    read_listing(folder, authoriser.centre, hand().now)
    stranger = signer(specimen_keys(tmp_path / "others"), "authoriser")
    with pytest.raises(BrokenRegisterError, match="not issued by this centre"):
        read_listing(folder, stranger.centre, hand().now)
    (folder / LISTING_SIGNATURE).unlink()
    with pytest.raises(PlanError, match="cannot be read"):
        read_listing(folder, authoriser.centre, hand().now)


def test_a_listing_takes_the_place_of_the_one_before(published, filled, authoriser, hand):
    folder, numbers = published
    book, _ = filled
    set_standing(book, Act.REINSTATE, numbers["SUSPENDED"], hand())
    export(book, folder, authoriser, hand().now)
    listing = read_listing(folder, authoriser.centre, hand().now)
    assert listing.certificates[numbers["SUSPENDED"]].standing(hand().day) == "valid"
    assert sorted(path.name for path in folder.parent.iterdir() if path.name.startswith(".")) == []


def test_a_register_that_lost_its_last_acts_is_not_published(published, filled, authoriser, hand, tmp_path):
    folder, numbers = published
    book, _ = filled
    shutil.copy(book.given, tmp_path / "before.sqlite")
    renewed = hand()
    set_standing(book, Act.WITHDRAW, numbers["VALID"], renewed)
    export(book, folder, authoriser, hand().now)
    before = (folder / LISTING).read_bytes()
    shutil.copy(tmp_path / "before.sqlite", book.given)
    with pytest.raises(BrokenRegisterError, match="does not contain the 9 acts"):
        export(book, folder, authoriser, hand().now)
    assert (folder / LISTING).read_bytes() == before


def test_a_folder_with_something_else_is_left_alone(book, authoriser, hand, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "letter.txt").write_text("dear")
    with pytest.raises(PlanError, match="no listing"):
        export(book, tmp_path / "notes", authoriser, hand().now)
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["letter.txt"]


def test_nothing_in_it_stands_in_clear_that_may_not(published):
    folder, _ = published
    assert scan(folder) == ()


def test_words_with_an_identity_number_are_refused_before_they_are_published_for_good(filled, hand):
    book, numbers = filled
    body = "43990019900101001"
    with pytest.raises(PlanError, match="in clear"):
        set_standing(book, Act.SUSPEND, numbers["VALID"], hand(f"举报人 {body}{check_digit(body)}"))
    with pytest.raises(PlanError, match="in clear"):
        amend(book, numbers["VALID"], hand(), correct={"vendor": f"{body}{check_digit(body)}"})
    assert book.read().records == 8


def test_a_renewed_certificate_is_published_with_all_its_editions(filled, runs, authoriser, hand, tmp_path):
    book, numbers = filled
    renew(book, numbers["VALID"], [runs(name="20261127-120008-cc08", model="XJ-VALID", ended=-0.5)], hand("续期"))
    export(book, tmp_path / "public", authoriser, hand().now)
    kept = {path.name for path in (tmp_path / "public" / "c" / numbers["VALID"]).iterdir()}
    editions = {f"certificate-{numbers['VALID']}{end}.pdf" for end in ("", "-2")}
    assert {*editions, "manifest-20261127-120008-cc08.json", "index.html"} <= kept
