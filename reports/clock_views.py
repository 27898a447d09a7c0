"""The clocks of a run as a page shows them: whose, when, how far off, and how that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from certification.catalogue import Text
from reports.report_words import CLOCK_MOMENTS, CLOCK_WAYS, CLOCKS
from reports.stated_records import ClockRecord
from reports.words import quantity_of, word


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


@dataclass(frozen=True)
class ClockView:
    """One comparison.

    Attributes:
        of, when: whose clock, at which end of a sitting, as recorded; ``always`` for one that never could be measured.
        whose, moment: the same in words.
        offset_s, uncertainty_s: how far it was ahead and how sure that is, s; None where it was not measured.
        offset: both in one, with their unit.
        how: how it was measured, or why it was not.
    """

    of: str
    when: str
    whose: Text
    moment: Text
    offset_s: float | None
    uncertainty_s: float | None
    offset: Text | None
    how: Text


def clock_views(clocks: Sequence[ClockRecord]) -> list[ClockView]:
    """Comparisons clock by clock, in the order they were made; a clock that never could be measured stands once."""
    several = len({one.sitting for one in clocks}) > 1
    found: list[ClockView] = []
    for of in CLOCKS:
        mine = [one for one in clocks if one.of == of]
        never = all(one.offset_s is None for one in mine) and len({one.how for one in mine}) == 1
        found += [_view(mine[0], CLOCK_MOMENTS["always"], "always")] if never else [_at(one, several) for one in mine]
    return found


def _at(one: ClockRecord, several: bool) -> ClockView:
    return _view(one, _moment(one, several), one.when)


def _view(one: ClockRecord, moment: Text, when: str) -> ClockView:
    return ClockView(
        of=one.of,
        when=when,
        whose=CLOCKS[one.of],
        moment=moment,
        offset_s=one.offset_s,
        uncertainty_s=one.uncertainty_s,
        offset=_offset(one),
        how=word(CLOCK_WAYS, one.how),
    )


def _moment(one: ClockRecord, several: bool) -> Text:
    moment = CLOCK_MOMENTS[one.when]
    if not several:
        return moment
    return _t(f"第 {one.sitting} 段{moment.zh}", f"sitting {one.sitting}, {moment.en}")


def _offset(one: ClockRecord) -> Text | None:
    if one.offset_s is None:
        return None
    unit, factor = ("ms", 1000) if abs(one.offset_s) < 0.1 and (one.uncertainty_s or 0) < 0.1 else ("s", 1)
    decimals = 1 if unit == "ms" else 2
    shown = f"{one.offset_s * factor:+.{decimals}f}"
    if one.uncertainty_s is not None:
        shown += f" ± {one.uncertainty_s * factor:.{decimals}f}"
    return quantity_of(shown.replace("-", "−"), unit)
