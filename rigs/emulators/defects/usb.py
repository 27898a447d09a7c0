"""Defects of the USB connection."""

from __future__ import annotations

from rigs.emulators.defects.defect import Defect
from rigs.emulators.plugged_port import LINK, UsbHabits


class LostAfterReplug(UsbHabits):
    def enumerates(self, times: int) -> bool:
        return times % 7 != 6


class RenamesItsPort(UsbHabits):
    def link_name(self, times: int) -> str:
        return LINK if times % 5 != 4 else LINK.replace("0001", f"{times:04d}")


class DeadAfterSleep(UsbHabits):
    def wakes(self, times: int) -> bool:
        return times % 6 != 0


DEFECTS = (
    Defect(
        "lost-after-replug",
        ("EHC-TRM-024",),
        "重新插上 USB 后有时不再出现",
        "does not always come back when its USB plug is put in again",
        LostAfterReplug,
    ),
    Defect(
        "renames-its-port",
        ("EHC-TRM-024",),
        "重新插上 USB 后端口名改变",
        "comes back under another port name",
        RenamesItsPort,
    ),
    Defect(
        "dead-after-sleep",
        ("EHC-TRM-024",),
        "主机休眠唤醒后不再应答",
        "no longer answers after its host has slept",
        DeadAfterSleep,
    ),
)
