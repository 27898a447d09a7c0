"""The statistics of a period, every figure with the definition it was counted by."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from reference_impl.door.access_tokens import ADMIN, AUDITOR
from reference_impl.door.api.door import ApiDoor
from reference_impl.records.statistics import figures, period


def _written(value: object) -> object:
    # Left alone, a bare number would be read as seconds since 1970.
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
        raise ValueError("a day is written yyyy-MM-dd")
    return value


Day = Annotated[date, BeforeValidator(_written)]
First = Annotated[Day | None, Query(alias="from", description="first day, in China's time; else from the beginning")]
Last = Annotated[Day | None, Query(alias="to", description="last day, included; else until now")]


class BothLanguages(BaseModel):
    """A text in Chinese and in English."""

    zh: str
    en: str


class FigureAnswer(BaseModel):
    """One table of numbers; a value named ``…share`` is a share from 0 to 1, null of nothing."""

    name: str
    title: BothLanguages
    definition: BothLanguages
    rows: list[dict[str, str | int | float | None]]


class StatisticsAnswer(BaseModel):
    """All figures of a period, Unix ms, ``to_ms`` excluded."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "mode": "TEST",
                "from_ms": 1767196800000,
                "to_ms": 1769875200000,
                "figures": [
                    {
                        "name": "issued_by_day",
                        "title": {"zh": "按日发卡量", "en": "cards issued by day"},
                        "definition": {"zh": "期间内新发的电子健康卡张数。", "en": "Cards made in the period."},
                        "rows": [{"day": "2026-01-01", "cards": 12}],
                    }
                ],
            }
        }
    )

    mode: Literal["TEST"] = Field(default="TEST", description="these figures are of synthetic people")
    from_ms: int
    to_ms: int
    figures: list[FigureAnswer]


def routes(door: ApiDoor) -> APIRouter:
    """Return the route of the statistics."""
    router = APIRouter(tags=["statistics"])

    @router.get(
        "/statistics",
        summary="Issuance, use, and the share of visits with the card",
        description="A period that ends before it begins is answered with 409.",
        responses=door.problems(409),
    )
    async def statistics(request: Request, first: First = None, last: Last = None) -> StatisticsAnswer:
        door.actor(request, ADMIN, AUDITOR)
        try:
            from_ms, to_ms = period(first, last, door.now_ms())
        except ValueError as error:
            raise door.problem(409, "bad_period", str(error)) from error
        counted = await door.read(lambda connection: figures(connection, from_ms, to_ms))
        return StatisticsAnswer.model_validate(counted.as_json())

    return router
