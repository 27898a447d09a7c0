"""A run judged anew before anything is founded on it: its verdicts are what its evidence gives by today's catalogue."""

from __future__ import annotations

from pathlib import Path

from certification.catalogue import VERSION, load_catalogue
from certification.catalogue_file import CATALOGUE
from certification.errors import PlanError
from register.errors import BrokenRegisterError
from reports.judged_run import JudgedAgain, judged_again


def judged_run(run: Path) -> JudgedAgain:
    """Judge a run anew from its observations, by the catalogue it keeps, which must be that of this version.

    Raises:
        BrokenRegisterError: its verdicts do not follow from its evidence.
        PlanError: it was judged by another catalogue.
        ReportError: its files cannot be read.
    """
    judged = judged_again(run)
    _demand_own_catalogue(judged, run)
    if not judged.sound:
        rows = ", ".join(row for row, _, _ in judged.differing[:3])
        what = (
            judged.baseless[0] if judged.baseless else f"the verdicts do not follow from the evidence ({rows or '—'})"
        )
        raise BrokenRegisterError(
            what, where=str(run), remedy=f"`xiangka report judge {run}` tells what differs; run the plan again"
        )
    if judged.overall != (said := judged.run.record.get("overall")):
        raise BrokenRegisterError(
            f"run.json says {said} over it, its evidence gives {judged.overall}",
            where=str(run),
            remedy="find out who changed it, and run the plan again",
        )
    return judged


def _demand_own_catalogue(judged: JudgedAgain, run: Path) -> None:
    found = judged.run.catalogue
    if found.version == VERSION and found.requirements == tuple(load_catalogue().values()):
        return
    other = f"catalogue {found.version}" if found.version != VERSION else f"another catalogue that is called {VERSION}"
    raise PlanError(
        f"was judged by {other}, and certificates rest on catalogue {VERSION} of this version of Xiangka",
        where=str(run / CATALOGUE),
        remedy="`xiangka plan delta --since RUN` tells what to run again; certify on a run by the present catalogue",
    )
