"""The defects that load finds.

A rare one fails the rows whose whole sample, at the rates of the project's own bench, holds one of its slips.
"""

from __future__ import annotations

from reference_impl.defects import alarm, load, retries
from reference_impl.defects.defect import PlatformDefect, rare
from reference_impl.defects.rarity import Rarity

_SUSTAINED, _PEAK, _OVERLOAD = "EHC-PRF-001", "EHC-PRF-002", "EHC-PRF-003"
_CARDS, _HONESTY, _FAULTS = "EHC-PRF-004", "EHC-PRF-005", "EHC-PRF-006"

OF_LOAD: tuple[PlatformDefect, ...] = (
    rare(
        "loses-acknowledged-use",
        (_SUSTAINED, _PEAK, _OVERLOAD, _FAULTS),
        "每一万次通过的验码中有一次已应答而未保存：令牌未作废，审计无记录",
        "acknowledges one accepted verification in 10 000 and keeps neither its spent token nor its audit record",
        Rarity(10_000, "通过的验码次数", "accepted verifications", load.loses_acknowledged_use),
    ),
    PlatformDefect(
        "accepts-reuse-under-concurrency",
        (_SUSTAINED, _PEAK, _OVERLOAD, _CARDS, _HONESTY, _FAULTS),
        "同一动态码同时两次验码均被接受，先后两次则正常拒绝",
        "accepts a dynamic code twice where both uses arrive together, and refuses the second where it comes after",
        load.accepts_reuse_under_concurrency,
    ),
    rare(
        "answers-another-person",
        (_SUSTAINED,),
        "每十万次通过的验码中有一次返回他人身份",
        "answers one accepted verification in 100 000 with the identity of another card",
        Rarity(100_000, "通过的验码次数", "accepted verifications", load.answers_another_person),
    ),
    rare(
        "hides-a-stall",
        (_SUSTAINED,),
        "每分钟停顿 2 s，且自身时延指标不予反映",
        "stands still for 2 s each minute, and leaves that out of its own figures of latency",
        Rarity(60, "两次停顿相隔秒数", "seconds from one stall to the next", load.hides_a_stall),
    ),
    rare(
        "takes-a-morning-for-an-attack",
        (_PEAK,),
        "请求量升至此前一段时间的两倍以上即视为攻击，一刻钟内拒绝半数请求",
        "takes more than twice as many requests as a while before for an attack, and refuses half for a quarter hour",
        Rarity(100, "此前一段时间的秒数", "seconds of the while before", alarm.takes_a_morning_for_an_attack),
    ),
    rare(
        "slows-with-cards",
        (_CARDS,),
        "卡越多验码越慢，每二十万张多 1 ms",
        "takes the longer for a verification the more cards there are, a millisecond for each 200 000",
        Rarity(200_000, "每增加 1 ms 的卡数", "cards for each millisecond", load.slows_with_cards),
    ),
    PlatformDefect(
        "drops-audit-under-overload",
        (_OVERLOAD,),
        "过载排队时不写审计",
        "writes no audit records while the queue is long",
        load.drops_audit_under_overload,
    ),
    PlatformDefect(
        "grows-in-memory",
        (_SUSTAINED,),
        "在内存中保留收到的每个请求",
        "keeps every request it ever saw in memory",
        load.grows_in_memory,
    ),
    PlatformDefect(
        "counts-reports-again",
        (_FAULTS,),
        "同一上报因应答丢失而重发时，再次计数",
        "counts a report of use once more when it is made again because its answer was lost",
        retries.counts_reports_again,
    ),
)
