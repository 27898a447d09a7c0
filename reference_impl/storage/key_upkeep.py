"""Keys kept in order while the platform is served: grace ended, stored values led over to the active version."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from reference_impl.clock import now_ms
from reference_impl.keys.life_cycle import expire_grace
from reference_impl.storage.sealed_anew import Open, Superseded, seal_anew, superseded

LOG = logging.getLogger("reference_impl")

EVERY_S = 30.0
REST_S = 0.02
"""Between two batches: sealing anew may take hours, and whoever stands at a window must not feel it."""


async def keep_keys(platform: Open, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Look after the keys again and again until cancelled."""
    settled: set[tuple[str, str, int]] = set()
    while True:
        try:
            await look_after(platform, settled, pause)
        except Exception as error:
            # A database that is away comes back; a value that does not open must not keep the others waiting for ever.
            LOG.warning("the keys could not be looked after: %s", type(error).__name__)
        await pause(EVERY_S)


async def look_after(
    platform: Open, settled: set[tuple[str, str, int]], pause: Callable[[float], Awaitable[None]]
) -> None:
    """End what grace has ended, and seal anew what is under a superseded key not yet in ``settled``.

    ``settled`` takes the name of every key under whose older versions nothing was found any more, so that the whole of
    the data is not searched again before the next rotation.

    Raises:
        PlatformError: a value does not open.
        SQLAlchemyError: the database fails.
    """
    # A job also makes this process read keys anew that another has changed.
    await platform.writer.submit(lambda connection: expire_grace(connection, now_ms(platform.clock)))
    for key in await asyncio.to_thread(_superseded, platform):
        if key.name not in settled and not await seal_anew(platform, key, lambda: pause(REST_S)):
            settled.add(key.name)


def _superseded(platform: Open) -> list[Superseded]:
    with platform.readers.connect() as connection:
        return superseded(connection, platform.parts.keyring)
