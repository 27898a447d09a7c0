"""The gate: rate limits and lock-out together, as the gateway asks them. One gate serves one process."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from functools import lru_cache

from sqlalchemy import Connection

from reference_impl.access.lock_out import Lock, LockOut
from reference_impl.access.rate_limit import Monotonic, Quotas, RateLimits, Wait
from reference_impl.clock import Clock, now_ms
from reference_impl.records.audit import Entry, append, detail_text
from reference_impl.refusals import LOCKED_OUT, Outcome
from reference_impl.storage.batch import Job

LOCK_OPERATION = "access.lock_out"

_IPV6_PREFIX = 64
_ADDRESSES_KEPT = 65_536


class AccessGate:
    """Lets in, makes wait, locks out.

    Args:
        quotas: how much is too much.
        on_lock: told of every lock that begins.
        clock: seconds that never go back; a test's is turned.
    """

    def __init__(
        self, quotas: Quotas, on_lock: Callable[[Lock], None] = lambda _: None, clock: Monotonic = time.monotonic
    ) -> None:
        self.quotas = quotas
        self._limits = RateLimits(quotas, clock)
        self._lock_out = LockOut(quotas.wrong, clock, on_lock) if quotas.wrong else None

    def admit_address(self, address: str) -> Wait | None:
        """Count one request of an address before it is read; return why and how long it must wait, None if let in."""
        caller = network_of(address) if ":" in address else address
        locked = self._lock_out.locked_address(caller) if self._lock_out else None
        return locked or self._limits.admit_address(caller)

    def admit(self, address: str, app_id: str, term_id: str) -> Wait | None:
        """Count one authentic request; return why and how long it must wait, None if it is let in."""
        caller = network_of(address) if ":" in address else address
        locked = self._lock_out.locked(caller, app_id) if self._lock_out else None
        return locked or self._limits.admit(app_id, term_id)

    def told(self, address: str, app_id: str, outcome: Outcome) -> None:
        """Take note of what a request that was let in was answered; ``app_id`` is "" where none was proved."""
        if self._lock_out:
            self._lock_out.told(network_of(address) if ":" in address else address, app_id, outcome)


@lru_cache(_ADDRESSES_KEPT)
def network_of(address: str) -> str:
    """Return what stands for an IPv6 address: whoever has one has the whole /64, so that is counted; else itself."""
    try:
        ip = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((ip, _IPV6_PREFIX), strict=False))


def lock_recorder(submit: Callable[[Job[None]], object], clock: Clock) -> Callable[[Lock], None]:
    """Return an ``on_lock`` that puts each lock on the audit through ``submit``, a writer's."""

    def record(lock: Lock) -> None:
        detail = {"scale": lock.scale, "address": lock.address, "seconds": f"{lock.seconds:.0f}"}
        entry = Entry(
            now_ms(clock),
            LOCK_OPERATION,
            app_id=lock.app_id,
            outcome=LOCKED_OUT.code,
            detail=detail_text(detail),
        )

        def job(connection: Connection) -> None:
            append(connection, entry)

        submit(job)

    return record
