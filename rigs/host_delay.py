"""How late this machine itself is: what of a latency may be the host's, and not the device's."""

from __future__ import annotations

import hashlib
import math
import threading
import time

EVERY_S = 0.05
NAP_S = 0.01
_WORK = bytes(1 << 20)


class HostDelay:
    """Naps and does a fixed piece of work, again and again, and keeps how long that took beyond the nap.

    A machine with too much to do wakes late and works slowly; both lengthen whatever is timed on it.
    """

    def __init__(self) -> None:
        self._took_ms: list[float] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="host-delay", daemon=True)
        self._thread.start()

    def p95_ms(self) -> float:
        """95th percentile of what was seen since the last call, ms; 0 where nothing was seen yet."""
        seen, self._took_ms = sorted(self._took_ms), []
        return seen[math.ceil(0.95 * len(seen)) - 1] if seen else 0.0

    def close(self) -> None:
        """Stop watching."""
        self._stopping.set()
        self._thread.join(1)

    def _watch(self) -> None:
        while not self._stopping.wait(EVERY_S):
            began = time.monotonic()
            time.sleep(NAP_S)
            hashlib.sha256(_WORK)
            self._took_ms.append((time.monotonic() - began - NAP_S) * 1000)
