"""Whether a run may be told in a report: what it holds is what was sealed, and who signs the report has signed it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from certification.errors import PlanError
from evidence.verification import verify
from xiangka.verifying import told_as_input

if TYPE_CHECKING:
    from evidence.keys.signer import Signer


def require_sealed(folder: Path, signers: Sequence[Signer], now: datetime) -> None:
    """Refuse a run that does not hold together, or that those who sign its report have not signed.

    Args:
        folder: the run's folder.
        signers: who will sign the report; without any the run may be unsigned too.
        now: the present moment.

    Raises:
        PlanError: it does not hold together, is a redacted twin, or is not signed by all of them.
    """
    with told_as_input(folder):
        found = verify(folder, signers[0].centre if signers else None, now, [signer.role for signer in signers])
    if found.findings:
        first = found.findings[0]
        raise PlanError(f"the run does not verify: {first.where} {first.what}", where=str(folder), remedy=first.remedy)
    if found.twin:
        raise PlanError("is a redacted twin", where=str(folder), remedy="name the full run")
