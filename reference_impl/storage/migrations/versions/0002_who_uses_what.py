"""Who owns an institution, in which scene and by which device a card was used, and how often codes were verified."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# Until now a scene was cut down to six digits, which made one scene of WeChat's, and no other, look like a diagnosis.
_QUEUES_TAKEN_FOR_DIAGNOSES = """
    UPDATE usage_reports SET scene = '0101021', step = '000000'
    WHERE step = '010102' AND app_id IN (SELECT app_id FROM apps WHERE dialect = 'wechat')
"""
# What the register said when a report came in is not known any more; what it says now is the nearest there is.
_FILED_AS_REGISTERED_NOW = """
    UPDATE usage_reports SET filed = 1
    WHERE EXISTS (
        SELECT 1 FROM terminals
        JOIN apps ON apps.app_id = terminals.app_id
        JOIN visits ON visits.org_code = apps.org_code
        WHERE visits.visit_no = usage_reports.visit_no
        AND terminals.serial = usage_reports.scanner_serial
        AND terminals.state = 'authorised' AND apps.state = 'authorised'
        AND terminals.filing_number NOT IN ('none', '无')
    )
"""


def upgrade() -> None:
    """Add the columns and the counters."""
    op.add_column("institutions", sa.Column("ownership", sa.String(), nullable=False, server_default="public"))
    op.add_column("usage_reports", sa.Column("scene", sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("usage_reports", sa.Column("filed", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.create_table(
        "verification_counts",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("org_code", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("verifications", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "org_code", "step", "channel", "outcome"),
    )
    op.create_table(
        "verifications_counted",
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("next_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lane"),
    )
    op.execute(_QUEUES_TAKEN_FOR_DIAGNOSES)
    op.execute(_FILED_AS_REGISTERED_NOW)
