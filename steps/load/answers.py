"""What the answers of a load showed by themselves: observed of every load that counts, whatever it is offered for."""

from __future__ import annotations

from certification.observations import Cell
from loadtests.record import LoadRecord
from steps.sampling import Sampler


def observe_answers(sampler: Sampler, record: LoadRecord, cell: Cell | None = None) -> None:
    """Wrong persons, and codes that two terminals showed at once: a trial for each of which at least one was served.

    Args:
        sampler: of the row.
        record: of the load.
        cell: what tells these observations from those of another load of the row.
    """
    totals, cell = record.totals, cell or {}
    both, shown = totals.reused_accepted.count, totals.twins
    sampler.observe(
        "wrong_persons", totals.wrong_persons.count, cell=cell, detail=examples(totals.wrong_persons.examples)
    )
    for accepted, times in ((1, both), (0, shown - both)):
        if times > 0:
            detail = examples(totals.reused_accepted.examples) if accepted else {}
            sampler.observe("reused_codes_accepted", accepted, cell=cell, detail=detail, times=times)


def examples(tags: tuple[str, ...]) -> dict[str, str | float]:
    """Tags of some requests, as the detail of an observation."""
    return {"examples": " ".join(tags)} if tags else {}
