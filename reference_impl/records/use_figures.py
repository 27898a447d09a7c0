"""The figures of use as institutions report it: by step, by channel, by scene, and through whose filed terminals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, cast, func, select

from reference_impl.records.figures import Figure, share
from reference_impl.storage.schema import INSTITUTIONS
from reference_impl.storage.schema_records import USAGE_REPORTS, VISITS
from reference_impl.wire.codetables import CHANNELS, DESK_CHANNELS, SCENES, STEPS

_REPORTS_ZH = "期间内（按业务发生时间）上报的用卡环节数，同一流水号只计一次；with_card 为其中持卡的环节数。"
_REPORTS_EN = (
    "Steps reported that took place in the period, each sequence number once; with_card are those with the card."
)
_STEPS_ZH = "只报场景的按场景对应的环节计。"
_STEPS_EN = " A report that names a scene and no step counts at the step of its scene."
_SCENES_ZH = "场景为上报所称，未报场景的为空。"
_SCENES_EN = " The scene is what was reported, empty where none was."
_FILED_ZH = (
    "期间内在窗口、自助设备、诊间（渠道 0100、0200、0300）持卡的用卡环节（reads）。filed 为上报的扫码设备序列号"
    "在上报时属于本机构已授权且有备案号的终端；not_filed 为报了序列号但不属于此类终端；no_serial 为未报序列号。"
    "filed_share 为 filed 占 reads 的比例。"
)
_FILED_EN = (
    "reads are steps with the card in the period at a window, kiosk or doctor (channels 0100, 0200, 0300)."
    " filed are those whose scanner serial was, when reported, that of an authorised terminal of the institution with a"
    " filing number; not_filed told the serial of no such terminal; no_serial told none."
    " filed_share is the part of reads that is filed."
)


def use_figures(connection: Connection, used: ColumnElement[bool]) -> tuple[Figure, ...]:
    """Return the figures of the reports chosen by ``used``."""
    return (
        _use(connection, used, "step", ("环节", _STEPS_ZH, _STEPS_EN), STEPS),
        _use(connection, used, "channel", ("渠道", "", ""), CHANNELS),
        _use(connection, used, "scene", ("场景", _SCENES_ZH, _SCENES_EN), SCENES),
        _through_filed_terminals(connection, used),
    )


def _use(
    connection: Connection,
    used: ColumnElement[bool],
    column: str,
    words: tuple[str, str, str],
    names: Mapping[str, str],
) -> Figure:
    """Return the figure by one column; ``words`` are its Chinese name and what the definition says beyond."""
    code = USAGE_REPORTS.c[column]
    found = select(code, func.count(), func.sum(USAGE_REPORTS.c.with_card)).where(used).group_by(code).order_by(code)
    zh, beyond_zh, beyond_en = words
    return Figure(
        f"use_by_{column}",
        f"按{zh}用卡量",
        f"use by {column}",
        _REPORTS_ZH + beyond_zh,
        _REPORTS_EN + beyond_en,
        (column, "name", "reports", "with_card", "share"),
        tuple(
            (row[0], names.get(row[0], ""), row[1], int(row[2]), share(int(row[2]), row[1]))
            for row in connection.execute(found)
        ),
    )


def _through_filed_terminals(connection: Connection, used: ColumnElement[bool]) -> Figure:
    filed, serial = USAGE_REPORTS.c.filed, USAGE_REPORTS.c.scanner_serial
    name = func.coalesce(INSTITUTIONS.c.name, "").label("name")
    found = (
        select(
            VISITS.c.org_code,
            name,
            func.count().label("reads"),
            func.sum(filed).label("filed"),
            func.sum(cast(serial == "", Integer)).label("no_serial"),
        )
        .select_from(
            USAGE_REPORTS.join(VISITS, VISITS.c.visit_no == USAGE_REPORTS.c.visit_no).outerjoin(
                INSTITUTIONS, INSTITUTIONS.c.org_code == VISITS.c.org_code
            )
        )
        .where(used, USAGE_REPORTS.c.with_card == 1, USAGE_REPORTS.c.channel.in_(DESK_CHANNELS))
        .group_by(VISITS.c.org_code, name)
        .order_by(VISITS.c.org_code)
    )
    return Figure(
        "use_through_filed_terminals",
        "备案终端用卡占比",
        "use through filed terminals",
        _FILED_ZH,
        _FILED_EN,
        ("org_code", "name", "reads", "filed", "not_filed", "no_serial", "filed_share"),
        tuple(_filed_row(row) for row in connection.execute(found)),
    )


def _filed_row(row: Any) -> tuple[str | int | float | None, ...]:
    filed, no_serial = int(row.filed), int(row.no_serial)
    return (
        row.org_code,
        row.name,
        row.reads,
        filed,
        row.reads - filed - no_serial,
        no_serial,
        share(filed, row.reads),
    )
