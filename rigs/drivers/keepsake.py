"""A harmless setting of a device that can be stored for good, to see whether its configuration survives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Keepsake:
    """The delay before the same code is read again, in each vendor's words.

    Attributes:
        name: the setting, as ``settings`` names it.
        values: values it may be given, as ``settings`` tells them; none is a factory value.
        frames: commands that store one of them.
        back: commands that store everything ``frames`` may have changed as it was in some settings.
        stores_all: whether the device can only store everything that is in force together.
    """

    name: str
    values: tuple[str, ...]
    frames: Callable[[str], tuple[bytes, ...]]
    back: Callable[[Mapping[str, str]], tuple[bytes, ...]]
    stores_all: bool = False
