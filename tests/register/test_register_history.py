"""A register keeps what was done: in both databases, against every change of it, and for two who act at once."""

import threading
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from certification.certificates import Act, Entry
from certification.errors import PlanError
from evidence.errors import SignatureError
from register.acting import issue, set_standing
from register.book import Book, make_book
from register.engine import open_engine
from register.errors import BrokenRegisterError
from register.history import follow
from register.migrations import HEAD, upgrade, version
from register.schema import SCHEMA
from tests.register.conftest import opening
from tests.register.passed_runs import hardware_keys, signer

pytestmark = pytest.mark.usefixtures("quickly_set")

NUMBER = "HNEHC-2026-0001"
NO_GUARD = {
    "sqlite": ("DROP TRIGGER register_acts_no_update", "DROP TRIGGER register_acts_no_delete"),
    "postgresql": ("DROP TRIGGER register_acts_kept ON register_acts",),
}


def entry(hand, act, number=NUMBER, wording=None):
    return Entry(number, act, hand.now, hand.signer.name, hand.why, wording)


@pytest.fixture
def suspended(place, authoriser, make_register, runs, hand):
    """A register with a certificate that was issued and suspended; its place."""
    book = make_register(place=place)
    number = issue(book, runs(), hand()).certificate.number
    set_standing(book, Act.SUSPEND, number, hand())
    return place


def test_a_register_is_read_back_as_it_was_written(suspended, hand):
    with Book(suspended) as book:
        history = book.read()
    (certificate,) = history.certificates.values()
    assert [one.act for one in certificate.history] == [Act.ISSUE, Act.SUSPEND]
    assert certificate.history[1].why == hand().why
    assert certificate.wording.subject.vendor == "湘江智能 Xiangjiang"
    assert history.records == 3


