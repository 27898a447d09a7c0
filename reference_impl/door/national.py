"""What ties a served platform to the national one: a link of each process's own, and the one sender of the outbox."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from reference_impl.platform import Platform
from reference_impl.records.cross_province import CrossProvince
from reference_impl.records.national_link import HttpNationalLink
from reference_impl.records.national_sender import NationalSender

T = TypeVar("T")

LOG = logging.getLogger("reference_impl")

AGAIN_S = 5.0
"""How long the sender waits after its own database failed it."""


class NationalTies:
    """The link of one process; the gateway asks over it for cards of other provinces.

    Args:
        platform: an open platform.
        url: where the national platform answers.
    """

    def __init__(self, platform: Platform, url: str) -> None:
        self._platform = platform
        # Proxies of the environment are not asked: what is told is nobody else's business.
        self._client = httpx.AsyncClient(base_url=url, trust_env=False)
        self._link = HttpNationalLink(self._client, lambda: platform.parts.keyring.national_link, platform.clock)
        platform.gateway.abroad = CrossProvince(
            self._link, platform.writer.submit, platform.clock, platform.parts.random
        )

    async def hold(self) -> None:
        """Keep the link until cancelled, and let go of its connections then."""
        async with self._client:
            await asyncio.Event().wait()

    async def send(self, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Tell the national platform what is in the outbox until cancelled; one process a database does."""
        platform = self._platform
        sender = NationalSender(
            self._read, platform.writer.submit, self._link, platform.clock, platform.parts.random, pause
        )
        while True:
            try:
                await sender.run()
            except SQLAlchemyError as error:
                LOG.warning("the national platform could not be told: %s", type(error).__name__)
            await pause(AGAIN_S)

    async def _read(self, job: Callable[[Connection], T]) -> T:
        return await asyncio.to_thread(self._read_now, job)

    def _read_now(self, job: Callable[[Connection], T]) -> T:
        with self._platform.readers.connect() as connection:
            return job(connection)
