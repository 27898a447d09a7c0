"""The tables of what the platform writes down: the register of audit lanes, issuances, visits, records, the outbox.

They belong to the same ``SCHEMA`` as all others, on SQLite and PostgreSQL alike. Times are Unix milliseconds.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    text,
)

from reference_impl.storage.schema import CARDS, PERSONS, SCHEMA, SERIAL

AUDIT_REGISTER = Table(
    "audit_register",
    SCHEMA,
    Column("one", Integer, primary_key=True),
    Column("lanes", String, nullable=False),
    Column("seal", LargeBinary(32), nullable=False),
)
"""One row: which lanes there are and where each begins, as canonical JSON, and a keyed hash over it. Without it a lane
taken away whole would not be missed."""

ISSUANCES = Table(
    "issuances",
    SCHEMA,
    Column("card_no", ForeignKey(CARDS.c.card_no), primary_key=True),
    Column("issued_ms", BigInteger, nullable=False, index=True),
    Column("channel", String, nullable=False),
    Column("org_code", String, nullable=False),
)
"""When, through which channel and by which institution each card was made."""

VISITS = Table(
    "visits",
    SCHEMA,
    Column("visit_no", SERIAL, primary_key=True),
    Column("org_code", String, nullable=False),
    Column("visit", String, nullable=False),
    Column("first_ms", BigInteger, nullable=False, index=True),
    Column("with_card", Integer, nullable=False),
    Column("holder", String),
    Column("patient_key", String),
    UniqueConstraint("org_code", "visit"),
)
"""One row a visit, whatever number of reports tell of it. ``visit`` is made of a keyed hash of the institution's number
of it, or of holder and day; ``with_card`` is 0 or 1; ``holder`` names the person whose card was used, ``patient_key``
is a keyed hash of the institution's own patient number."""

USAGE_REPORTS = Table(
    "usage_reports",
    SCHEMA,
    Column("app_id", String, primary_key=True),
    Column("seq_no", String, primary_key=True),
    Column("visit_no", ForeignKey(VISITS.c.visit_no), nullable=False),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("received_ms", BigInteger, nullable=False),
    Column("with_card", Integer, nullable=False),
    Column("step", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("department_type", String, nullable=False),
    Column("scanner_serial", String, nullable=False),
    Column("pay_fen", BigInteger),
    Column("pay_channel", String, nullable=False),
    Column("online", String, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("scene", String, nullable=False, server_default=text("''")),
    Column("filed", Integer, nullable=False, server_default=text("0")),
)
"""``seq_no`` is a keyed hash of the application's number; ``digest`` tells a report sent again from another one under
the same number; ``filed`` is 1 where the scanner was a filed terminal of the institution's when the report came in,
else 0."""

VERIFICATION_COUNTS = Table(
    "verification_counts",
    SCHEMA,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("org_code", String, primary_key=True),
    Column("step", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("outcome", String, primary_key=True),
    Column("verifications", BigInteger, nullable=False),
)
"""Verifications of each day, counted out of the audit, which is not kept for ever; ``day`` as of ``china_time``."""

VERIFICATIONS_COUNTED = Table(
    "verifications_counted",
    SCHEMA,
    Column("lane", String, primary_key=True),
    Column("next_seq", BigInteger, nullable=False),
)
"""The first record of each audit lane that is not in ``verification_counts`` yet."""

SHARED_RECORDS = Table(
    "shared_records",
    SCHEMA,
    Column("record_no", SERIAL, primary_key=True),
    Column("record_id", String(32), nullable=False, unique=True),
    Column("person_no", ForeignKey(PERSONS.c.person_no), nullable=False),
    Column("kind", String, nullable=False),
    Column("document_type", String, nullable=False),
    Column("org_code", String, nullable=False),
    Column("source_no", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("shared_ms", BigInteger, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("sealed_content", LargeBinary, nullable=False),
    UniqueConstraint("org_code", "source_no"),
)
"""``source_no`` is a keyed hash of the originating institution's own number of the record."""
Index("records_of_a_person", SHARED_RECORDS.c.person_no, SHARED_RECORDS.c.record_no)

CONSENTS = Table(
    "consents",
    SCHEMA,
    Column("consent_id", String(32), primary_key=True),
    Column("person_no", ForeignKey(PERSONS.c.person_no), nullable=False, index=True),
    Column("grantee", String, nullable=False),
    Column("kinds", String, nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger, nullable=False),
    Column("evidence", String, nullable=False),
    Column("clerk_id", String, nullable=False),
    Column("org_code", String, nullable=False),
    Column("granted_ms", BigInteger, nullable=False),
    Column("withdrawn_ms", BigInteger),
)
"""``grantee`` is ``org:<code>``, ``level:<level>`` or ``all``; ``kinds`` are words apart by one space; ``evidence`` is
how the holder's will was known: ``code`` or ``clerk``."""

NATIONAL_OUTBOX = Table(
    "national_outbox",
    SCHEMA,
    Column("event_no", SERIAL, primary_key=True),
    Column("event_id", String(32), nullable=False, unique=True),
    Column("card_id", LargeBinary(32), nullable=False),
    Column("kind", String, nullable=False),
    Column("body", String, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("settled_ms", BigInteger),
    Column("fault", String, nullable=False),
)
"""What the national platform is yet to be told, or was; ``state`` is ``waiting``, ``sent``, ``dead`` or ``dropped``."""
Index("outbox_due", NATIONAL_OUTBOX.c.state, NATIONAL_OUTBOX.c.next_ms)
Index("outbox_of_a_card", NATIONAL_OUTBOX.c.card_id, NATIONAL_OUTBOX.c.event_no)

FOREIGN_CARDS = Table(
    "foreign_cards",
    SCHEMA,
    Column("card_id", LargeBinary(32), primary_key=True),
    Column("province", String, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
)
"""Cards of other provinces that the national platform vouched for; nothing of their holders is kept."""
