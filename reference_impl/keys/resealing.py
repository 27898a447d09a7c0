"""Sealing stored values anew after their key was rotated, some rows a call, so that service goes on between calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Table, bindparam, select, tuple_, update

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


@dataclass(frozen=True)
class Resealed:
    """Values of one column sealed anew, not yet in their rows.

    Attributes:
        column: where they belong.
        rows: parameters of the statement that puts each in its place.
        last: primary key of the last row; what is looked for next stands behind it.
    """

    column: SealedColumn
    rows: Sequence[dict[str, Any]]
    last: tuple[Any, ...]

    def put_back(self, connection: Connection) -> None:
        """Write the values; a row that was changed since it was read keeps what it has now."""
        table, sealed = self.column.table, self.column.sealed
        same_row = [part == bindparam(f"of_{part.name}") for part in table.primary_key]
        connection.execute(
            update(table).where(*same_row, sealed == bindparam("before")).values({sealed: bindparam("after")}),
            list(self.rows),
        )


def seal_some_anew(
    connection: Connection,
    column: SealedColumn,
    keys: SealingKeys,
    random: RandomBytes,
    limit: int,
    behind: tuple[Any, ...] | None = None,
) -> Resealed | None:
    """Read up to ``limit`` values of older versions and seal them under the active one; None if there are none.

    Only reads, so that the long search for old values and the ciphers hold back nobody who writes.

    Args:
        connection: any.
        column, keys: what is looked for.
        random: where nonces come from.
        limit: how many values at most.
        behind: primary key of a row; rows up to it are left out.

    Raises:
        PlatformError: a value does not open.
    """
    order = list(column.table.primary_key)
    wanted: list[ColumnElement[bool]] = [leading_version(column.sealed).not_in([bytes((keys.active,)), b""])]
    if column.only is not None:
        wanted.append(column.only)
    if behind is not None:
        wanted.append(tuple_(*order) > tuple_(*behind))
    found = connection.execute(select(column.table).where(*wanted).order_by(*order).limit(limit)).all()
    if not found:
        return None
    return Resealed(
        column,
        [_anew(column, row, keys, random) for row in found],
        tuple(found[-1]._mapping[part] for part in order),
    )


def _anew(column: SealedColumn, row: Row[Any], keys: SealingKeys, random: RandomBytes) -> dict[str, Any]:
    before, context = row._mapping[column.sealed], column.context(row)
    place = {f"of_{part.name}": row._mapping[part] for part in column.table.primary_key}
    return place | {"before": before, "after": keys.seal(keys.unseal(before, context), context, random)}
