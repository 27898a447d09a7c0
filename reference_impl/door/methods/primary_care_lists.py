"""What the primary-care system looks up: ``ehc.primarycare.regions`` and ``.institutions``, fifty rows a page.

An answer is a column of texts for each field, all equally long; behind the last page they are empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from reference_impl.access import directory
from reference_impl.door.methods.business_fields import matching, optional
from reference_impl.door.question import Answer, Method, Question
from reference_impl.wire.vocabulary import INSTITUTIONS, REGIONS

_PAGE = re.compile(r"[1-9][0-9]{0,5}")


def regions(question: Question) -> Answer:
    """``ehc.primarycare.regions``: the prefectures in ``area_code`` (the province if missing), page ``page_index``."""
    page = _page(question)
    found = directory.regions(question.connection, optional(question.biz, "area_code"), page)
    answer = {
        "area_code": [directory.area_code(code) for code, _ in found],
        "area_name": [name for _, name in found],
        "parent_area_code": [directory.area_code(directory.PROVINCE)] * len(found),
    }
    return Answer(answer, detail=_told(page, len(found)))


def institutions(question: Question) -> Answer:
    """``ehc.primarycare.institutions``: those of ``area_code``, ``org_type`` (a kind), ``parent_org_code``, if said."""
    biz, page = question.biz, _page(question)
    found = directory.authorised(
        question.connection,
        optional(biz, "area_code"),
        optional(biz, "org_type"),
        optional(biz, "parent_org_code"),
        page,
    )
    answer = {
        "org_code": [institution.org_code for institution in found],
        "orgname": [institution.name for institution in found],
        "orglevel": [institution.level for institution in found],
        "org_type": [institution.kind for institution in found],
        "area_code": [directory.area_code(institution.prefecture) for institution in found],
    }
    return Answer(answer, detail=_told(page, len(found)))


def _page(question: Question) -> int:
    return int(matching(_PAGE, optional(question.biz, "page_index"), "page_index") or "1")


def _told(page: int, rows: int) -> dict[str, str]:
    return {"page": str(page), "rows": str(rows)}


METHODS: Mapping[str, Method] = MappingProxyType(
    {REGIONS: Method("query", regions), INSTITUTIONS: Method("query", institutions)}
)
