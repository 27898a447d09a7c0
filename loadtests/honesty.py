"""When a load says nothing about the platform, because its own generator was not up to it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from loadtests.record import LATE_MS, LATE_SHARE, Reason

BUSY_SHARE = 0.9
"""A worker that takes more of a core than this has no time left to be punctual."""

BUSY_S = 5
"""So many seconds in a row, and it counts as bound by its processor."""


def reasons(
    offered: int, sent: int, late: int, cpu: Mapping[str, Sequence[float]], lost: Iterable[str]
) -> tuple[Reason, ...]:
    """Return why a load is invalid; empty if it is not.

    Args:
        offered: requests that were due.
        sent: requests that left.
        late: requests that left more than ``LATE_MS`` after they were due.
        cpu: each worker's share of a core, second by second.
        lost: names of workers that were lost on the way.
    """
    found: list[Reason] = []
    if late > LATE_SHARE * sent:
        share = f"{late / sent:.2%}"
        found.append(
            Reason(
                f"发生器迟发：{sent} 次请求中 {late} 次（{share}）比计划晚 {LATE_MS:.0f} ms 以上，"
                f"限值 {LATE_SHARE:.1%}",
                f"the generator was late: {late} of {sent} requests ({share}) left more than {LATE_MS:.0f} ms "
                f"after the plan, at most {LATE_SHARE:.1%} may",
            )
        )
    if sent < offered:
        found.append(
            Reason(
                f"发生器少发了 {offered - sent} 次请求（应发 {offered} 次）",
                f"the generator left out {offered - sent} of {offered} requests",
            )
        )
    found += [
        Reason(
            f"发生器进程 {name} 连续 {BUSY_S} 秒占用一个核的 {BUSY_SHARE:.0%} 以上",
            f"worker {name} took more than {BUSY_SHARE:.0%} of a core for {BUSY_S} seconds in a row",
        )
        for name, shares in cpu.items()
        if longest_busy(shares) >= BUSY_S
    ]
    found += [Reason(f"发生器进程 {name} 中途失联", f"worker {name} was lost on the way") for name in lost]
    return tuple(found)


def longest_busy(shares: Iterable[float]) -> int:
    """Return how many seconds in a row a worker was busier than ``BUSY_SHARE``, at the longest."""
    longest = run = 0
    for share in shares:
        run = run + 1 if share > BUSY_SHARE else 0
        longest = max(longest, run)
    return longest
