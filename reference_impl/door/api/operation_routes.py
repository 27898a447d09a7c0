"""What whoever runs the platform asks: is it there, who is it, how does it do."""

from __future__ import annotations

import ipaddress
from importlib.metadata import version

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from reference_impl.door.access_tokens import ADMIN, AUDITOR
from reference_impl.door.api.door import ApiDoor
from reference_impl.door.metrics import Metrics, registry_of
from reference_impl.wire.sm import hmac_sm3

VENDOR = "Xiangka"
MODEL = "reference platform"
MODE = "TEST"


class StrictTold(BaseModel):
    """That the platform is strict with its callers: which share of valid requests it refuses, and under which seed."""

    share: float
    seed: int


class Health(BaseModel):
    """The platform answers; ``mode`` is always TEST, since it serves synthetic people only."""

    status: str
    mode: str
    version: str
    vendor: str
    model: str
    deployment: str
    strict: StrictTold | None = None


def routes(door: ApiDoor, metrics: Metrics, strict: StrictTold | None) -> APIRouter:
    """Return the routes that need no token."""
    router = APIRouter(tags=["operation"])
    registry = registry_of(metrics)
    health = Health(
        status="ok",
        mode=MODE,
        version=version("xiangka"),
        vendor=VENDOR,
        model=MODEL,
        deployment=hmac_sm3(door.platform.parts.keyring.card_id, b"deployment").hex()[:16],
        strict=strict,
    )

    @router.get("/health", summary="Whether the platform answers, and which it is", response_model_exclude_none=True)
    async def _health() -> Health:
        return health

    @router.get(
        "/metrics",
        summary="Figures for Prometheus; without a token from this machine only",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **door.problems(401, 403)},
    )
    async def _metrics(request: Request) -> Response:
        if not _is_loopback(request):
            door.actor(request, ADMIN, AUDITOR)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router


def _is_loopback(request: Request) -> bool:
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
