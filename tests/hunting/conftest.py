"""A database server for hunts on PostgreSQL: the tests' own, as the platform's tests have it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "reference_impl"))

from postgres_server import postgres_server

__all__ = ["postgres_server"]
