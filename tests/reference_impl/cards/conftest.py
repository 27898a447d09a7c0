"""A database with the platform's tables, keys that only its tests hold, and people who do not exist."""

import secrets
from dataclasses import dataclass
from random import Random

import pytest

from reference_impl.cards.documents import read_document
from reference_impl.cards.issuance import Application, issue, read_application
from reference_impl.cards.numbers.mod_11_2 import check_digit
from reference_impl.cards.real_name import StandInRegister, authenticate
from reference_impl.storage.engine import open_engine, sqlite_url
from reference_impl.storage.schema import SCHEMA

NOW_MS = 1_800_000_000_000


@dataclass(frozen=True)
class Keys:
    """The three keys cards work with; the platform's keyring has more."""

    card_id: bytes = b"c" * 32
    person_lookup: bytes = b"l" * 32
    person_data: bytes = b"d" * 32


class Registry:
    """Calls the functions under test with the arguments that seldom matter filled in."""

    def __init__(self, engine, random):
        self.engine = engine
        self.keys = Keys()
        self.random = random

    @staticmethod
    def citizen(serial, born="19900101"):
        body = f"439900{born}{serial:03d}"
        return body + check_digit(body)

    def person(self, id_no=None, name="张合成", id_type="01"):
        document = read_document(id_type, id_no or self.citizen(1), NOW_MS)
        return authenticate(StandInRegister(), document, name)

    def issue(self, connection, person=None, now_ms=NOW_MS, fields=None, **application):
        how = read_application(application) if application else Application("1", "0403", "")
        return issue(connection, self.keys, person or self.person(), how, fields or {}, self.random, now_ms)


@pytest.fixture
def registry(tmp_path):
    engine = open_engine(sqlite_url(tmp_path / "cards.sqlite"))
    SCHEMA.create_all(engine)
    yield Registry(engine, Random(7).randbytes)
    engine.dispose()


@pytest.fixture
def connection(registry):
    with registry.engine.begin() as connection:
        yield connection


@pytest.fixture
def busy_registry(database, request, tmp_path):
    """A registry on either database, for threads that come at once; random bytes must then be no sequence."""
    if database == "sqlite":
        engine = open_engine(sqlite_url(tmp_path / "busy.sqlite"))
        SCHEMA.create_all(engine)
    else:
        engine = open_engine(request.getfixturevalue("fresh_postgres")())
    yield Registry(engine, secrets.token_bytes)
    engine.dispose()
