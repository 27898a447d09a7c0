"""Which deliberate defects there are, of either kind of subject a bench can emulate."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from certification.catalogue import Text
from certification.errors import PlanError
from reference_impl.defects.defect import PlatformDefect
from reference_impl.defects.table import DEFECTS as OF_THE_PLATFORM
from reference_impl.defects.table import defect_named
from reference_impl.errors import PlatformError
from rigs.emulators.defects.table import DEFECTS as OF_THE_TERMINAL


def known_defects() -> dict[str, Mapping[str, tuple[tuple[str, ...], Text]]]:
    """Defects by kind of subject and name: the requirements each must make fail, and what it does wrong."""
    return {
        "terminal": {d.name: (d.requirements, Text(zh=d.zh, en=d.en)) for d in OF_THE_TERMINAL.values()},
        "platform": {d.name: (d.fails, _of_platform(d)) for d in OF_THE_PLATFORM.values()},
    }


def _of_platform(defect: PlatformDefect) -> Text:
    rarity = defect.rarity
    if rarity is None:
        return Text(zh=defect.zh, en=defect.en)
    return Text(
        zh=f"{defect.zh}（/N：{rarity.zh}，默认 {rarity.usual}）",
        en=f"{defect.en} (/N: {rarity.en}, {rarity.usual} unless told)",
    )


def check_defect(name: str | None, kind: str) -> None:
    """Refuse a defect the kind of subject on the bench does not have.

    Args:
        name: as on the command line, with ``/N`` behind it where a defect of the platform is told how rare it is.
        kind: kind of subject.

    Raises:
        PlanError: nobody knows it, it is a defect of another kind of subject, or it cannot be so rare.
    """
    known = known_defects()
    if name is None or name in known[kind]:
        return
    if kind == "platform" and name.partition("/")[0] in known[kind]:
        try:
            defect_named(name)
        except PlatformError as error:
            raise PlanError(error.what, where=error.where, remedy=error.remedy) from error
        return
    other = next((of for of, defects in known.items() if name.partition("/")[0] in defects), None)
    if other is not None:
        raise PlanError(
            f"{name!r} is a defect of a {other}, and the bench is one for a {kind}",
            where="--defect",
            remedy=f"name a bench for a {other}",
        )
    near = difflib.get_close_matches(name, known[kind], n=1)
    raise PlanError(
        f"there is no defect {name!r}",
        where="--defect",
        remedy=f"{f'did you mean {near[0]}? ' if near else ''}`xiangka defects list` names them",
    )
