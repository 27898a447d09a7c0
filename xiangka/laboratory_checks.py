"""A laboratory file before it is stated: it fits the run it is stated of, and tells no number in clear."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path

from certification.errors import PlanError
from certification.laboratory import LaboratoryFile, load_laboratory
from evidence.clear_text import scan_bytes


def checked_laboratory(path: Path, begun: date, asked: Collection[str]) -> LaboratoryFile:
    """Read a laboratory file.

    Args:
        path: the file.
        begun: day on which the tests begin.
        asked: requirements asked of the subject.

    Raises:
        PlanError: it is wrong, does not fit the run, or holds an identity number, a bank card's number or a key.
    """
    stated = load_laboratory(path)
    if stated.item.received > begun:
        raise PlanError(
            f"the item was received on {stated.item.received}, after the tests begin",
            where=f"{path} item.received",
            remedy="correct the date",
        )
    for number, deviation in enumerate(stated.deviations):
        if deviation.requirement is not None and deviation.requirement not in asked:
            raise PlanError(
                f"{deviation.requirement} is not asked of this subject",
                where=f"{path} deviations[{number}].requirement",
                remedy="name a row that is, or leave the key out for what concerns all rows",
            )
    if found := scan_bytes(path.read_bytes(), path.name):
        raise PlanError(
            f"{found[0].kind} in clear, and a report tells everybody what stands there",
            where=f"{path}, {found[0].place}",
            remedy="take it out; whom it concerns can be told by name",
        )
    return stated
