"""What every connection to PostgreSQL must be before the platform trusts it, and whose each audit lane is."""

from __future__ import annotations

import time

from sqlalchemy import Connection, text

from reference_impl.errors import PlatformError

LOCK_TIMEOUT_MS = 5000
"""How long a statement waits for another transaction; whoever waits longer is told so."""

SETTINGS = (
    # A stronger setting than "on" is left alone; "off" would lose answers already given.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    f"SET lock_timeout = {LOCK_TIMEOUT_MS}",
)
"""Set once on every connection."""

HOLD_LANE = "SELECT pg_try_advisory_lock(hashtext('xiangka audit lane'), hashtext(%s))"
"""Takes the lane of this name for as long as the connection lasts; one row, whether it was free."""

_PATIENCE_S = 5
_PAUSE_S = 0.1


def lane_held_error(lane: str) -> PlatformError:
    """Return the error of a lane that another process writes."""
    return PlatformError(
        f"another process writes the audit lane {lane} of this database",
        where="audit lane",
        remedy="stop that process, or let one `xiangka platform serve --workers N` run all of them",
    )


def hold_lane(connection: Connection, lane: str) -> None:
    """Take a lane, waiting a little for a process that has just ended.

    Raises:
        PlatformError: another process holds it.
    """
    until = time.monotonic() + _PATIENCE_S
    statement = text(HOLD_LANE.replace("%s", ":lane"))
    while not connection.execute(statement, {"lane": lane}).scalar_one():
        if time.monotonic() > until:
            raise lane_held_error(lane)
        time.sleep(_PAUSE_S)


def check_server(connection: Connection) -> None:
    """Demand a server that keeps what it has committed and can write every name.

    Raises:
        PlatformError: it does not flush to its disk, or the database is not kept in UTF-8.
    """
    if connection.execute(text("SHOW fsync")).scalar_one() != "on":
        raise PlatformError(
            "this PostgreSQL server does not flush to its disk (fsync is off)",
            where="--database",
            remedy="set fsync = on in its postgresql.conf and restart it: an answer given must outlast a power cut",
        )
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise PlatformError(
            f"this database is kept in {encoding}, which cannot write every name",
            where="--database",
            remedy="make it anew with `CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`",
        )
