"""An emulated camera as a process: it looks at a frame port and serves what it sees as MJPEG over HTTP.

The stream is ``multipart/x-mixed-replace`` with one JPEG a part, as network cameras serve it.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2

from rigs.emulators.looker import Looker
from rigs.errors import RigError
from rigs.optics.geometry import Image
from rigs.tether import when_stdin_closes

BOUNDARY = "xiangka-frame"
QUALITY = 90
"""JPEG quality of a fair network camera, percent."""
LOOK_MS = 1000


@dataclass(frozen=True)
class CameraOptions:
    """What an emulated camera is started with.

    Attributes:
        watch: address of the frame it looks at.
        port: loopback port of its stream, 0 for any free one.
        rate: pictures a second.
        tethered: end when standard input closes.
    """

    watch: str
    port: int = 0
    rate: float = 15.0
    tethered: bool = False


class _Eye:
    """Looks at the frame port all the time and keeps the newest picture."""

    def __init__(self, watch: str) -> None:
        self.jpeg = b""
        self._watch = watch
        threading.Thread(target=self._look, name="eye", daemon=True).start()

    def _look(self) -> None:
        looker, seen = Looker(self._watch), -1
        while True:
            view = looker.look(seen, LOOK_MS)
            if view is None:
                time.sleep(0.02)
                continue
            seen = view.sequence
            self.jpeg = _jpeg(view.image)


class _Stream(BaseHTTPRequestHandler):
    """Serves the stream at any path, for as long as somebody watches."""

    eye: _Eye
    rate: float

    def do_GET(self) -> None:
        """Send picture after picture."""
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        self.end_headers()
        with suppress(OSError):
            while True:
                if jpeg := self.eye.jpeg:
                    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    self.wfile.write(head.encode() + jpeg + b"\r\n")
                time.sleep(1 / self.rate)

    def log_message(self, *_: object) -> None:
        """Nothing: what a camera serves is no news."""


def run_camera(options: CameraOptions) -> None:
    """Run an emulated camera until SIGTERM, SIGINT, or the end of its tether; prints the URL of its stream.

    Raises:
        RigError: its port is taken.
    """
    handler = type("Stream", (_Stream,), {"eye": _Eye(options.watch), "rate": options.rate})
    try:
        server = ThreadingHTTPServer(("127.0.0.1", options.port), handler)
    except OSError as error:
        raise RigError(
            f"port {options.port} of the emulated camera cannot be opened ({error.strerror})",
            where="camera",
            remedy="stop what holds it, or name another port",
        ) from error
    server.daemon_threads = True
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if options.tethered:
        when_stdin_closes(stopping.set)
    threading.Thread(target=server.serve_forever, name="camera", daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}/stream", flush=True)  # noqa: T201
    while not stopping.wait(0.5):
        pass
    server.shutdown()
    server.server_close()


def _jpeg(image: Image) -> bytes:
    shown = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
