"""Sealing stored values anew after their key was rotated, some rows a call, so that service goes on between calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Table, select, update

from reference_impl.entropy import RandomBytes
from reference_impl.keys.sealed_values import leading_version
from reference_impl.keys.sealing import SealingKeys


@dataclass(frozen=True)
class SealedColumn:
    """A column of values sealed under versioned keys; ``context`` gives the place a row's value was sealed for."""

    table: Table
    sealed: Column[bytes]
    context: Callable[[Row[Any]], str]
    only: ColumnElement[bool] | None = None


def reseal(connection: Connection, column: SealedColumn, keys: SealingKeys, random: RandomBytes, limit: int) -> int:
    """Seal up to ``limit`` values of older versions anew under the active one; return how many were found.

    A return below ``limit`` says that no older value is left, and the older versions may be revoked.

    Raises:
        PlatformError: a value does not open.
    """
    stale = leading_version(column.sealed).not_in([bytes((keys.active,)), b""])
    wanted = [] if column.only is None else [column.only]
    rows = connection.execute(select(column.table).where(stale, *wanted).limit(limit)).all()
    for row in rows:
        context = column.context(row)
        plain = keys.unseal(row._mapping[column.sealed], context)
        same_row = [part == row._mapping[part] for part in column.table.primary_key]
        connection.execute(
            update(column.table).where(*same_row).values({column.sealed: keys.seal(plain, context, random)})
        )
    return len(rows)
