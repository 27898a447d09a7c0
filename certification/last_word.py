"""The last word of a run: its exit code, and the one word over it."""

from __future__ import annotations

from collections.abc import Sequence

from certification.exit_codes import ExitCode
from certification.verdicts import INTERRUPTED, INVALID, Row, Verdict, exit_code, overall_verdict


def last_word(
    rows: Sequence[Row], state: str, *, invalid: bool, invalid_load: bool, broken: bool
) -> tuple[ExitCode, str]:
    """What a run comes to.

    Args:
        rows: verdicts as the evidence has them.
        state: finished, interrupted or aborted.
        invalid: whether nothing it says counts.
        invalid_load: whether that is so because a load was not as planned, which is the generator's fault.
        broken: whether the bench, or this harness, failed.
    """
    code = exit_code(rows)
    if invalid_load or (broken and code in (ExitCode.PASSED, ExitCode.OPEN)):
        code = ExitCode.RIG_ERROR
    if invalid and code is ExitCode.PASSED:
        code = ExitCode.OPEN
    if state == "interrupted":
        return code, INTERRUPTED
    if invalid_load:
        return code, INVALID
    overall = INVALID if invalid else str(overall_verdict(rows))
    if broken and overall != Verdict.FAIL:
        overall = str(Verdict.RIG_ERROR)
    return code, overall
