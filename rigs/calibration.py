"""Which instruments a bench measures with, and whether their calibration holds on a day. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rigs.bench_file import BenchFile
from rigs.bench_tables.instruments import InstrumentTable
from rigs.errors import BenchFileError


class Standing(StrEnum):
    """How a calibration stands on a day."""

    VALID = "valid"
    EXPIRED = "expired"
    FUTURE = "future"
    """Calibrated after the day, which cannot be."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class CalibratedInstrument:
    """An instrument of a bench.

    Attributes:
        role: the table of the bench file.
        identity: what it answers to ``*IDN?``, or None while it is not open.
        standing: how its calibration stands on the day of the run.
        calibrated, calibration_due: dates of its certificate.
        certificate: number of its certificate.
        emulated: whether it is software of ours, whose calibration proves nothing.
    """

    role: str
    identity: str | None
    standing: Standing
    calibrated: date | None
    calibration_due: date | None
    certificate: str | None
    emulated: bool


def instruments_of(file: BenchFile, today: date, identities: Mapping[str, str]) -> list[CalibratedInstrument]:
    """The instruments of a bench in the order of its tables.

    A supply that is a plug in a hand measures nothing; a lux meter that a person reads measures as any other.

    Args:
        file: the bench.
        today: the day it is used.
        identities: what each open instrument says of itself, by role.
    """
    return [
        CalibratedInstrument(
            role=role,
            identity=identities.get(role),
            standing=standing(table, today),
            calibrated=table.calibrated,
            calibration_due=table.calibration_due,
            certificate=table.certificate,
            emulated=getattr(table, "emulated", None) is not None,
        )
        for role, table in file
        if isinstance(table, InstrumentTable) and (role == "lux_meter" or getattr(table, "driver", None) != "operator")
    ]


def standing(table: InstrumentTable, today: date) -> Standing:
    """How a calibration stands; it still holds on the day it is due."""
    if table.calibrated is None or table.calibration_due is None:
        return Standing.MISSING
    if table.calibrated > today:
        return Standing.FUTURE
    return Standing.EXPIRED if table.calibration_due < today else Standing.VALID


def refuse_uncalibrated(file: BenchFile, today: date, where: str) -> None:
    """Refuse a bench that is to certify something with an instrument whose calibration does not hold.

    Args:
        file: the bench; one that counts as emulated certifies nothing, and is never refused.
        today: the day of the run.
        where: the bench file's name, for the error.

    Raises:
        BenchFileError: names the first such instrument, and its date.
    """
    if file.emulated:
        return
    for instrument in instruments_of(file, today, {}):
        said = _SAID[instrument.standing].format(due=instrument.calibration_due, calibrated=instrument.calibrated)
        if instrument.standing is not Standing.VALID:
            raise BenchFileError(
                f"{said} (today is {today}), and nothing measured with it could certify",
                where=f"{where} [{instrument.role}]",
                remedy="have it calibrated and write `calibrated`, `calibration_due` and `certificate` into its table",
            )


_SAID = {
    Standing.VALID: "",
    Standing.EXPIRED: "its calibration expired on {due}",
    Standing.FUTURE: "its calibration is dated {calibrated}, in the future",
    Standing.MISSING: "no calibration is told of this instrument",
}
