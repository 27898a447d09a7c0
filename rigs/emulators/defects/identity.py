"""Faults of the terminal's word about itself."""

from __future__ import annotations

from rigs.emulators.behaviour import Behaviour
from rigs.emulators.defects.defect import Defect

DRY_S = 2.5
"""Outage after which a memory without supply is empty, s: longer than any cut but that of the row it must fail."""


class HidesFirmware(Behaviour):
    reports_firmware = False


class FirmwareDrifts(Behaviour):
    """Starts from another image once its memory has run dry, which a short outage does not bring about."""

    def firmware_drift(self, outage_s: float) -> int:
        return 1 if outage_s > DRY_S else 0


DEFECTS = (
    Defect("hides-firmware", ("EHC-TRM-001",), "不报告固件版本", "does not tell its firmware version", HidesFirmware),
    Defect(
        "firmware-drifts",
        ("EHC-TRM-002",),
        "较长断电后固件版本改变",
        "restarts with other firmware after a longer outage",
        FirmwareDrifts,
    ),
)
