"""Fetches the current frame from an optical bench, as documented in ``docs/optical-bench.md``."""

from __future__ import annotations

import http.client
from dataclasses import dataclass

from rigs.http_address import http_parts
from rigs.optics.frames import image_from_netpbm
from rigs.optics.scene import Image


@dataclass(frozen=True, slots=True)
class View:
    """What a looker saw.

    Attributes:
        sequence: number of the frame.
        shown_ns: monotonic time at which the bench showed it, ns.
        image: grey (height, width) or RGB (height, width, 3), 8 bit.
    """

    sequence: int
    shown_ns: int
    image: Image


class Looker:
    """A keep-alive connection to a frame port.

    Args:
        url: address of the frame, for instance ``http://127.0.0.1:8600/frame``.
    """

    def __init__(self, url: str) -> None:
        parts = http_parts(url, "--camera")
        self._path = parts.path or "/frame"
        self._connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=15)

    def look(self, after: int = -1, wait_ms: int = 0) -> View | None:
        """The current frame if it is newer than ``after``, waiting up to ``wait_ms`` for one; None otherwise.

        A bench that is not there counts as nothing to see.
        """
        try:
            self._connection.request("GET", f"{self._path}?after={after}&wait_ms={wait_ms}")
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return None
        if answer.status != 200:
            return None
        return View(
            int(answer.headers["X-Frame-Seq"]), int(answer.headers["X-Frame-Shown-Ns"]), image_from_netpbm(body)
        )
