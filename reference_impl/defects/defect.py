"""What is said of a deliberate fault of the platform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reference_impl.defects.rarity import Rarity
from reference_impl.platform import Platform


@dataclass(frozen=True)
class PlatformDefect:
    """A named fault.

    Attributes:
        name: how it is chosen on the command line.
        fails: the requirements it must make fail, and no others.
        zh: what the platform does wrong, Chinese.
        en: the same in English.
        apply: exchanges the part of an assembled platform.
        rarity: how rare it is, where that can be told.
    """

    name: str
    fails: tuple[str, ...]
    zh: str
    en: str
    apply: Callable[[Platform], None]
    rarity: Rarity | None = None


def rare(name: str, fails: tuple[str, ...], zh: str, en: str, rarity: Rarity) -> PlatformDefect:
    """Return a fault that is as rare as usual unless told otherwise."""
    return PlatformDefect(name, fails, zh, en, rarity.usually, rarity)
