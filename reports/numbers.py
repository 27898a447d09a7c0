"""Numbers as a page shows them: grouped, rounded so that none looks better than it is, with their unit."""

from __future__ import annotations

import math

from certification.catalogue import Text
from reports.words import quantity_of

_SPACE = "\u202f"
"""Narrow no-break space: between groups of digits, and between a number and its unit."""


def grouped(value: float, decimals: int = 0) -> str:
    """A number in groups of three digits."""
    return f"{value:,.{decimals}f}".replace(",", _SPACE)


def plain(value: float) -> str:
    """A number with the digits that matter: one decimal from 10 on, three significant digits below."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "−∞"
    if value == int(value):
        text = grouped(value)
    else:
        text = grouped(value, 1) if abs(value) >= 10 else f"{value:.3g}"
    return text.replace("-", "−")


def share(value: float, *, full: bool = False) -> str:
    """A share as per cent, cut after two decimals: 99.996 % is not shown as 100 %. ``full`` keeps both decimals."""
    text = f"{math.floor(value * 10_000 + 1e-9) / 100:.2f}"
    return (text if full else text.rstrip("0").rstrip(".")) + f"{_SPACE}%"


def part(count: float, of: float) -> str:
    """A small share as per cent to three digits; what is next to nothing is not written as powers of ten."""
    percent = 100 * count / of if of else 0.0
    return f"< 0.001{_SPACE}%" if 0 < percent < 0.001 else f"{plain(percent)}{_SPACE}%"


def quantity(value: float, unit: str) -> Text:
    """A number with its unit in both languages."""
    return quantity_of(plain(value), unit)


def file_size(size: int) -> str:
    """A file size in kB or MB (powers of ten)."""
    if size < 1_000:
        return f"{size}{_SPACE}B"
    if size < 1_000_000:
        return f"{size / 1_000:.1f}{_SPACE}kB"
    return f"{size / 1_000_000:.1f}{_SPACE}MB"
