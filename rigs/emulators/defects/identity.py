"""Faults of the terminal's word about itself."""

from __future__ import annotations

from rigs.emulators.behaviour import Behaviour
from rigs.emulators.defects.defect import Defect


class HidesFirmware(Behaviour):
    reports_firmware = False


class FirmwareDrifts(Behaviour):
    firmware_after_restart = 1


DEFECTS = (
    Defect("hides-firmware", ("EHC-TRM-001",), "不报告固件版本", "does not tell its firmware version", HidesFirmware),
    Defect("firmware-drifts", ("EHC-TRM-002",), "重启后固件版本改变", "restarts with other firmware", FirmwareDrifts),
)
