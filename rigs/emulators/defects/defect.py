"""What a deliberate defect of an emulated terminal is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """A named fault.

    Attributes:
        name: how it is chosen on the command line.
        requirements: the requirements it must make fail, and no others.
        zh: what the device does wrong, Chinese.
        en: the same in English.
        behaviour: the faulty part, a subclass of the sound one it stands for.
    """

    name: str
    requirements: tuple[str, ...]
    zh: str
    en: str
    behaviour: type
