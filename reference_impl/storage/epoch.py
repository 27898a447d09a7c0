"""The epoch: a number that moves with every change of keys or standing, for workers that keep either in memory."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from reference_impl.storage.schema import EPOCH

_NUMBER = select(EPOCH.c.number)
_BUMP = update(EPOCH).values(number=EPOCH.c.number + 1)


def begin(connection: Connection) -> None:
    """Write the first epoch of a new platform."""
    connection.execute(insert(EPOCH), {"one": 1, "number": 1})


def read(connection: Connection) -> int:
    """Return the present epoch."""
    return int(connection.execute(_NUMBER).scalar_one())


def bump(connection: Connection) -> None:
    """Make every worker read keys and standing anew before it decides anything more."""
    connection.execute(_BUMP)
