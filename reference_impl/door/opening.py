"""The platform its options ask for: opened, limited, strict or defective as told, with its face."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from starlette.types import ASGIApp

from reference_impl.access.gate import AccessGate, lock_recorder
from reference_impl.access.lock_out import Lock
from reference_impl.access.rate_limit import Quotas
from reference_impl.cards.register_link import HttpRegister
from reference_impl.clock import Clock, system_clock
from reference_impl.defects.table import defect_named
from reference_impl.door.addresses import NATIONAL, REAL_NAME, check_address, check_loopback
from reference_impl.door.api.operation_routes import StrictTold
from reference_impl.door.logbook import Requests
from reference_impl.door.methods.table import METHODS
from reference_impl.door.metrics import Metrics
from reference_impl.door.national import NationalTies
from reference_impl.door.options import ISSUED, PlatformOptions
from reference_impl.door.production import refuse_production
from reference_impl.door.strictness import StrictFace, StrictGate, check_share, rotate_often
from reference_impl.door.turned_clock import TurnedClock
from reference_impl.door.unpromised_answers import UnpromisedAnswers
from reference_impl.door.use import VERIFY
from reference_impl.door.web import Application, Face, create_app
from reference_impl.entropy import system_entropy
from reference_impl.errors import PlatformError
from reference_impl.keys.hsm_root import HsmRoot
from reference_impl.keys.root import FileRoot, RootKey
from reference_impl.platform import KEY_FILE, Platform, open_platform
from reference_impl.storage.paced_writer import PacedWriter
from reference_impl.wire.exchange import as_named

FIGURES_FOLDER = "figures"
CLOCK_FILE = "test-clock"
LEAVE_EVERY_S = 1.0
FIRST_LANE = "w0"

Task = Callable[[], Coroutine[Any, Any, None]]


@dataclass
class Opened:
    """An open platform with its application.

    Attributes:
        platform: closing it is left to the caller.
        application: what tells the application to end.
        asgi: the application as it is served.
        tasks: what runs beside the requests until the platform stops.
    """

    platform: Platform
    application: Application
    asgi: ASGIApp
    tasks: list[Task]


def check_options(options: PlatformOptions) -> None:
    """Refuse options that can be refused before anything is opened.

    Raises:
        PlatformError: what is wrong with them.
    """
    refuse_production(options)
    if options.strict is not None:
        check_share(options.strict)
    if options.workers < 1:
        raise PlatformError(
            f"{options.workers} workers cannot serve", where="--workers", remedy="choose 1, or one for each processor"
        )
    if options.capacity is not None and not 0 < options.capacity < math.inf:
        raise PlatformError(
            f"a machine that takes {options.capacity:g} requests a second cannot be rehearsed",
            where="--capacity",
            remedy="choose a number above 0, or leave the option out",
        )
    if options.defect is not None:
        defect_named(options.defect)
    if options.national is not None:
        check_address(NATIONAL, options.national)
    if options.real_name is not None:
        check_real_name = check_address if options.allow_non_loopback else check_loopback
        check_real_name(REAL_NAME, options.real_name)
    quotas_of(options)


def quotas_of(options: PlatformOptions) -> Quotas:
    """Return the quotas the options name, the rest by default.

    Raises:
        PlatformError: a name or number is none.
    """
    try:
        return Quotas(**options.quotas)
    except (TypeError, ValueError) as error:
        raise PlatformError(
            "these quotas cannot be kept",
            where="--quota " + " ".join(f"{name}={quota:g}" for name, quota in options.quotas.items()),
            remedy="give app, terminal, address or wrong a number from 0 on; 0 sets no limit",
        ) from error


def open_root(options: PlatformOptions, fresh: bool) -> RootKey:
    """Return the root in the HSM or the data folder, as the options say; only for ``fresh`` data it may be made.

    Raises:
        PlatformError: it cannot be used, or it was made before and is not there.
    """
    if options.hsm is not None:
        return HsmRoot.create(options.hsm, system_entropy) if fresh else HsmRoot(options.hsm)
    file = options.data_dir / KEY_FILE
    return FileRoot.create(file, system_entropy) if fresh else FileRoot(file)


def clock_of(options: PlatformOptions) -> Clock:
    """Return the platform's clock: one that turns, if the options say so or these data have met one that was turned."""
    file = options.data_dir / CLOCK_FILE
    return TurnedClock(file, system_clock) if options.test_clock or file.exists() else system_clock


