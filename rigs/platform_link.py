"""What all lines to one platform share: its address, its clock, stamps that never repeat, and whom its silence blames.

A platform that stands behind a terminal is part of the bench, and its silence a RigError. A platform that is itself the
subject is to blame for its silence, unless the bench has stopped it.
"""

from __future__ import annotations

import http.client
import threading
import time

from rigs.errors import PlatformStoppedError, RigError, SubjectFaultError
from rigs.http_address import http_parts

CHANNEL = "platform"
TIMEOUT_S = 10.0
_REMEMBERED = 20_000
"""Stamped contents remembered before those of the past are forgotten."""


class PlatformLink:
    """One platform as a bench reaches it; safe to share between threads.

    Args:
        url: address of the platform, without any path of its interfaces.
        subject: whether the platform is what is tested.

    Raises:
        BenchFileError: the address is none.
    """

    def __init__(self, url: str, *, subject: bool = False) -> None:
        self.url = url
        self.subject = subject
        self.offset_ms = 0
        """How far the platform's clock was turned from this machine's, ms."""
        self.stopped = False
        """Whether the bench has stopped the platform."""
        self.life = 1
        """Counted up when the bench starts the platform again: older connections are dead, and nobody's fault."""
        self._parts = http_parts(url, CHANNEL)
        self._lock = threading.Lock()
        self._stamped: dict[int, int] = {}

    @property
    def base(self) -> str:
        """Path under which the platform's interfaces stand."""
        return self._parts.path.rstrip("/")

    @property
    def loopback(self) -> bool:
        """Whether the platform runs on this machine, so that lines can come from addresses of their own."""
        return self._parts.hostname in ("localhost", "127.0.0.1")

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Where to connect to."""
        host = "127.0.0.1" if self.loopback else self._parts.hostname or ""
        return host, self._parts.port or (443 if self.secure else 80)

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return self._parts.scheme == "https"

    def connection(self, source: str | None = None) -> http.client.HTTPConnection:
        """A connection that is opened with its first request.

        Args:
            source: address of this machine it shall come from, or None for any.
        """
        kind = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
        address = None if source is None else (source, 0)
        host, port = self.host_and_port
        return kind(host, port, timeout=TIMEOUT_S, source_address=address)

    def now_ms(self) -> int:
        """The platform's time as far as the bench knows it, Unix ms."""
        return time.time_ns() // 1_000_000 + self.offset_ms

    def stamp_ms(self, content: int) -> int:
        """A timestamp no equal request has had: two of them within a millisecond would count as a replay.

        Args:
            content: hash of what is to be stamped.
        """
        with self._lock:
            now = self.now_ms()
            stamp = max(now, self._stamped.get(content, 0) + 1)
            if len(self._stamped) > _REMEMBERED:
                self._stamped = {key: last for key, last in self._stamped.items() if last >= now}
            self._stamped[content] = stamp
            return stamp

    def silence(self, error: Exception, life: int, journal: tuple[int, int] | None = None) -> Exception:
        """What to raise for a connection that broke, was refused or timed out.

        Args:
            error: what the connection said.
            life: the life in which the request was sent.
            journal: records of the request.
        """
        if self.stopped or life != self.life:
            return PlatformStoppedError(
                "was stopped by the bench", where=CHANNEL, remedy="wait until the bench has started it again"
            )
        if self.subject:
            return SubjectFaultError(f"stopped answering ({error})", where=CHANNEL, journal=journal)
        return self.unreachable(error)

    def unreachable(self, error: Exception) -> RigError:
        """What to raise when nobody answers while the bench is being opened."""
        return RigError(
            f"no answer from {self.url} ({error})",
            where=CHANNEL,
            remedy="start the platform (`xiangka platform serve`) or correct `url` in the bench file",
        )
