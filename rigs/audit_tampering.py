"""Changes a hostile operator could make to the audit in a copy of the reference platform's database file.

They know the tables and the rule of the hash, which is no secret, and hold no key.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

DATABASE = "platform.sqlite"
AUDIT_S = 120.0
_COLUMNS = ("lane", "seq", "at_ms", "op", "org_code", "app_id", "term_id", "card_id", "outcome", "actor", "detail")
_HASH = len(_COLUMNS)


def record_hash(record: Mapping[str, object]) -> str:
    """The hash a record must carry: SM3 over the canonical JSON of everything else in it, as hex."""
    body = {name: value for name, value in record.items() if name != "hash"}
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.new("sm3", text.encode()).hexdigest()


def says_whole(data: Path) -> bool:
    """Whether the platform's own check of a data folder finds nothing."""
    command = [sys.executable, "-m", "xiangka", "platform", "audit", "--data", str(data)]
    return subprocess.run(command, capture_output=True, timeout=AUDIT_S, check=False).returncode == 0


def tampered(data: Path, copy: Path, change: Callable[[sqlite3.Connection], None]) -> Path:
    """A copy of a data folder with one change made to its database; the platform must be stopped."""
    shutil.copytree(data, copy)
    with closing(sqlite3.connect(copy / DATABASE)) as connection, connection:
        change(connection)
    return copy


def _middle(connection: sqlite3.Connection) -> tuple[str, int]:
    lane, last = connection.execute("SELECT lane, max(seq) FROM audit GROUP BY lane ORDER BY 2 DESC").fetchone()
    return lane, last // 2


def _alter(connection: sqlite3.Connection) -> None:
    place = _middle(connection)
    connection.execute(
        "UPDATE audit SET outcome = CASE outcome WHEN '000' THEN '403' ELSE '000' END WHERE lane = ? AND seq = ?", place
    )


def _delete(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit WHERE lane = ? AND seq = ?", _middle(connection))


def _insert(connection: sqlite3.Connection) -> None:
    """A record more in the middle, the later ones moved up to make room."""
    lane, seq = _middle(connection)
    for (later,) in connection.execute(
        "SELECT seq FROM audit WHERE lane = ? AND seq >= ? ORDER BY seq DESC", (lane, seq)
    ).fetchall():
        connection.execute("UPDATE audit SET seq = ? WHERE lane = ? AND seq = ?", (later + 1, lane, later))
    names = ", ".join((*_COLUMNS[2:], "hash"))
    connection.execute(
        f"INSERT INTO audit (lane, seq, {names}) SELECT lane, ?, {names} FROM audit WHERE lane = ? AND seq = ?",  # noqa: S608 - names of our own
        (seq, lane, seq + 1),
    )


def _reorder(connection: sqlite3.Connection) -> None:
    lane, seq = _middle(connection)
    for old, new in ((seq, -1), (seq + 1, seq), (-1, seq + 1)):
        connection.execute("UPDATE audit SET seq = ? WHERE lane = ? AND seq = ?", (new, lane, old))


def _cut_tail(connection: sqlite3.Connection) -> None:
    """The last records gone, and the lane's end set to what is left."""
    lane, _ = _middle(connection)
    last = connection.execute("SELECT max(seq) FROM audit WHERE lane = ?", (lane,)).fetchone()[0]
    connection.execute("DELETE FROM audit WHERE lane = ? AND seq > ?", (lane, last - 5))
    _set_end(connection, lane)


def _rewrite(connection: sqlite3.Connection) -> None:
    """A record altered, and every hash from it on made anew, as is the lane's end."""
    lane, seq = _middle(connection)
    _alter(connection)
    head = connection.execute("SELECT hash FROM audit WHERE lane = ? AND seq = ?", (lane, seq - 1)).fetchone()[0]
    names = ", ".join((*_COLUMNS, "hash"))
    rows = connection.execute(
        f"SELECT {names} FROM audit WHERE lane = ? AND seq >= ? ORDER BY seq",  # noqa: S608 - names of our own
        (lane, seq),
    ).fetchall()
    for row in rows:
        record = dict(zip(_COLUMNS, row[:_HASH], strict=True))
        record |= {"detail": json.loads(record["detail"]), "prev": head.hex()}
        head = bytes.fromhex(record_hash(record))
        connection.execute("UPDATE audit SET hash = ? WHERE lane = ? AND seq = ?", (head, lane, row[1]))
    _set_end(connection, lane)


def _set_end(connection: sqlite3.Connection, lane: str) -> None:
    last, head = connection.execute(
        "SELECT seq, hash FROM audit WHERE lane = ? ORDER BY seq DESC LIMIT 1", (lane,)
    ).fetchone()
    connection.execute("UPDATE audit_lanes SET next_seq = ?, head = ? WHERE lane = ?", (last + 1, head, lane))


def _take_away_lane(connection: sqlite3.Connection) -> None:
    lane, _ = _middle(connection)
    for table in ("audit", "audit_lanes"):
        connection.execute(f"DELETE FROM {table} WHERE lane = ?", (lane,))  # noqa: S608 - names of our own


CHANGES: Mapping[str, Callable[[sqlite3.Connection], None]] = {
    "record altered": _alter,
    "record deleted": _delete,
    "record inserted": _insert,
    "records reordered": _reorder,
    "tail cut off": _cut_tail,
    "history rewritten": _rewrite,
    "lane taken away": _take_away_lane,
}
