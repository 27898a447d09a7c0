"""The directory others look institutions up in: regions of the province, and the authorised institutions in them.

Reconstructed: a region is named by 12 digits (a GB/T 2260 code and six zeros); an institution's parent is the one that
registered it.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, select

from reference_impl.access.institutions import Institution, of_row
from reference_impl.access.prefectures import PREFECTURES, prefecture_of
from reference_impl.access.scopes import KINDS
from reference_impl.access.standing import Standing
from reference_impl.refusals import BAD_FIELD, RefusalError
from reference_impl.storage.schema import INSTITUTIONS, REGISTRATIONS

PROVINCE = "430000"
PAGE_ROWS = 50

_AREA = re.compile(r"([0-9]{6})[0-9]{6}")


def area_code(prefecture: str) -> str:
    """Return the 12 digits of a prefecture."""
    return prefecture + "000000"


def read_area(area: str) -> str:
    """Return the prefecture that an area of 12 digits lies in, "" for the whole province; "" is the province.

    Raises:
        RefusalError: bad_field for another form, or an area outside the province.
    """
    if not area:
        return ""
    found = _AREA.fullmatch(area)
    region = found[1] if found else ""
    prefecture = "" if region == PROVINCE else prefecture_of(region)
    if not prefecture and region != PROVINCE:
        raise RefusalError(BAD_FIELD, "area_code")
    return prefecture


def regions(connection: Connection, area: str, page: int) -> list[tuple[str, str]]:
    """Return code (6 digits) and name of the prefectures in an area, a page of them, the first page being 1.

    They are those of the province, and the synthetic ones that an institution lies in.

    Raises:
        RefusalError: bad_field.
    """
    wanted = read_area(area)
    synthetic = set(connection.scalars(select(INSTITUTIONS.c.prefecture).distinct())) - set(PREFECTURES)
    names = {**PREFECTURES, **dict.fromkeys(synthetic, "合成")}
    found = [(code, names[code]) for code in sorted(names) if wanted in ("", code)]
    return found[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]


def authorised(connection: Connection, area: str, kind: str, parent: str, page: int) -> list[Institution]:
    """Return authorised institutions in order of their codes, a page of them, the first page being 1.

    Args:
        connection: where the institutions are.
        area: 12 digits, "" for the province.
        kind: of ``scopes.KINDS``, "" for all.
        parent: code of the institution that registered them, "" for all.
        page: 1 or more.

    Raises:
        RefusalError: bad_field.
    """
    if kind and kind not in KINDS:
        raise RefusalError(BAD_FIELD, "org_type")
    found = select(INSTITUTIONS).where(INSTITUTIONS.c.state == Standing.AUTHORISED).order_by(INSTITUTIONS.c.org_code)
    prefecture = read_area(area)
    if prefecture:
        found = found.where(INSTITUTIONS.c.prefecture == prefecture)
    if kind:
        found = found.where(INSTITUTIONS.c.kind == kind)
    if parent:
        children = select(REGISTRATIONS.c.org_code).where(REGISTRATIONS.c.registrar == parent)
        found = found.where(INSTITUTIONS.c.org_code.in_(children))
    rows = connection.execute(found.limit(PAGE_ROWS).offset((page - 1) * PAGE_ROWS))
    return [of_row(row) for row in rows]
