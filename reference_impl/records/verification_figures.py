"""The figures of verifications: how many codes were shown, at which step, through which channel, with what outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, select

from reference_impl.records.china_time import day_number
from reference_impl.records.figures import Cell, Figure, share
from reference_impl.records.verification_counts import Kind, counted
from reference_impl.refusals import OK, OUTCOMES
from reference_impl.storage.schema import INSTITUTIONS
from reference_impl.wire.codetables import CHANNELS, STEPS

_ZH = (
    "期间内（按整日）的验码请求：通过身份与时效核验且未超限的每次请求计一次，被拒绝的与重复提交的也计。"
    "环节与渠道为请求所报，未报或不在码表内的为空。外省的码按国家平台答复后告知请求方的结果计；"
    "基层系统的业务动作按用卡环节统计，不在此列。"
)
_EN = (
    "Requests to verify a code in the days of the period, each one that proved authentic, was fresh and within its"
    " limits, those refused or sent again included. Step and channel are what the request said, empty where that is"
    " no code of the table. A code of another province counts with what was told once the national platform had"
    " answered; actions of primary care are counted as use."
)
_ACCEPTED_ZH = "accepted 为验码成功（000）的次数。"
_ACCEPTED_EN = " accepted are those answered 000."
_COUNTS = ("verifications", "accepted", "accepted_share")


def verification_figures(connection: Connection, from_ms: int, to_ms: int) -> tuple[Figure, ...]:
    """Return the figures of the days that a period, Unix ms, ``to_ms`` excluded, has a part of."""
    told = counted(connection, day_number(from_ms), day_number(to_ms - 1))
    names = {row.org_code: row.name for row in connection.execute(select(INSTITUTIONS.c.org_code, INSTITUTIONS.c.name))}
    return (
        _by(told, "step", "环节", "step", STEPS, lambda kind: kind.step),
        _by(told, "channel", "渠道", "channel", CHANNELS, lambda kind: kind.channel),
        _by_outcome(told),
        _by(told, "institution", "机构", "institution", names, lambda kind: kind.org_code),
    )


def _by(
    told: Counter[Kind], what: str, zh: str, en: str, names: Mapping[str, str], code_of: Callable[[Kind], str]
) -> Figure:
    every, accepted = _summed(told, code_of), _summed(told, code_of, OK.code)
    return Figure(
        f"verifications_by_{what}",
        f"按{zh}验码量",
        f"verifications by {en}",
        _ZH + _ACCEPTED_ZH,
        _EN + _ACCEPTED_EN,
        ("org_code" if what == "institution" else what, "name", *_COUNTS),
        tuple(
            (code, names.get(code, ""), every[code], accepted[code], share(accepted[code], every[code]))
            for code in sorted(every)
        ),
    )


def _by_outcome(told: Counter[Kind]) -> Figure:
    every = _summed(told, lambda kind: kind.outcome)
    rows: list[tuple[Cell, ...]] = [
        (code, OUTCOMES[code].name if code in OUTCOMES else "", every[code], share(every[code], every.total()))
        for code in sorted(every)
    ]
    return Figure(
        "verifications_by_outcome",
        "按结果验码量",
        "verifications by outcome",
        f"{_ZH}outcome_share 为该结果占全部验码请求的比例。",
        f"{_EN} outcome_share is the part of all requests to verify that ended so.",
        ("outcome", "name", "verifications", "outcome_share"),
        tuple(rows),
    )


def _summed(told: Counter[Kind], code_of: Callable[[Kind], str], outcome: str = "") -> Counter[str]:
    """Return the sums by a code, of one outcome or of all."""
    sums: Counter[str] = Counter()
    for kind, number in told.items():
        if outcome in ("", kind.outcome):
            sums[code_of(kind)] += number
    return sums
