"""The tables, and the rule that what was done to a certificate stays as it was written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEPT = ("register_acts", "register_documents")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "register_acts",
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("certificate", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("n"),
    )
    op.create_index(op.f("ix_register_acts_certificate"), "register_acts", ["certificate"], unique=False)
    op.create_table(
        "register_documents",
        sa.Column("certificate", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("certificate", "name"),
    )
    op.create_table(
        "register_warnings",
        sa.Column("certificate", sa.String(), nullable=False),
        sa.Column("expires", sa.Date(), nullable=False),
        sa.Column("days_ahead", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("told", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("certificate", "expires", "days_ahead"),
    )
    for statement in _never_changed(op.get_bind().dialect.name):
        op.execute(statement)


def _never_changed(dialect: str) -> list[str]:
    """Statements after which the database refuses to change or delete what was done."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
            "BEGIN SELECT RAISE(ABORT, 'a register is only added to'); END"
            for name in _KEPT
            for verb in ("UPDATE", "DELETE")
        ]
    function = (
        "CREATE FUNCTION register_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a register is only added to'; END $$"
    )
    return [function] + [
        f"CREATE TRIGGER {name}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
        "FOR EACH STATEMENT EXECUTE FUNCTION register_is_only_added_to()"
        for name in _KEPT
    ]
