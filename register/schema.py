"""The tables of a register, SQLAlchemy Core, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, LargeBinary, MetaData, String, Table

SCHEMA = MetaData()

ACTS = Table(
    "register_acts",
    SCHEMA,
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("certificate", String, nullable=False, index=True),
    Column("line", String, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)
"""One act a row, in the order they were done: its chained line (``evidence.chain``) and the signature over it. The
first opens the register and concerns no certificate. Rows are never changed; the database itself refuses that."""

DOCUMENTS = Table(
    "register_documents",
    SCHEMA,
    Column("certificate", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
"""Files that acts name with their digest: certificates with their signatures, manifests of runs with theirs."""

WARNINGS = Table(
    "register_warnings",
    SCHEMA,
    Column("certificate", String, primary_key=True),
    Column("expires", Date, primary_key=True),
    Column("days_ahead", Integer, primary_key=True, autoincrement=False),
    Column("told", Date, nullable=False),
)
"""Warnings told of an expiry, so that each is told once."""
