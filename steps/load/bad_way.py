"""Whether a load really had the bad way its row demands; what the fault proxy failed to do is the bench's fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from certification.statistics import lower_bound, upper_bound
from loadtests.record import LoadRecord, Reason
from rigs.errors import InvalidLoadError, RigError
from rigs.fault_proxy.faults import Faults
from rigs.fault_proxy.lots import Fate
from steps.load.minutes import share
from steps.sampling import Sampler

WHERE = "fault proxy"
SURE = 1 - 1e-6
"""So sure must it be that resets were not drawn with the share demanded: two bounds of each load are looked at."""
NARROWER, WIDER = 0.9, 1.2
"""What the mean delay may be of that demanded: a write that may not overtake the one before waits a little longer."""
LATE_SHARE = 0.05
"""So many writes may go on late. With more, what the proxy's machine lacks is told as the platform's slowness."""
LONGEST_STALL_MS = 1000
"""A pause of the proxy's own; a fifth of what an answer may take, so that none makes a timeout by itself."""
_IN_REQUEST = (Fate.RESET_BEFORE, Fate.RESET_IN_REQUEST)
_IN_ANSWER = (Fate.RESET_UNANSWERED, Fate.RESET_IN_ANSWER)


def observe_way(
    sampler: Sampler,
    faults: Faults,
    did: Mapping[str, Any],
    record: LoadRecord,
    cell: Mapping[str, str | float] = MappingProxyType({}),
) -> None:
    """Let a load count only if its way was as demanded, and tell how it was.

    Args:
        sampler: of the row.
        faults: what was demanded of the proxy.
        did: its counts, see ``rigs.fault_proxy.counts``.
        record: of the load that ran through it.
        cell: what tells these observations from those of another load of the row.

    Raises:
        RigError: the load did not come through the proxy.
        InvalidLoadError: the proxy did something else.
    """
    refuse_a_way_past(did, record)
    if reasons := list(shortcomings(faults, did)):
        zh, en = "；".join(why.zh for why in reasons), "; ".join(why.en for why in reasons)
        raise InvalidLoadError(zh, en, where=WHERE)
    resets = _count(did, _IN_REQUEST) + _count(did, _IN_ANSWER)
    told = {**did["faults"], "requests": did["requests"]}
    sampler.observe("reset_share", round(share(resets, did["requests"]), 3), unit="%", cell=dict(cell), detail=told)
    timing = {"late": did["late"], "writes": did["writes"], "longest_stall_ms": did["longest_stall_ms"]}
    sampler.observe("added_delay", did["mean_delay_ms"], unit="ms", cell=dict(cell), detail=timing)


def refuse_a_way_past(did: Mapping[str, Any], record: LoadRecord) -> None:
    """Every answer the load had must have come through the proxy; of one that never came nobody knows the way.

    Raises:
        RigError: some did not.
    """
    answered = sum(stage.ok + sum(stage.refused.values()) for stage in record.stages)
    if not did["connections"] or did["answers"] < answered:
        raise RigError(
            f"{did['answers']} answers came through it, and the load had {answered}",
            where=WHERE,
            remedy="let the generator call what its plan says",
        )


def shortcomings(faults: Faults, did: Mapping[str, Any]) -> Iterator[Reason]:
    """What the proxy did otherwise than demanded.

    A reset in an answer comes about only where there is one, so that both halves of the resets are counted by
    themselves: a platform that does not answer must not excuse itself.
    """
    half = faults.reset / 2
    for fates, times, demanded in (
        (_IN_REQUEST, did["requests"], half),
        (_IN_ANSWER, did["answers"], half / (1 - half)),
    ):
        resets = _count(did, fates)
        if not lower_bound(resets, times, SURE) <= demanded <= upper_bound(resets, times, SURE):
            told, wanted = share(resets, times), 100 * demanded
            yield Reason(
                zh=f"故障代理复位了 {told:.2f}%（{'、'.join(fates)}），应为 {wanted:.2f}%",
                en=f"the fault proxy reset {told:.2f} % ({', '.join(fates)}) where it was to reset {wanted:.2f} %",
            )
    # Half the width of a drawn mean at four standard deviations, none of which is greater than the jitter.
    drawn = 4 * faults.jitter_ms / max(1, did["writes"]) ** 0.5
    least, most = NARROWER * faults.latency_ms - drawn, WIDER * faults.latency_ms + drawn
    if did["writes"] and not least <= did["mean_delay_ms"] <= most:
        yield Reason(
            zh=f"故障代理平均加时延 {did['mean_delay_ms']:g} ms，应为 {faults.latency_ms:g} ms",
            en=f"the fault proxy delayed by {did['mean_delay_ms']:g} ms where it was to delay by "
            f"{faults.latency_ms:g} ms",
        )
    if did["late"] > LATE_SHARE * did["writes"]:
        late = share(did["late"], did["writes"])
        yield Reason(zh=f"故障代理自身有 {late:.1f}% 的转发迟延", en=f"the fault proxy itself was late in {late:.1f} %")
    if did["longest_stall_ms"] > LONGEST_STALL_MS:
        stalled = did["longest_stall_ms"] / 1000
        yield Reason(zh=f"故障代理停顿 {stalled:.1f} s", en=f"the fault proxy stood still for {stalled:.1f} s")


def _count(did: Mapping[str, Any], fates: tuple[Fate, ...]) -> int:
    return sum(int(did["faults"].get(fate, 0)) for fate in fates)
