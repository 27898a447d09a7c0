"""Whether the memory of a loaded platform goes on growing."""

from __future__ import annotations

import statistics

from pytest_bdd import then

from steps.load.offering import Offered
from steps.sampling import Sampler

MIB = 1 << 20


@then("the platform's memory does not go on growing")
@then("平台内存不持续增长")
def memory_of_each_minute(sampler: Sampler, offered: Offered) -> None:
    """The median of each whole minute; where nobody tells, nothing is shown and the row stays open."""
    by_minute: dict[int, list[int]] = {}
    for at_s, held in offered.memory:
        by_minute.setdefault(int(at_s // 60), []).append(held)
    for minute in range(round(offered.record.totals.seconds) // 60):
        if minute in by_minute:
            mib = statistics.median(by_minute[minute]) / MIB
            sampler.observe("memory_growth", round(mib, 2), unit="MiB", cell={"minute": minute + 1})
