"""Exit codes of the command line, apart from the verdicts they sum up so that every command can import them cheaply."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of ``xiangka certify``."""

    PASSED = 0
    FAILED = 1
    OPEN = 2
    RIG_ERROR = 3
    WRONG_INPUT = 4
