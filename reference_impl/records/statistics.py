"""The statistics: issuance, verifications, use, and the share of visits with the card, all counted by the database.

The notice asks for the share of people seen with the card among people seen at public hospitals of level 2 and above,
80 per cent at least. It says neither when two visits are one person's nor what a visit is; both are stated here and
printed with the numbers, and the share is given by persons and by visits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, Select, String, case, cast, func, select, true

from reference_impl.access.scopes import PUBLIC
from reference_impl.records.china_time import DAY_MS, OFFSET_MS, day_text, start_of
from reference_impl.records.figures import Cell, Figure, Statistics, share
from reference_impl.records.use_figures import use_figures
from reference_impl.records.verification_figures import verification_figures
from reference_impl.storage.schema import CARDS, INSTITUTIONS
from reference_impl.storage.schema_records import ISSUANCES, USAGE_REPORTS, VISITS
from reference_impl.wire.codetables import CARD_STATES, CHANNELS

TARGET_SHARE = 0.8
"""What the notice asks for at public hospitals of level 2 and above."""

KPI_LEVELS = ("2", "3")
KPI_KIND = "hospital"
KPI_OWNERSHIP = PUBLIC

_KPI = (
    INSTITUTIONS.c.level.in_(KPI_LEVELS)
    & (INSTITUTIONS.c.kind == KPI_KIND)
    & (INSTITUTIONS.c.ownership == KPI_OWNERSHIP)
)
_ISSUED_ZH = "期间内新发的电子健康卡张数；换发新卡另计一张，注销后重新启用不计。"
_ISSUED_EN = "Cards made in the period; a card that replaces another counts, one opened again does not."
_SHARE_ZH = (
    "就诊：同一机构同一就诊号为一次就诊（未报就诊号的，同一机构同一持卡人同一日为一次），"
    "以首个环节的时间归入期间；任一环节持卡即为持卡就诊。"
    "人：持卡人按健康卡归并；未持卡的按本机构患者号，该号在期间内仅与一名持卡人同时出现过的归入该持卡人；"
    "既无卡又无患者号的，每次就诊计一人。持卡人数为期间内至少一次持卡就诊的人数。占比为持卡数除以全部数。"
)
_SHARE_EN = (
    "A visit is one visit number of one institution (without a number: one holder's day at one institution) and belongs"
    " to the period its first step falls in; it is with the card if any of its steps is."
    " A person is the card's holder; without the card the institution's patient number, taken for the holder with whom"
    " alone it occurs in the period; a visit with neither is a person of its own."
    " persons_with_card had at least one visit with the card in the period. A share is the part with the card of all."
)
_KPI_ZH = "kpi 仅计二级及以上公立医院（登记级别为 2、3，类别为医院，举办性质为公立），均以现登记为准。"
_KPI_EN = (
    "kpi counts public hospitals of level 2 and 3 only (kind hospital, ownership public), as they are registered now."
)


def period(first: date | None, last: date | None, now_ms: int) -> tuple[int, int]:
    """Return the period from the beginning of one day to the end of another (China time), Unix ms, end excluded.

    Without a first day it begins with the first record, without a last one it ends now.

    Raises:
        ValueError: it ends before it begins.
    """
    from_ms = 0 if first is None else start_of(first)
    to_ms = now_ms + 1 if last is None else start_of(last) + DAY_MS
    if to_ms <= from_ms:
        raise ValueError("the period ends before it begins")
    return from_ms, to_ms


def figures(connection: Connection, from_ms: int, to_ms: int) -> Statistics:
    """Count everything of a period, Unix ms, ``to_ms`` excluded."""
    issued = (ISSUANCES.c.issued_ms >= from_ms) & (ISSUANCES.c.issued_ms < to_ms)
    used = (USAGE_REPORTS.c.at_ms >= from_ms) & (USAGE_REPORTS.c.at_ms < to_ms)
    seen = (VISITS.c.first_ms >= from_ms) & (VISITS.c.first_ms < to_ms)
    return Statistics(
        from_ms,
        to_ms,
        (
            _issued_by_channel(connection, issued),
            _issued_by_day(connection, issued),
            _issued_by_prefecture(connection, issued),
            _cards_by_state(connection),
            *verification_figures(connection, from_ms, to_ms),
            *use_figures(connection, used),
            _share_by_hospital(connection, seen),
            _share_total(connection, seen),
        ),
    )


def _issued_by_channel(connection: Connection, issued: ColumnElement[bool]) -> Figure:
    channel = ISSUANCES.c.channel
    rows = _rows(connection, select(channel, func.count()).where(issued).group_by(channel).order_by(channel))
    named = tuple((row[0], CHANNELS.get(row[0], ""), row[1]) for row in rows)
    return _issuance(
        "issued_by_channel", "按渠道发卡量", "cards issued by channel", ("channel", "name", "cards"), named
    )


def _issued_by_day(connection: Connection, issued: ColumnElement[bool]) -> Figure:
    day = ((ISSUANCES.c.issued_ms + OFFSET_MS) // DAY_MS).label("day")
    rows = _rows(connection, select(day, func.count()).where(issued).group_by(day).order_by(day))
    return _issuance(
        "issued_by_day",
        "按日发卡量",
        "cards issued by day",
        ("day", "cards"),
        tuple((day_text(row[0]), row[1]) for row in rows),
    )


def _issued_by_prefecture(connection: Connection, issued: ColumnElement[bool]) -> Figure:
    # Institutions outside the register issue nothing, but a figure must not lose a card to a join.
    prefecture = func.coalesce(INSTITUTIONS.c.prefecture, "").label("prefecture")
    rows = _rows(
        connection,
        select(prefecture, func.count())
        .select_from(ISSUANCES.outerjoin(INSTITUTIONS, INSTITUTIONS.c.org_code == ISSUANCES.c.org_code))
        .where(issued)
        .group_by(prefecture)
        .order_by(prefecture),
    )
    columns = ("prefecture", "cards")
    return _issuance("issued_by_prefecture", "按市州发卡量", "cards issued by prefecture", columns, rows)


def _issuance(name: str, zh: str, en: str, columns: tuple[str, ...], rows: tuple[tuple[Cell, ...], ...]) -> Figure:
    return Figure(name, zh, en, _ISSUED_ZH, _ISSUED_EN, columns, rows)


def _cards_by_state(connection: Connection) -> Figure:
    state = CARDS.c.state
    rows = _rows(connection, select(state, func.count()).group_by(state).order_by(state))
    return Figure(
        "cards_by_state",
        "各状态卡量",
        "cards by state",
        "统计时全部电子健康卡的现状，与期间无关。",
        "All cards as they stand when this is counted, whatever the period.",
        ("state", "name", "cards"),
        tuple((row[0], CARD_STATES[str(row[0])], row[1]) for row in rows),
    )


def _share_by_hospital(connection: Connection, seen: ColumnElement[bool]) -> Figure:
    persons = {row.org_code: row for row in connection.execute(_persons(seen & _KPI, by_institution=True))}
    counted = (
        select(
            VISITS.c.org_code,
            INSTITUTIONS.c.name,
            INSTITUTIONS.c.level,
            func.count().label("visits"),
            func.sum(VISITS.c.with_card).label("with_card"),
        )
        .join(INSTITUTIONS, INSTITUTIONS.c.org_code == VISITS.c.org_code)
        .where(seen, _KPI)
        .group_by(VISITS.c.org_code, INSTITUTIONS.c.name, INSTITUTIONS.c.level)
        .order_by(VISITS.c.org_code)
    )
    return Figure(
        "share_by_hospital",
        "二级及以上公立医院持卡就诊占比",
        "share with the card at public hospitals of level 2 and above",
        _SHARE_ZH + _KPI_ZH.removeprefix("kpi "),
        f"{_SHARE_EN} {_KPI_EN.removeprefix('kpi ').capitalize()}",
        ("org_code", "name", "level", *_SHARE_COLUMNS),
        tuple(
            (row.org_code, row.name, row.level, *_shares(row, persons[row.org_code]))
            for row in connection.execute(counted)
        ),
    )


_SHARE_COLUMNS = (
    "visits",
    "visits_with_card",
    "visit_share",
    "persons",
    "persons_with_card",
    "person_share",
)


def _share_total(connection: Connection, seen: ColumnElement[bool]) -> Figure:
    rows = []
    for scope, chosen in (("kpi", _KPI), ("all", true())):
        visits = connection.execute(
            select(func.count().label("visits"), func.coalesce(func.sum(VISITS.c.with_card), 0).label("with_card"))
            .join(INSTITUTIONS, INSTITUTIONS.c.org_code == VISITS.c.org_code)
            .where(seen, chosen)
        ).one()
        persons = connection.execute(_persons(seen & chosen, by_institution=False)).one()
        rows.append((scope, *_shares(visits, persons), TARGET_SHARE if scope == "kpi" else None))
    return Figure(
        "share_total",
        "持卡就诊占比合计",
        "share with the card in total",
        f"{_SHARE_ZH}{_KPI_ZH}all 计全部上报机构。同一人在多家机构就诊，合计中只计一人。目标为 80%。",
        f"{_SHARE_EN} {_KPI_EN} all counts every institution that reports. A person seen by several is one person here."
        " The target is 80 %.",
        ("scope", *_SHARE_COLUMNS, "target_share"),
        tuple(rows),
    )


def _shares(visits: Any, persons: Any) -> tuple[Cell, ...]:
    with_card, persons_with_card = int(visits.with_card), int(persons.with_card)
    return (
        visits.visits,
        with_card,
        share(with_card, visits.visits),
        persons.persons,
        persons_with_card,
        share(persons_with_card, persons.persons),
    )


def _persons(chosen: ColumnElement[bool], *, by_institution: bool) -> Select[Any]:
    """Return the statement that counts persons and those with the card, by institution or all together."""
    visits = (
        select(VISITS.c.visit_no, VISITS.c.org_code, VISITS.c.with_card, VISITS.c.holder, VISITS.c.patient_key)
        .join(INSTITUTIONS, INSTITUTIONS.c.org_code == VISITS.c.org_code)
        .where(chosen)
        .cte("seen")
    )
    # A patient number that met two holders tells nothing: taking the first would give one the other's visits.
    known = (
        select(visits.c.org_code, visits.c.patient_key, func.min(visits.c.holder).label("holder"))
        .where(visits.c.holder.is_not(None), visits.c.patient_key.is_not(None))
        .group_by(visits.c.org_code, visits.c.patient_key)
        .having(func.min(visits.c.holder) == func.max(visits.c.holder))
        .cte("known")
    )
    holder = func.coalesce(visits.c.holder, known.c.holder)
    person = case(
        (holder.is_not(None), "h:" + holder),
        (visits.c.patient_key.is_not(None), "p:" + visits.c.org_code + ":" + visits.c.patient_key),
        else_="v:" + cast(visits.c.visit_no, String),
    ).label("person")
    institution: Sequence[ColumnElement[Any]] = (visits.c.org_code,) if by_institution else ()
    persons = (
        select(*institution, person, func.max(visits.c.with_card).label("with_card"))
        .select_from(
            visits.outerjoin(
                known, (known.c.org_code == visits.c.org_code) & (known.c.patient_key == visits.c.patient_key)
            )
        )
        .group_by(*institution, person)
        .subquery("persons")
    )
    grouped = (persons.c.org_code,) if by_institution else ()
    return select(
        *grouped,
        func.count().label("persons"),
        func.coalesce(func.sum(persons.c.with_card), 0).label("with_card"),
    ).group_by(*grouped)


def _rows(connection: Connection, statement: Executable) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(row) for row in connection.execute(statement))
