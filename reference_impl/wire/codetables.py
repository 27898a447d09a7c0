"""The code tables of the field, as text to text: a leading zero is part of a code.

Source: ``ehc.*`` interface notes of hospital vendors (the sets) and GB/T 2261.1 (sex); reconstructed, for the
provincial guide is not public.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ID_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "01": "identity card",
        "02": "household book",
        "03": "passport",
        "04": "officer's card",
        "05": "driving licence",
        "06": "Hong Kong or Macao permit",
        "07": "Taiwan permit",
        "08": "birth certificate",
        "99": "other",
    }
)

TERMINAL_TYPES: Mapping[str, str] = MappingProxyType({"01": "window", "02": "self-service", "99": "other"})

CHANNELS: Mapping[str, str] = MappingProxyType(
    {
        "0100": "window",
        "0200": "kiosk",
        "0300": "doctor",
        "0401": "WeChat account",
        "0402": "mini program",
        "0403": "app",
        "0404": "bank app",
    }
)
"""0403 and 0404 are reconstructed; the others are codes of the field."""

STEPS: Mapping[str, str] = MappingProxyType(
    {
        "010101": "register",
        "010102": "diagnose",
        "010103": "dispense",
        "010104": "examine",
        "010105": "settle",
        "010106": "prescribe",
        "010107": "operate",
        "000000": "other",
    }
)

SCENES: Mapping[str, str] = MappingProxyType(
    {
        "0101011": "book",
        "0101012": "register on the day",
        "0101021": "queue",
        "0101051": "pay as outpatient",
        "0101053": "pay as inpatient",
        "0101081": "examination report",
        "0101082": "laboratory report",
        "0101083": "check-up report",
        "0201021": "mother and child",
        "0201032": "immunisation",
        "0201091": "health record",
    }
)
"""Scenes of WeChat's platform. Six of their digits may look like a code of ``STEPS`` and be none: who queues is not
diagnosed."""

STEP_OF_SCENE: Mapping[str, str] = MappingProxyType(
    {
        "0101011": "010101",
        "0101012": "010101",
        "0101021": "000000",
        "0101051": "010105",
        "0101053": "010105",
        "0101081": "000000",
        "0101082": "000000",
        "0101083": "000000",
        "0201021": "000000",
        "0201032": "000000",
        "0201091": "000000",
    }
)
"""The step that a report in a scene is counted as where it names none; reconstructed. Waiting, reading results and what
public health does are no step of the field's table."""

DESK_CHANNELS = ("0100", "0200", "0300")
"""The channels at which a device of the institution reads the code; through the others a telephone sends it."""

SEXES: Mapping[str, str] = MappingProxyType({"0": "unknown", "1": "male", "2": "female", "9": "not stated"})

CARD_STATES: Mapping[str, str] = MappingProxyType(
    {
        "0": "applied",
        "1": "inactive",
        "2": "active",
        "3": "closed",
        "4": "lost",
        "5": "frozen",
    }
)
