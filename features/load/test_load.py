"""Hands the scenarios of a platform under load to pytest."""

from pathlib import Path

from pytest_bdd import scenarios

scenarios(*sorted(str(path) for path in Path(__file__).parent.glob("*.feature")))
