"""Every defect of an emulated terminal by name, and the part a name makes faulty."""

from __future__ import annotations

from typing import TypeVar

from rigs.emulators.defects import (
    cards,
    clock,
    codes,
    endurance,
    firmware,
    identity,
    keyboard,
    links,
    network,
    optics,
    power,
    retention,
    safety,
    security,
    timing,
    usb,
)
from rigs.errors import BenchFileError

Part = TypeVar("Part")

DEFECTS = {
    defect.name: defect
    for theme in (
        clock,
        identity,
        codes,
        optics,
        timing,
        links,
        keyboard,
        safety,
        security,
        cards,
        firmware,
        endurance,
        power,
        usb,
        network,
        retention,
    )
    for defect in theme.DEFECTS
}


def behaviour_of(defect: str | None, base: type[Part]) -> Part:
    """A part of the device: sound, or the faulty one a defect names. A defect of another part leaves it sound.

    Args:
        defect: name of a defect, or None.
        base: the sound part.

    Raises:
        BenchFileError: there is no such defect.
    """
    if defect is None:
        return base()
    if defect not in DEFECTS:
        raise BenchFileError(
            f"there is no defect {defect!r}", where="--defect", remedy="`xiangka defects list` names them"
        )
    faulty = DEFECTS[defect].behaviour
    return faulty() if issubclass(faulty, base) else base()
