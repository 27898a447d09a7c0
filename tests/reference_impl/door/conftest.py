"""Our own API of a platform of this process, asked as over the wire, and the tokens to ask it with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from reference_impl.clock import now_ms
from reference_impl.door.access_tokens import make_tokens
from reference_impl.door.metrics import Metrics
from reference_impl.door.use import VERIFY
from reference_impl.door.web import Application, Face, create_app


@dataclass
class Api:
    """Asks the API as whoever is named, ``admin`` unless another is."""

    bench: Any
    application: Application
    metrics: Metrics
    tokens: dict[str, str] = field(repr=False)

    def ask(self, method: str, path: str, body: Any = None, *, by: str = "admin", **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[by]}"} if by else {}
        headers |= more.pop("headers", {})
        return self.plain(method, f"/api/v1{path}", json=body, headers=headers, **more)

    def plain(self, method: str, path: str, **more: Any) -> httpx.Response:
        caller = more.pop("client", ("127.0.0.1", 1))

        async def sent() -> httpx.Response:
            transport = httpx.ASGITransport(self.application.asgi, client=caller)
            async with httpx.AsyncClient(transport=transport, base_url="http://platform") as client:
                return await client.request(method, path, **more)

        return self.bench.wait(sent())

    def audited(self) -> list[dict[str, Any]]:
        """Every record of the audit, as the auditor is given them."""

        return [json.loads(line) for line in self.ask("GET", "/audit", by="auditor").text.splitlines()]


@pytest.fixture
def make_api() -> Callable[..., Api]:
    def make(bench: Any, **face: Any) -> Api:
        metrics = Metrics("w0", (VERIFY, *bench.platform.gateway.methods))
        tokens = bench.do(lambda c: make_tokens(c, bench.platform.parts.random, now_ms(bench.platform.clock)))
        return Api(bench, create_app(bench.platform, Face(metrics, **face)), metrics, tokens)

    return make


@pytest.fixture
def api(bench: Any, make_api: Callable[..., Api]) -> Api:
    return make_api(bench)
