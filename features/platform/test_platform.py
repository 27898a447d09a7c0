"""Hands the platform's scenarios to pytest."""

from pathlib import Path

from pytest_bdd import scenarios

scenarios(*sorted(str(path) for path in Path(__file__).parent.glob("*.feature")))
