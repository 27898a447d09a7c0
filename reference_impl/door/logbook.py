"""The platform's log: one JSON object a line on stderr, from warning up, and never a word that came over the wire.

What an error says may hold a name or a number, so of an error only its type and place are written. Requests are
written down only where that is asked for, and then by the template of their path, which names nobody.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from pathlib import Path
from types import TracebackType

from reference_impl.clock import Clock

LOG = logging.getLogger("reference_impl")
_REQUESTS = logging.getLogger("reference_impl.requests")


class Requests:
    """Writes one line a request: method, path template, status, milliseconds."""

    def __init__(self) -> None:
        _REQUESTS.setLevel(logging.INFO)

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Write one request down; ``route`` is the template of a path, never the path itself."""
        facts = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        _REQUESTS.info("request", extra={"facts": facts})


class _JsonLine(logging.Formatter):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def format(self, record: logging.LogRecord) -> str:
        # The template without its arguments, and only its first line: the rest is where libraries put values.
        line: dict[str, object] = {
            "time": round(self._clock(), 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": str(record.msg).partition("\n")[0],
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["at"] = _place(record.exc_info[2])
        if record.name == _REQUESTS.name:
            line |= getattr(record, "facts", {})
        return json.dumps(line, ensure_ascii=False)


def start_log(clock: Clock) -> None:
    """Send every warning and error of this process to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLine(clock))
    # A line that cannot be written would otherwise be reported on stderr with everything it was made of.
    logging.raiseExceptions = False
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _place(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
