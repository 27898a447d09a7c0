"""The console lists are printed on: as wide as a terminal is, and wide enough for a table elsewhere."""

from __future__ import annotations

from rich.console import Console


def wide_console() -> Console:
    """A console on standard output."""
    console = Console()
    return console if console.is_terminal else Console(width=160)
