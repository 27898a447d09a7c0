"""A database that does not open: the operator learns which kind of cause it is, and nobody learns the password."""

from __future__ import annotations

import tempfile
from pathlib import Path

import psycopg
import pytest
from postgres_server import INSTALL, PostgresServer, programs
from sqlalchemy.exc import OperationalError

from reference_impl.door.options import PlatformOptions
from reference_impl.door.production import refuse_production
from reference_impl.door.reading import open_for_reading
from reference_impl.errors import PlatformError
from reference_impl.platform import close_now, open_platform
from reference_impl.storage.opening_faults import cause_of, place_of

PASSWORD = "geheim"
NOT_KNOWN = "the server does not take this user with this password"


@pytest.fixture(scope="module")
def guarded_server():
    """A PostgreSQL server that wants a password and does not let everybody in."""
    found = programs()
    if found is None:
        pytest.skip(f"PostgreSQL is not installed; to install it: {INSTALL}")
    with tempfile.TemporaryDirectory(prefix="xiangka-tests-") as folder:
        server = PostgresServer(found, Path(folder))
        for statement in (
            f"CREATE ROLE clerk LOGIN PASSWORD '{PASSWORD}'",
            "CREATE DATABASE closed",
            "REVOKE CONNECT ON DATABASE closed FROM PUBLIC",
        ):
            server.do(statement)
        ways = ("all tests 127.0.0.1/32 trust", "all nobody 127.0.0.1/32 trust", "all clerk 127.0.0.1/32 scram-sha-256")
        (server.data / "pg_hba.conf").write_text("".join(f"host {way}\n" for way in ways))
        server.do("SELECT pg_reload_conf()")
        yield server
        server.stop("immediate")


def refused(folder, url):
    with pytest.raises(PlatformError) as caught:
        open_platform(folder / "data", database_url=url)
    assert PASSWORD not in str(caught.value)
    assert caught.value.remedy
    assert caught.value.what.startswith("the database cannot be opened: ")
    return caught.value


@pytest.mark.parametrize(
    ("user", "database", "told", "remedy"),
    [
        (f"clerk:{PASSWORD}x", "platform", NOT_KNOWN, "correct user and password"),
        ("clerk", "platform", NOT_KNOWN, "correct user and password"),
        ("nobody", "platform", NOT_KNOWN, "correct user and password"),
        (f"clerk:{PASSWORD}", "nowhere", "the server has no such database", "make it, or correct its name"),
        ("tests", "authentication failed", "the server has no such database", "make it, or correct its name"),
        (f"clerk:{PASSWORD}", "closed", "this user may not connect to it", "grant CONNECT"),
        (f"clerk:{PASSWORD}", "postgres", "this user may not make or use its tables", "the owner of the database"),
        ("stranger", "platform", "the server lets nobody in this way", "pg_hba.conf"),
        ("tests", "platform?sslmode=require", "server and URL do not agree on TLS", "sslmode"),
    ],
)
def test_a_server_that_refuses(guarded_server, tmp_path, user, database, told, remedy):
    address = f"127.0.0.1:{guarded_server.port}/{database}"
    fault = refused(tmp_path, f"postgresql://{user}@{address}")
    assert told in fault.what
    assert remedy in fault.remedy
    assert fault.where.replace("%20", " ") == f"--database postgresql://{address.partition('?')[0]}"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"postgresql://u:{PASSWORD}@127.0.0.1:1/x", "no server answers there"),
        (f"postgresql://u:{PASSWORD}@/x?host=/nowhere", "no server answers there"),
        (f"postgresql://u:{PASSWORD}@no-host.invalid/x", "there is no host of that name"),
        (f"postgresql://u:{PASSWORD}@127.0.0.1:99999/x", "this port is none"),
        (f"postgresql://u:{PASSWORD}@h:port/x", "no URL of a SQLite or PostgreSQL database"),
        (f"postgresql://u:x@{PASSWORD}@127.0.0.1:1/x", ""),
        (f"mysql://u:{PASSWORD}@h/x", "no URL of a SQLite or PostgreSQL database"),
        (f"{PASSWORD}", "no URL of a SQLite or PostgreSQL database"),
        ("sqlite+none://", "no URL of a SQLite or PostgreSQL database"),
        ("sqlite:////nowhere/at/all.sqlite", "the file cannot be opened"),
    ],
)
def test_a_database_that_is_not_there(tmp_path, url, told):
    assert told in refused(tmp_path, url).what


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "letter").write_text("no database at all" * 100)
    fault = refused(tmp_path, f"sqlite:///{tmp_path}/letter")
    assert "is no SQLite database" in fault.what
    assert fault.where == f"--database sqlite:///{tmp_path}/letter"


def test_a_server_that_speaks_another_language_has_refused_all_the_same():
    said = OperationalError("", None, psycopg.OperationalError("FATAL:  Anmeldung verweigert"))
    assert "refused the connection" in cause_of(said).what


def test_reading_a_database_without_a_platform_says_so(tmp_path):
    close_now(open_platform(tmp_path))
    url = f"sqlite:///{tmp_path}/empty.sqlite"
    options = PlatformOptions(tmp_path, database_url=url)
    with pytest.raises(PlatformError, match="there is no platform in it"), open_for_reading(options):
        pass


def test_the_place_of_a_database_holds_neither_user_nor_password_nor_parameters():
    url = f"postgresql+psycopg://u:{PASSWORD}@h:5432/x?password={PASSWORD}"
    assert place_of(url) == "--database postgresql://h:5432/x"


def test_a_password_with_an_at_is_not_taken_for_a_host_of_production():
    with pytest.raises(PlatformError) as caught:
        refuse_production(PlatformOptions(Path("/srv/d"), database_url=f"postgresql://u:x@{PASSWORD}@prod/ehc"))
    assert caught.value.where == "prod"
    refuse_production(PlatformOptions(Path("/srv/d"), database_url=f"postgresql://u:{PASSWORD}@h:port/x"))
