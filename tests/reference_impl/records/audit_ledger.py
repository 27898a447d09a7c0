"""Writing an audit of a known number of records, as a writer does."""

from dataclasses import dataclass

from sqlalchemy import Engine

from reference_impl.records import audit

KEY = b"a" * 32
NOW_MS = 1_800_000_000_000
LANE_RECORDS = 12


def entry(number, at_ms=NOW_MS):
    detail = audit.detail_text({"number": str(number), "文": "é"})
    return audit.Entry(at_ms, "ehc.test", "org", "app", "term", "AB" * 32, "000", "clerk", detail)


@dataclass
class Ledger:
    """Each call is one transaction."""

    engine: Engine
    key: audit.AuditKey = KEY

    def write(self, lane, entries):
        with self.engine.begin() as connection:
            opened = audit.open_lane(connection, self.key, lane)
            audit.write(connection, *opened.chain([*entries, *audit.pending(connection)]))
            audit.pending(connection).clear()

    def check(self):
        with self.engine.connect() as connection:
            return audit.check(connection, self.key)

    def do(self, *statements):
        """Tamper."""
        with self.engine.begin() as connection:
            for statement in statements:
                assert connection.execute(statement).rowcount
