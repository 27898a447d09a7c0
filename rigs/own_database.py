"""A PostgreSQL database for one platform alone: made when it is started, dropped when it is done with."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from rigs.errors import RigError
from rigs.platform_link import CHANNEL

PREFIX = "xiangka_row_"
"""What its name begins with, so that one left behind by a bench that was killed is known for what it is."""
_PATIENCE_S = 10


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """Make a database, give its URL, and drop it whoever is still connected.

    Args:
        server: URL of any database of the server; its role must be allowed to create databases.

    Raises:
        RigError: the server is not there, or refuses.
    """
    name = PREFIX + secrets.token_hex(8)
    # The platform refuses any other encoding, and only the empty template can be copied into another one.
    _do(server, "CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0", name)
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        _do(server, "DROP DATABASE {} WITH (FORCE)", name)


def _do(server: str, statement: str, name: str) -> None:
    address = make_url(server).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(address, autocommit=True, connect_timeout=_PATIENCE_S) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
    except psycopg.Error as error:
        # What the server says may repeat where it is and who asked: only its kind is told.
        raise RigError(
            f"the server for platforms of their own cannot be used ({type(error).__name__})",
            where=CHANNEL,
            remedy="let `apart_server_url` name a PostgreSQL database whose role may create others",
        ) from error
