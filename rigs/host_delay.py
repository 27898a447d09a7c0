"""How late this machine itself is: what of a latency may be the host's, and not the device's."""

from __future__ import annotations

import math
import threading
import time

STEP_S = 0.01


class HostDelay:
    """Asks for a short sleep again and again, and keeps by how much each was overslept."""

    def __init__(self) -> None:
        self._late_ms: list[float] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="host-delay", daemon=True)
        self._thread.start()

    def p95_ms(self) -> float:
        """95th percentile of the delays since the last call, ms; 0 where nothing was seen yet."""
        seen, self._late_ms = sorted(self._late_ms), []
        return seen[math.ceil(0.95 * len(seen)) - 1] if seen else 0.0

    def close(self) -> None:
        """Stop watching."""
        self._stopping.set()
        self._thread.join(1)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            asked = time.monotonic()
            time.sleep(STEP_S)
            self._late_ms.append((time.monotonic() - asked - STEP_S) * 1000)
