"""Keys and signed runs for a whole session, and registers in both kinds of database."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from certification.catalogue import Text
from certification.certificates import CHINA
from register.acting import Hand
from register.book import Book, make_book
from register.certificate_pdf import certificate_name
from register.lines import Opening
from tests.register.passed_runs import Told, hardware_keys, passed_run, signer
from tests.reports.conftest import browser

sys.path.insert(0, str(Path(__file__).parents[1] / "reference_impl"))

from postgres_server import postgres_server

__all__ = ["browser", "postgres_server"]

URL = "https://ehc.example.org/register"


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """Folder of the keys of a centre and both signers."""
    return hardware_keys(tmp_path_factory.mktemp("signers") / "keys")


@pytest.fixture(scope="session")
def authoriser(keys):
    return signer(keys, "authoriser")


@pytest.fixture(scope="session")
def runs(tmp_path_factory, keys):
    """Makes signed runs, each once a session; not to be written into."""
    folder, made = tmp_path_factory.mktemp("runs"), {}

    def make(**told):
        said = Told(**told)
        key = repr(said)
        if key not in made:
            made[key] = passed_run(folder / str(len(made)), keys, said)
        return made[key]

    return make


def few_bytes(_opening, number, wording, *_rest):
    """A certificate of a few bytes in place of set pages."""
    name = certificate_name(number, wording.edition)
    return {name: b"%PDF " + name.encode(), f"{name}.sig": b"{}"}


@pytest.fixture
def quickly_set(monkeypatch):
    """Certificates of a few bytes, for tests of what is done with them."""
    monkeypatch.setattr("register.acting.signed_certificate", few_bytes)


def by(signer, why="缘由", days=0):
    """Somebody who acts so many days from now."""
    now = datetime.now(CHINA).replace(microsecond=0) + timedelta(days=days)
    return Hand(signer, now, Text(zh=why, en=f"because: {why}"))


@pytest.fixture
def hand(authoriser):
    """The authoriser, or another, who acts."""
    return lambda why="缘由", days=0, other=None: by(other or authoriser, why, days)


def opening(authoriser, *, specimen=False):
    name = Text(zh="合成证书登记簿", en="Synthetic register of certificates")
    at = datetime.now(CHINA).replace(microsecond=0) - timedelta(days=1.2)
    return Opening(name, specimen, URL, authoriser.centre.decode(), at, authoriser.name)


@pytest.fixture
def make_register(tmp_path, authoriser):
    """Makes registers in SQLite files and opens them."""
    opened = []

    def make(*, specimen=False, place=None):
        place = place or str(tmp_path / f"register-{len(opened)}.sqlite")
        make_book(place, opening(authoriser, specimen=specimen), authoriser)
        opened.append(Book(place))
        opened[-1].given = place
        return opened[-1]

    yield make
    for book in opened:
        book.__exit__(None, None, None)


@pytest.fixture
def book(make_register):
    return make_register()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Where a register can be made, in each kind of database."""
    if request.param == "sqlite":
        yield str(tmp_path / "register.sqlite")
        return
    with request.getfixturevalue("postgres_server").databases() as make:
        yield make("template0")
