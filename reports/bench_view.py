"""What a page shows of the bench itself: its instruments with their calibrations, and the photographs of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from certification.catalogue import Text
from certification.verdicts import Verdict
from reports.run_folder import RunFolder
from reports.run_record import InstrumentRecord


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


ROLES: Mapping[str, Text] = {
    "power": _t("电源", "supply"),
    "light_source": _t("光源", "light source"),
    "lux_meter": _t("照度计", "lux meter"),
}
STANDINGS: Mapping[str, Text] = {
    "valid": _t("有效", "in force"),
    "expired": _t("已过期", "expired"),
    "future": _t("日期在试验之后", "dated after the run"),
    "missing": _t("未提供", "not told"),
}
_EMULATED = _t("模拟仪器，无需校准", "emulated: nothing to calibrate")
_MOST_BYTES = 4_000_000
"""A photograph larger than this stays in the folder and is named only."""


@dataclass(frozen=True)
class InstrumentView:
    """An instrument as a table line.

    Attributes:
        role: what it is to the bench.
        identity: what it says of itself.
        calibrated, due, certificate: of its calibration, or None.
        standing: how that stood when the run began.
        mark: the verdict whose mark stands beside it; None for an emulated one.
    """

    role: Text
    identity: str | None
    calibrated: str | None
    due: str | None
    certificate: str | None
    standing: Text
    mark: Verdict | None


@dataclass(frozen=True)
class PhotographView:
    """A photograph of the bench; ``uri`` is None where it cannot be shown."""

    name: str
    uri: str | None


def instrument_views(instruments: Sequence[InstrumentRecord]) -> list[InstrumentView]:
    """The instruments of a run, in the order of its bench file."""
    return [
        InstrumentView(
            role=ROLES.get(one.role, _t(one.role, one.role)),
            identity=one.identity,
            calibrated=one.calibrated,
            due=one.calibration_due,
            certificate=one.certificate,
            standing=_EMULATED if one.emulated and one.standing == "missing" else STANDINGS[one.standing],
            mark=None if one.emulated else Verdict.PASS if one.standing == "valid" else Verdict.FAIL,
        )
        for one in instruments
    ]


def photograph_views(folder: RunFolder) -> list[PhotographView]:
    """The photographs of a run, one for each sitting."""
    found = []
    for name in folder.run.photographs:
        body = folder.picture(name)
        shown = body is not None and len(body) <= _MOST_BYTES
        uri = f"data:image/png;base64,{base64.b64encode(body).decode()}" if body is not None and shown else None
        found.append(PhotographView(name, uri))
    return found
