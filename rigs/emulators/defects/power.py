"""Faults that a power cut brings out."""

from __future__ import annotations

from rigs.emulators.behaviour import Behaviour
from rigs.emulators.defects.defect import Defect


class ForgetsSettings(Behaviour):
    keeps_settings_without_supply = False


class NeedsANudge(Behaviour):
    starts_after_a_cut_reading = False


class CorruptsOnCut(Behaviour):
    survives_torn_writes = False


DEFECTS = (
    Defect(
        "forgets-settings",
        ("EHC-TRM-023",),
        "断电后恢复出厂配置",
        "has its factory settings again after a power cut",
        ForgetsSettings,
    ),
    Defect(
        "needs-a-nudge",
        ("EHC-TRM-023",),
        "识读过程中断电后不能自行启动",
        "does not start by itself after a power cut in mid-reading",
        NeedsANudge,
    ),
    Defect(
        "corrupts-on-cut",
        ("EHC-TRM-023",),
        "保存设置过程中断电则丢失全部配置",
        "loses all its settings when the power is cut while one is being stored",
        CorruptsOnCut,
    ),
)
