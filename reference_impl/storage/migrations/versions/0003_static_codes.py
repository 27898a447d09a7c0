"""Which cards a static code was given out for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# What was given out until now was not noted. At a window and in a batch a static code is printed with every card; the
# channels of those two are the nearest there is.
_PRINTED_WITH_THE_CARD = """
    INSERT INTO static_codes (card_no, given_ms)
    SELECT card_no, active_since_ms FROM cards WHERE channel IN ('0100', '0300')
"""


def upgrade() -> None:
    """Add the table, with the cards that were made off line."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "static_codes",
        sa.Column("card_no", number, autoincrement=False, nullable=False),
        sa.Column("given_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["card_no"], ["cards.card_no"]),
        sa.PrimaryKeyConstraint("card_no"),
    )
    op.execute(_PRINTED_WITH_THE_CARD)
