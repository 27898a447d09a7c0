"""The tables as they first had a version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "access_tokens",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_table(
        "audit",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("op", sa.String(), nullable=False),
        sa.Column("org_code", sa.String(), nullable=False),
        sa.Column("app_id", sa.String(), nullable=False),
        sa.Column("term_id", sa.String(), nullable=False),
        sa.Column("card_id", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("lane", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_lanes",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("next_seq", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("lane"),
    )
    op.create_table(
        "audit_register",
        sa.Column("one", sa.Integer(), nullable=False),
        sa.Column("lanes", sa.String(), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )
    op.create_table(
        "epoch",
        sa.Column("one", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )
    op.create_table(
        "foreign_cards",
        sa.Column("card_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("province", sa.String(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("card_id"),
    )
    op.create_table(
        "institutions",
        sa.Column("org_code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("prefecture", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("org_code"),
    )
    op.create_table(
        "key_requests",
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("argument", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_ms", sa.BigInteger(), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_ms", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("request_id"),
    )
    op.create_table(
        "keys",
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("grace_until_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("purpose", "owner", "version"),
    )
    op.create_table(
        "national_outbox",
        sa.Column("event_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("card_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("settled_ms", sa.BigInteger(), nullable=True),
        sa.Column("fault", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("event_no"),
        sa.UniqueConstraint("event_id"),
    )
    op.create_index("outbox_due", "national_outbox", ["state", "next_ms"], unique=False)
    op.create_index("outbox_of_a_card", "national_outbox", ["card_id", "event_no"], unique=False)
    op.create_table(
        "persons",
        sa.Column("person_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("mindex_id", sa.String(length=32), nullable=False),
        sa.Column("sealed_identity", sa.LargeBinary(), nullable=False),
        sa.Column("registered_ms", sa.BigInteger(), nullable=False),
        sa.Column("guardian_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["guardian_no"],
            ["persons.person_no"],
        ),
        sa.PrimaryKeyConstraint("person_no"),
    )
    op.create_index(op.f("ix_persons_mindex_id"), "persons", ["mindex_id"], unique=True)
    op.create_index(op.f("ix_persons_person_key"), "persons", ["person_key"], unique=True)
    op.create_table(
        "seedings",
        sa.Column("seed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seed"),
    )
    op.create_table(
        "spent",
        sa.Column("spent_key", sa.LargeBinary(length=22), nullable=False),
        sa.PrimaryKeyConstraint("spent_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "standing_changes",
        sa.Column("change_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("old_state", sa.String(), nullable=False),
        sa.Column("new_state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("change_no"),
    )
    op.create_index(op.f("ix_standing_changes_subject"), "standing_changes", ["subject"], unique=False)
    op.create_table(
        "terminal_modules",
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("app_id", sa.String(), nullable=False),
        sa.Column("term_id", sa.String(), nullable=False),
        sa.Column("org_code", sa.String(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("enrolled_ms", sa.BigInteger(), nullable=False),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("serial"),
    )
    op.create_table(
        "visits",
        sa.Column("visit_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("org_code", sa.String(), nullable=False),
        sa.Column("visit", sa.String(), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("with_card", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("patient_key", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("visit_no"),
        sa.UniqueConstraint("org_code", "visit"),
    )
    op.create_index(op.f("ix_visits_first_ms"), "visits", ["first_ms"], unique=False)
    op.create_table(
        "apps",
        sa.Column("app_id", sa.String(), nullable=False),
        sa.Column("org_code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("dialect", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_code"],
            ["institutions.org_code"],
        ),
        sa.PrimaryKeyConstraint("app_id"),
    )
    op.create_table(
        "cards",
        sa.Column("card_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("card_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=1), nullable=False),
        sa.Column("active_since_ms", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("replaced_by", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_no"],
            ["persons.person_no"],
        ),
        sa.PrimaryKeyConstraint("card_no"),
    )
    op.create_index(op.f("ix_cards_card_id"), "cards", ["card_id"], unique=True)
    op.create_index(
        "one_open_card_a_person",
        "cards",
        ["person_no"],
        unique=True,
        sqlite_where=sa.text("state <> '3'"),
        postgresql_where=sa.text("state <> '3'"),
    )
    op.create_table(
        "consents",
        sa.Column("consent_id", sa.String(length=32), nullable=False),
        sa.Column("person_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("grantee", sa.String(), nullable=False),
        sa.Column("kinds", sa.String(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("clerk_id", sa.String(), nullable=False),
        sa.Column("org_code", sa.String(), nullable=False),
        sa.Column("granted_ms", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_no"],
            ["persons.person_no"],
        ),
        sa.PrimaryKeyConstraint("consent_id"),
    )
    op.create_index(op.f("ix_consents_person_no"), "consents", ["person_no"], unique=False)
    op.create_table(
        "registrations",
        sa.Column("org_code", sa.String(), nullable=False),
        sa.Column("registrar", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("access_method", sa.String(), nullable=False),
        sa.Column("hierarchy", sa.String(), nullable=False),
        sa.Column("valid_until_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_code"],
            ["institutions.org_code"],
        ),
        sa.ForeignKeyConstraint(
            ["registrar"],
            ["institutions.org_code"],
        ),
        sa.PrimaryKeyConstraint("org_code"),
    )
    op.create_index(op.f("ix_registrations_registrar"), "registrations", ["registrar"], unique=False)
    op.create_table(
        "shared_records",
        sa.Column("record_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("person_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("document_type", sa.String(), nullable=False),
        sa.Column("org_code", sa.String(), nullable=False),
        sa.Column("source_no", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("shared_ms", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_no"],
            ["persons.person_no"],
        ),
        sa.PrimaryKeyConstraint("record_no"),
        sa.UniqueConstraint("org_code", "source_no"),
        sa.UniqueConstraint("record_id"),
    )
    op.create_index("records_of_a_person", "shared_records", ["person_no", "record_no"], unique=False)
    op.create_table(
        "usage_reports",
        sa.Column("app_id", sa.String(), nullable=False),
        sa.Column("seq_no", sa.String(), nullable=False),
        sa.Column("visit_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("with_card", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("department_type", sa.String(), nullable=False),
        sa.Column("scanner_serial", sa.String(), nullable=False),
        sa.Column("pay_fen", sa.BigInteger(), nullable=True),
        sa.Column("pay_channel", sa.String(), nullable=False),
        sa.Column("online", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["visit_no"],
            ["visits.visit_no"],
        ),
        sa.PrimaryKeyConstraint("app_id", "seq_no"),
    )
    op.create_index(op.f("ix_usage_reports_at_ms"), "usage_reports", ["at_ms"], unique=False)
    op.create_table(
        "issuances",
        sa.Column("card_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issued_ms", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("org_code", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["card_no"],
            ["cards.card_no"],
        ),
        sa.PrimaryKeyConstraint("card_no"),
    )
    op.create_index(op.f("ix_issuances_issued_ms"), "issuances", ["issued_ms"], unique=False)
    op.create_table(
        "links",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("number_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("card_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sealed_number", sa.LargeBinary(), nullable=False),
        sa.Column("masked", sa.String(), nullable=False),
        sa.Column("linked_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["card_no"],
            ["cards.card_no"],
        ),
        sa.PrimaryKeyConstraint("kind", "number_key"),
    )
    op.create_index("links_of_a_card", "links", ["card_no"], unique=False)
    op.create_table(
        "terminals",
        sa.Column("app_id", sa.String(), nullable=False),
        sa.Column("term_id", sa.String(), nullable=False),
        sa.Column("terminal_type", sa.String(), nullable=False),
        sa.Column("serial", sa.String(), nullable=False),
        sa.Column("filing_number", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"],
            ["apps.app_id"],
        ),
        sa.PrimaryKeyConstraint("app_id", "term_id"),
    )
    op.create_index(
        "one_terminal_a_serial",
        "terminals",
        ["serial"],
        unique=True,
        sqlite_where=sa.text("state <> 'deleted'"),
        postgresql_where=sa.text("state <> 'deleted'"),
    )
