"""A load that was made shorter or lower than registered: it can fail a platform, and never pass it."""

from __future__ import annotations

from certification.catalogue import Requirement, SubjectKind, Text
from certification.verdicts import Circumstance, Verdict
from rigs.bench_tables.load import LoadTable
from steps.load.schedule import is_shrunk

_SHRUNK = Circumstance(
    Verdict.INCONCLUSIVE,
    Text(
        zh="负载的时长或速率低于登记值：可据以判不合格，不足以判合格",
        en="the load was shorter or lower than registered, which can show a failure and never that the row is met",
    ),
)


def of_a_shrunk_load(table: LoadTable | None, requirement: Requirement) -> Circumstance | None:
    """What keeps a row on load from being met; None for any other row, and for a whole load."""
    on_load = table is not None and requirement.subject is SubjectKind.LOAD
    return _SHRUNK if on_load and table is not None and is_shrunk(table, requirement) else None
