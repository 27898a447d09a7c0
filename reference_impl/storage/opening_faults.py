"""Why a database does not open, for whoever named it: what kind of cause it is and what to do, and never a password.

libpq tells a failed connection by its text alone, and a server may word its part in another language: what is not
known here is told as a refusal by the server, whose log says more.
"""

from __future__ import annotations

import re
import sqlite3
from typing import NamedTuple

import psycopg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from reference_impl.errors import PlatformError


class Cause(NamedTuple):
    """What is wrong with a database, and what the operator can do about it."""

    what: str
    remedy: str


_NO_URL = Cause(
    "this is no URL of a SQLite or PostgreSQL database",
    "write it as sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME",
)
_NO_DRIVER = Cause(
    "its driver is not installed", "leave the driver out of the URL: sqlite:///FILE or postgresql://USER@HOST/NAME"
)
_EMPTY = Cause(
    "there is no platform in it", "name the database of a platform, or make one with `xiangka platform init`"
)

_SQLITE = {
    "SQLITE_CANTOPEN": Cause("the file cannot be opened", "name a file in a folder that this user may write"),
    "SQLITE_NOTADB": Cause("the file is no SQLite database", "name another file, or one that is not there yet"),
    "SQLITE_READONLY": Cause("the file may not be written", "give this user the right to write it and its folder"),
    "SQLITE_BUSY": Cause("another program holds it", "stop that program"),
    "SQLITE_CORRUPT": Cause("the file is damaged", "put a sound copy in its place"),
    "SQLITE_FULL": Cause("its disk is full", "make room on it"),
}
_NO_TABLE = "no such table"
_STATES = {
    "42501": Cause("this user may not make or use its tables", "make the user the owner of the database"),
    "25006": Cause("it may only be read", "name a database that may be written, not a standby"),
    "55P03": Cause("another program holds its tables", "stop that program"),
    "42P01": _EMPTY,
}
_NOBODY = Cause("no server answers there", "start the server, or correct host and port")
_NO_HOST = Cause("there is no host of that name", "correct the host")
_NOT_KNOWN = Cause("the server does not take this user with this password", "correct user and password in the URL")
_REFUSED = Cause("the server refused the connection", "see the server's log for the reason")
_FULL = Cause("the server has no connection left", "close some, or raise its max_connections")
_TEXTS = (
    ("Connection refused", _NOBODY),
    ("No such file or directory", _NOBODY),
    ("timeout expired", _NOBODY),
    ("timed out", _NOBODY),
    ("unreachable", _NOBODY),
    ("No route to host", _NOBODY),
    ("resolve host", _NO_HOST),
    ("translate host name", _NO_HOST),
    ("invalid port number", Cause("this port is none", "correct the port")),
    ("database * does not exist", Cause("the server has no such database", "make it, or correct its name")),
    ("role * does not exist", _NOT_KNOWN),
    ("authentication failed", _NOT_KNOWN),
    ("no password supplied", _NOT_KNOWN),
    ("permission denied for database", Cause("this user may not connect to it", "grant CONNECT, or name another user")),
    ("no pg_hba.conf entry", Cause("the server lets nobody in this way", "add a line for it to its pg_hba.conf")),
    ("SSL", Cause("server and URL do not agree on TLS", "correct sslmode and the certificates in the URL")),
    ("connection slots", _FULL),
    ("too many clients", _FULL),
    ("starting up", Cause("the server is still starting", "try again in a moment")),
    ("shutting down", Cause("the server is stopping", "start it again")),
)
_NAME = re.compile("\"[^\"]*\"|'[^']*'")
"""A name in what libpq says; it could hold any word of the table."""


def database_fault(done: str, where: str, error: Exception) -> PlatformError:
    """Return what to raise for a database that could not be used.

    Args:
        done: what could not be done to it: opened, read.
        where: its place.
        error: what SQLAlchemy or an import said.
    """
    cause = cause_of(error)
    return PlatformError(f"the database cannot be {done}: {cause.what}", where=where, remedy=cause.remedy)


def place_of(url: str) -> str:
    """Return the option that named a database, and its place without user, password and parameters."""
    try:
        named = make_url(url)
    except (ArgumentError, ValueError):
        return "--database"
    host = None if named.host is None else named.host.rpartition("@")[2]
    bare = URL.create(named.get_backend_name(), host=host, port=named.port, database=named.database)
    return f"--database {bare.render_as_string()}"


def cause_of(error: Exception) -> Cause:
    """Return the kind of cause behind an error of SQLAlchemy or of an import."""
    if isinstance(error, ImportError):
        return _NO_DRIVER
    if isinstance(error, ArgumentError):
        return _NO_URL
    origin = error.orig if isinstance(error, DBAPIError) else None
    found = None
    if isinstance(origin, sqlite3.Error):
        found = _of_sqlite(origin)
    elif isinstance(origin, psycopg.Error) and origin.sqlstate is not None:
        found = _STATES.get(origin.sqlstate)
    elif isinstance(origin, psycopg.OperationalError):
        found = _of_connecting(origin)
    return found or Cause(f"it failed with {type(origin or error).__name__}", "see the database's log, or name another")


def _of_sqlite(error: sqlite3.Error) -> Cause | None:
    if _NO_TABLE in str(error):
        return _EMPTY
    # An extended code begins with the name of the plain one.
    named = str(getattr(error, "sqlite_errorname", ""))
    return next((cause for name, cause in _SQLITE.items() if named.startswith(name)), None)


def _of_connecting(error: psycopg.OperationalError) -> Cause:
    said = _NAME.sub("*", str(error))
    known = next((cause for text, cause in _TEXTS if text in said), None)
    if known is None and error.pgconn is not None and error.pgconn.used_password:
        return _NOT_KNOWN
    return known or _REFUSED
