"""Opens the load generator; its process comes with each load."""

from __future__ import annotations

from rigs.bench_tables.load import LoadTable
from rigs.drivers.locust_load import LocustLoad
from rigs.errors import BenchFileError
from rigs.opening.opening import Opening
from rigs.roles.load import LoadGenerator


def open_load(table: LoadTable, opening: Opening) -> LoadGenerator:
    """The generator of a bench.

    Raises:
        BenchFileError: its file of cards is not there.
    """
    if table.population is not None and not table.population.is_file():
        raise BenchFileError(
            "there is no such file of cards",
            where=f"load.population {table.population}",
            remedy="name one that `xiangka platform seed` has written, or leave it out",
        )
    return LocustLoad(opening.journal)
