"""The tables of the platform, SQLAlchemy Core, the same on SQLite and PostgreSQL.

Times are Unix milliseconds. Codes and identifiers are text, opaque keys are bytes. States of institutions,
applications and terminals are words of ``access.standing``; states of cards are codes of ``codetables.CARD_STATES``.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

SCHEMA = MetaData()

SERIAL = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by themselves only in a column of exactly the type INTEGER."""

EPOCH = Table(
    "epoch",
    SCHEMA,
    Column("one", Integer, primary_key=True),
    Column("number", BigInteger, nullable=False),
)
"""One row, counted up by every change of keys or standing, so that workers know when to read them anew."""

KEYS = Table(
    "keys",
    SCHEMA,
    Column("purpose", String, primary_key=True),
    Column("owner", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("state", String, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("grace_until_ms", BigInteger),
)
"""``owner`` is "" for the province's own keys, or the code of the institution a key belongs to."""

KEY_REQUESTS = Table(
    "key_requests",
    SCHEMA,
    Column("request_id", String, primary_key=True),
    Column("operation", String, nullable=False),
    Column("argument", String, nullable=False),
    Column("proposed_by", String, nullable=False),
    Column("proposed_ms", BigInteger, nullable=False),
    Column("approved_by", String),
    Column("approved_ms", BigInteger),
    Column("state", String, nullable=False),
)

TERMINAL_MODULES = Table(
    "terminal_modules",
    SCHEMA,
    Column("serial", String, primary_key=True),
    Column("app_id", String, nullable=False),
    Column("term_id", String, nullable=False),
    Column("org_code", String, nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("enrolled_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)

PERSONS = Table(
    "persons",
    SCHEMA,
    Column("person_no", SERIAL, primary_key=True),
    Column("person_key", LargeBinary(32), nullable=False, unique=True, index=True),
    Column("mindex_id", String(32), nullable=False, unique=True, index=True),
    Column("sealed_identity", LargeBinary, nullable=False),
    Column("registered_ms", BigInteger, nullable=False),
    Column("guardian_no", ForeignKey("persons.person_no")),
)

CARDS = Table(
    "cards",
    SCHEMA,
    Column("card_no", SERIAL, primary_key=True),
    Column("card_id", LargeBinary(32), nullable=False, unique=True, index=True),
    Column("person_no", ForeignKey(PERSONS.c.person_no), nullable=False),
    Column("state", String(1), nullable=False),
    Column("active_since_ms", BigInteger, nullable=False),
    Column("channel", String, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("replaced_by", LargeBinary(32)),
)
Index(
    "one_open_card_a_person",
    CARDS.c.person_no,
    unique=True,
    sqlite_where=text("state <> '3'"),
    postgresql_where=text("state <> '3'"),
)

STATIC_CODES = Table(
    "static_codes",
    SCHEMA,
    Column("card_no", ForeignKey(CARDS.c.card_no), primary_key=True, autoincrement=False),
    Column("given_ms", BigInteger, nullable=False),
)
"""The cards a static code was given out for, and when the first was."""

LINKS = Table(
    "links",
    SCHEMA,
    Column("kind", String, primary_key=True),
    Column("number_key", LargeBinary(32), primary_key=True),
    Column("card_no", ForeignKey(CARDS.c.card_no), nullable=False),
    Column("sealed_number", LargeBinary, nullable=False),
    Column("masked", String, nullable=False),
    Column("linked_ms", BigInteger, nullable=False),
)
Index("links_of_a_card", LINKS.c.card_no)

INSTITUTIONS = Table(
    "institutions",
    SCHEMA,
    Column("org_code", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("level", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("prefecture", String, nullable=False),
    Column("state", String, nullable=False),
    Column("ownership", String, nullable=False, server_default="public"),
)
"""``level``, ``kind`` and ``ownership`` are words of ``access.scopes``."""

REGISTRATIONS = Table(
    "registrations",
    SCHEMA,
    Column("org_code", ForeignKey(INSTITUTIONS.c.org_code), primary_key=True),
    Column("registrar", ForeignKey(INSTITUTIONS.c.org_code), nullable=False, index=True),
    Column("address", String, nullable=False),
    Column("access_method", String, nullable=False),
    Column("hierarchy", String, nullable=False),
    Column("valid_until_ms", BigInteger),
)
"""What the institution that registered another through the gateway said of it beside its record."""

APPS = Table(
    "apps",
    SCHEMA,
    Column("app_id", String, primary_key=True),
    Column("org_code", ForeignKey(INSTITUTIONS.c.org_code), nullable=False),
    Column("name", String, nullable=False),
    Column("dialect", String, nullable=False),
    Column("scopes", String, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("public_key", LargeBinary),
    Column("state", String, nullable=False),
)
"""``scopes`` are words apart by one space; ``public_key`` is the SM2 key of an application that signs."""

TERMINALS = Table(
    "terminals",
    SCHEMA,
    Column("app_id", ForeignKey(APPS.c.app_id), primary_key=True),
    Column("term_id", String, primary_key=True),
    Column("terminal_type", String, nullable=False),
    Column("serial", String, nullable=False),
    Column("filing_number", String, nullable=False),
    Column("state", String, nullable=False),
)

Index(
    "one_terminal_a_serial",
    TERMINALS.c.serial,
    unique=True,
    sqlite_where=text("state <> 'deleted'"),
    postgresql_where=text("state <> 'deleted'"),
)

STANDING_CHANGES = Table(
    "standing_changes",
    SCHEMA,
    Column("change_no", SERIAL, primary_key=True),
    Column("subject", String, nullable=False, index=True),
    Column("old_state", String, nullable=False),
    Column("new_state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""The trace of every institution, application and terminal; ``subject`` is for instance ``apps/<app_id>``."""

ACCESS_TOKENS = Table(
    "access_tokens",
    SCHEMA,
    Column("subject", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)
"""Who may speak to our own API; of a token only its digest is kept."""

SPENT = Table(
    "spent",
    SCHEMA,
    Column("spent_key", LargeBinary(22), primary_key=True),
    sqlite_with_rowid=False,
)
"""What may happen once: digests of requests and one-time tokens, each behind the time it may be forgotten at, so that
inserts stay at the end of the index and forgetting is one range."""

SEEDINGS = Table(
    "seedings",
    SCHEMA,
    Column("seed", BigInteger, primary_key=True, autoincrement=False),
    Column("settled", BigInteger, nullable=False),
)
"""How many of the people of each seed have been given their cards."""

AUDIT = Table(
    "audit",
    SCHEMA,
    Column("lane", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("op", String, nullable=False),
    Column("org_code", String, nullable=False),
    Column("app_id", String, nullable=False),
    Column("term_id", String, nullable=False),
    Column("card_id", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)

AUDIT_LANES = Table(
    "audit_lanes",
    SCHEMA,
    Column("lane", String, primary_key=True),
    Column("next_seq", BigInteger, nullable=False),
    Column("head", LargeBinary(32), nullable=False),
    Column("seal", LargeBinary(32), nullable=False),
)
"""Each writer of the platform chains its own lane; ``seal`` is a keyed hash over the rest of the row."""

# At the end, for it builds on the tables above: whoever takes SCHEMA takes it whole.
from reference_impl.storage import schema_records  # noqa: E402, F401
