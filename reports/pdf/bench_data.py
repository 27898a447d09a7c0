"""The bench of a run as a paged report lists it: one line for each role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from certification.catalogue import Text

_TWINS = ("frame-port", "emulated")
"""Drivers with which nothing real stands at the other end."""
_NAMED = ("model", "protocol", "dialect", "symbology", "interface")
"""Settings in words that may be printed; what else a bench file holds in words stays in the run's folder."""


def bench_data(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Role, driver, whether it is emulated, and its numbers; settings without a driver are left out."""
    return [
        {
            "role": role,
            "driver": str(table.get("driver", "—")),
            "emulated": bool({"emulated", "reference"} & table.keys()) or table["driver"] in _TWINS,
            "settings": _settings(table),
        }
        for role, table in settings.items()
        if isinstance(table, Mapping) and "driver" in table
    ]


def _settings(table: Mapping[str, Any]) -> str:
    told = [
        f"{key} = {value}"
        for key, value in table.items()
        if isinstance(value, int | float) or (key in _NAMED and isinstance(value, str))
    ]
    return "; ".join(told)


EMULATED = {True: Text(zh="模拟", en="emulated"), False: Text(zh="真实", en="real")}
"""Whether a part is a software twin."""
