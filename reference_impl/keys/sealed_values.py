"""Which columns hold values sealed under which key, so that no version is revoked while a value would go with it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Column, ColumnElement, Connection, LargeBinary, func, select, true

from reference_impl.keys.purposes import APP_SECRET, INSTITUTION, PERSON_DATA, State
from reference_impl.storage.schema import APPS, KEYS, LINKS, PERSONS, TERMINAL_MODULES
from reference_impl.storage.schema_records import SHARED_RECORDS

SEALED_COLUMNS: Mapping[str, tuple[Column[bytes], ...]] = MappingProxyType(
    {
        PERSON_DATA: (PERSONS.c.sealed_identity, LINKS.c.sealed_number, SHARED_RECORDS.c.sealed_content),
        APP_SECRET: (KEYS.c.sealed_key,),
        INSTITUTION: (APPS.c.sealed_secret, TERMINAL_MODULES.c.sealed_key),
    }
)
"""By purpose; each value begins with the version of its key. Keys of the other purposes seal no column."""


def holds_values(connection: Connection, purpose: str, owner: str, version: int) -> bool:
    """Tell whether any stored value is still sealed under a version; reads whole tables where none is."""
    return any(
        connection.scalar(
            select(1).where(leading_version(column) == bytes((version,)), _chosen(column, purpose, owner)).limit(1)
        )
        for column in SEALED_COLUMNS.get(purpose, ())
    )


def leading_version(column: Column[bytes]) -> ColumnElement[bytes]:
    """Return the expression of the one byte that names the version; no byte where the value was destroyed."""
    return func.substr(column, 1, 1, type_=LargeBinary)


def _chosen(column: Column[bytes], purpose: str, owner: str) -> ColumnElement[bool]:
    if purpose == INSTITUTION:
        return column.table.c.org_code == owner
    if purpose == APP_SECRET:
        return (KEYS.c.purpose == INSTITUTION) & (KEYS.c.state != State.REVOKED)
    return true()
