"""What a host hears of its terminal, byte by byte, before anything of ours is masked. Kept in memory alone."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class Overheard:
    """Told of every response of every link; keeps it only while somebody asked it to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[tuple[str, bytes]] | None = None

    def __call__(self, channel: str, data: bytes) -> None:
        """Hear one response of a link."""
        with self._lock:
            if self._kept is not None:
                self._kept.append((channel, data))

    @contextlib.contextmanager
    def listening(self) -> Iterator[list[tuple[str, bytes]]]:
        """Keep what is heard until the context ends: link and bytes, in order of arrival."""
        with self._lock:
            kept: list[tuple[str, bytes]] = []
            self._kept = kept
        try:
            yield kept
        finally:
            with self._lock:
                self._kept = None