def open_served(options: PlatformOptions, lane: str) -> Opened:
    """Open the platform and what serves it; ``lane`` names this process among those of the platform.

    Raises:
        PlatformError: as ``open_platform``.
    """
    metrics = Metrics(lane, (VERIFY, *METHODS), options.data_dir / FIGURES_FOLDER)
    clock = clock_of(options)
    locks: list[Callable[[Lock], None]] = [lambda _: metrics.locked_out()]

    def on_lock(lock: Lock) -> None:
        for tell in locks:
            tell(lock)

    chance = Random(f"{options.strict_seed}/{lane}")  # noqa: S311 - a test must be able to repeat its choices
    answers = UnpromisedAnswers(chance)
    quotas, share = quotas_of(options), options.strict
    gate = AccessGate(quotas, on_lock) if share is None else StrictGate(quotas, on_lock, share, chance)
    register = None if options.real_name is None else HttpRegister(options.real_name, system_entropy)
    platform = open_platform(
        options.data_dir,
        database_url=options.database_url,
        token_ttl_s=options.token_ttl_s,
        clock=clock,
        root=partial(open_root, options),
        real_name=register,
        lane=lane,
        shared=options.workers > 1,
        gate=gate,
        only_given_out=options.static_codes == ISSUED,
    )
    if options.capacity is not None:
        platform.gateway.writer = PacedWriter(platform.writer, options.capacity / options.workers)
    _count(platform, metrics)
    locks.append(lock_recorder(platform.writer.submit, clock))
    if options.defect is not None:
        defect_named(options.defect).apply(platform)
    face = Face(
        metrics,
        test_clock=clock if options.test_clock and isinstance(clock, TurnedClock) else None,
        strict=None if options.strict is None else StrictTold(share=options.strict, seed=options.strict_seed),
        requests=Requests() if options.request_log else None,
        order=as_named if options.strict is None else answers.in_any_order,
        national=options.national is not None,
    )
    application = create_app(platform, face)
    opened = Opened(platform, application, application.asgi, [_leaves(metrics)])
    if options.strict is not None:
        opened.asgi = StrictFace(application.asgi, chance)
        platform.gateway.reword = answers
    if lane == FIRST_LANE:
        opened.tasks += _once(platform, options)
    if register is not None:
        opened.tasks.append(_holds(register))
    if options.national is not None:
        ties = NationalTies(platform, options.national)
        opened.tasks += [ties.hold, ties.send] if lane == FIRST_LANE else [ties.hold]
    return opened


def _count(platform: Platform, metrics: Metrics) -> None:
    gateway = platform.gateway
    backlog = gateway.backlog

    def on_batch(shared: int) -> None:
        metrics.batch(shared)
        backlog.served(shared)

    gateway.observe, platform.writer.on_batch = metrics.observe, on_batch
    metrics.queue, metrics.refused = lambda: gateway.waiting, lambda: backlog.refused


def _once(platform: Platform, options: PlatformOptions) -> list[Task]:
    """Return what one worker does for all."""
    tasks: list[Task] = [platform.warm_up, platform.keep_up]
    if options.strict is not None:
        tasks.append(lambda: rotate_often(platform, options.token_ttl_s))
    return tasks


def _holds(register: HttpRegister) -> Task:
    async def hold() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            register.close()

    return hold


def _leaves(metrics: Metrics) -> Task:
    async def leave() -> None:
        while True:
            metrics.leave()
            await asyncio.sleep(LEAVE_EVERY_S)

    return leave