@pytest.mark.parametrize("statement", ["UPDATE register_acts SET line = ''", "DELETE FROM register_acts WHERE n = 3"])
def test_the_database_refuses_to_change_what_was_done(suspended, statement):
    engine = open_engine(suspended)
    with pytest.raises(DBAPIError, match="only added to"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    with Book(suspended) as book:
        assert book.read().records == 3


CHANGES = {
    "a word": ("UPDATE register_acts SET line = replace(line, '缘由', '別の') WHERE n = 3", "act 3"),
    "an act taken out": ("DELETE FROM register_acts WHERE n = 2", "act 2"),
    "a signature": (
        "UPDATE register_acts SET signature = (SELECT signature FROM register_acts WHERE n = 2) WHERE n = 3",
        "act 3",
    ),
    "the opening": ("UPDATE register_acts SET line = replace(line, 'false', 'true') WHERE n = 1", "act 1"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_in_spite_of_it_is_found_and_nothing_is_added(suspended, change, hand):
    statement, where = CHANGES[change]
    engine = open_engine(suspended)
    with engine.begin() as connection:
        for free in (*NO_GUARD[engine.dialect.name], statement):
            connection.execute(text(free))
    engine.dispose()
    with Book(suspended) as book:
        with pytest.raises(BrokenRegisterError, match=where):
            book.read()
        with pytest.raises(BrokenRegisterError):
            set_standing(book, Act.REINSTATE, NUMBER, hand())


@pytest.mark.parametrize("every", [97, pytest.param(1, marks=pytest.mark.nightly)])
def test_a_changed_byte_of_a_line_or_of_its_signature_is_found(make_register, runs, hand, every):
    book = make_register()
    issue(book, runs(), hand())
    _, (first, second) = book.read_lines()
    for place in range(0, len(second.text), every):
        flipped = chr(ord(second.text[place]) ^ 1)
        broken = replace(second, text=second.text[:place] + flipped + second.text[place + 1 :])
        with pytest.raises(BrokenRegisterError):
            follow([first, broken], "here")
    for place in range(0, len(second.signature), every):
        body = bytearray(second.signature)
        body[place] ^= 1
        with pytest.raises(BrokenRegisterError):
            follow([first, replace(second, signature=bytes(body))], "here")


def test_an_act_by_a_stranger_the_laboratory_or_after_a_certificate_expired_is_not_written(
    make_register, keys, hand, tmp_path
):
    book = make_register()
    refused = (
        (signer(hardware_keys(tmp_path / "others"), "authoriser"), 0, "not issued by this centre"),
        (signer(keys, "laboratory"), 0, "kept by an authoriser"),
        (signer(keys, "authoriser"), 5000, "expired on"),
    )
    for by, days, said in refused:
        with pytest.raises(SignatureError, match=said), book.change() as change:
            change.add(entry(hand(other=by, days=days), Act.SUSPEND), by, {})
        with pytest.raises(SignatureError, match=said):
            set_standing(book, Act.SUSPEND, NUMBER, hand(other=by, days=days))
    assert book.read().records == 1


def test_an_act_by_a_stranger_or_the_laboratory_does_not_hold(make_register, keys, hand, tmp_path, monkeypatch):
    monkeypatch.setattr("register.book.demand_authoriser_of", lambda *_: None)
    monkeypatch.setattr("register.book.require_signed", lambda *_: None)
    for by in (signer(hardware_keys(tmp_path / "others"), "authoriser"), signer(keys, "laboratory")):
        book = make_register()
        with book.change() as change:
            change.add(entry(hand(other=by), Act.SUSPEND), by, {})
        with pytest.raises(BrokenRegisterError, match="act 2"):
            book.read()


def test_a_laboratory_cannot_act(book, keys, hand):
    with pytest.raises(SignatureError, match="kept by an authoriser"):
        set_standing(book, Act.SUSPEND, NUMBER, hand(other=signer(keys, "laboratory")))


def test_an_act_that_fails_half_way_leaves_nothing(book, hand, runs):
    def cut_short():
        with book.change() as change:
            change.add(entry(hand(), Act.SUSPEND), hand().signer, {})
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        cut_short()
    assert book.read().records == 1


def test_a_clock_that_ran_backwards_is_refused_and_found(book, hand, runs):
    number = issue(book, runs(), hand()).certificate.number
    with pytest.raises(PlanError, match=rf"act 2 .issue {number} by .*set the clock"):
        set_standing(book, Act.SUSPEND, number, hand(days=-1))
    assert book.read().records == 2
    with book.change() as change:
        long_ago = replace(change.history.opening, at=hand(days=-9).now)
        early = replace(change, history=replace(change.history, opening=long_ago, entries=()))
        early.add(entry(hand(days=-1), Act.SUSPEND, number), hand().signer, {})
    with pytest.raises(BrokenRegisterError, match="dated before"):
        book.read()


def test_a_clock_far_ahead_is_refused_unless_nothing_was_done_for_so_long(book, hand, runs):
    number = issue(book, runs(), hand()).certificate.number
    set_standing(book, Act.SUSPEND, number, hand(days=399))
    with pytest.raises(PlanError, match=r"more than 400 days after act 3 .*--after-pause"):
        set_standing(book, Act.REINSTATE, number, hand(days=801))
    assert book.read().records == 3
    set_standing(book, Act.REINSTATE, number, replace(hand(days=801), after_pause=True))


def test_two_who_act_at_once_both_get_a_number_of_their_own(place, make_register, runs, hand):
    make_register(place=place)
    issued, errors = [], []
    ready = threading.Barrier(2)

    def act(run):
        with Book(place) as book:
            ready.wait()
            try:
                issued.append(issue(book, run, hand()).certificate.number)
            except Exception as error:
                errors.append(error)

    made = [runs(name="20261127-100000-aa01"), runs(name="20261127-100000-aa02", firmware="V1.24")]
    threads = [threading.Thread(target=act, args=(run,)) for run in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert sorted(issued) == ["HNEHC-2026-0001", "HNEHC-2026-0002"]
    with Book(place) as book:
        assert book.read().records == 3


def test_whoever_reads_waits_for_nobody_who_acts(place, make_register, hand):
    make_register(place=place)
    with Book(place) as acting, acting.change() as change:
        change.add(entry(hand(), Act.SUSPEND), hand().signer, {})
        with Book(place) as reading:
            assert reading.read().records == 1
    with Book(place) as reading, pytest.raises(ValueError, match="before it was issued"):
        assert reading.read().certificates


def test_a_document_that_was_exchanged_is_found(make_register, runs, hand, tmp_path):
    book = make_register()
    done = issue(book, runs(), hand())
    name = "certificate-HNEHC-2026-0001.pdf"
    digest = done.certificate.history[0].documents[name]
    assert book.document(NUMBER, name, digest) == done.documents[name]
    engine = open_engine(book.given)
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER register_documents_no_update"))
        connection.execute(text("UPDATE register_documents SET body = x'00'"))
    engine.dispose()
    with pytest.raises(BrokenRegisterError, match="is not the document"):
        book.document(NUMBER, name, digest)
    with pytest.raises(BrokenRegisterError, match="is missing"):
        book.document(NUMBER, "another", digest)


def test_the_steps_lead_to_the_tables_the_program_works_with(place):
    engine = open_engine(place, new=True)
    with engine.begin() as connection:
        assert version(connection) is None
        upgrade(connection)
        upgrade(connection)
        options = {"compare_type": True, "version_table": "register_version"}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SCHEMA) == []
        assert version(connection) == HEAD
    engine.dispose()


def test_tables_of_a_newer_program_are_refused(place, make_register):
    make_register(place=place)
    engine = open_engine(place)
    with engine.begin() as connection:
        connection.execute(text("UPDATE register_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(PlanError, match="9999, which is newer"):
        Book(place)


def test_a_register_is_made_once(place, make_register, authoriser):
    make_register(place=place)
    with pytest.raises(PlanError, match="is a register already"):
        make_book(place, opening(authoriser), authoriser)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("nowhere.sqlite", "there is no register"),
        ("mysql://host/name", "no SQLite file and no URL"),
        ("postgresql://user:secret@127.0.0.1:1/name", "cannot be used"),
        ("postgresql://user:secret@127.0.0.1:port/name", "no SQLite file and no URL"),
    ],
)
def test_a_database_that_is_none_is_told_without_its_password(named, said):
    with pytest.raises(PlanError, match=said) as caught:
        Book(named)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_told(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but long enough to be taken for one" * 20)
    with pytest.raises(PlanError, match="cannot be used"):
        Book(str(file))
    empty = tmp_path / "empty.sqlite"
    empty.touch()
    with pytest.raises(PlanError, match="there is no register in this database"):
        Book(str(empty))
