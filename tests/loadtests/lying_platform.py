"""A stand-in for a platform that a load asks: speaks hn-a, and does something wrong with some verifications."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

from reference_impl.wire.dialects import HN_A
from reference_impl.wire.exchange import Credentials, HttpRequest
from reference_impl.wire.gateway import GatewayProfile
from reference_impl.wire.vocabulary import GENERATE

APP_ID, SECRET = "load", "0123456789abcdef0123456789abcdef"
TERMINALS = ("439900T01", "439900T02")

SLEEP_S = 2.0
HONEST, LIES, BUSY, SILENTLY_BUSY, CUTS, RESETS, BABBLES, REFUSES, SLEEPS, HANGS = (
    "honest",
    "lies",
    "busy",
    "busy without a word",
    "cuts",
    "resets",
    "babbles",
    "refuses",
    "sleeps",
    "hangs",
)


class LyingPlatform:
    """Serves on loopback until closed; ``moods`` are taken in turn, one a verification. With TLS it is localhost."""

    def __init__(self, moods: tuple[str, ...], tls: ssl.SSLContext | None = None) -> None:
        self.did: Counter[str] = Counter()
        self.hosts: set[str | None] = set()
        self._tls = tls
        self._moods = moods
        self._turn, self._token = count(), count()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._line = GatewayProfile(HN_A).line(Credentials(APP_ID, SECRET, ""))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.address[1]}" if self._tls is None else f"https://localhost:{self.address[1]}"

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def mood(self, body: bytes) -> str:
        if GENERATE.encode() in body:
            return HONEST
        with self._lock:
            mood = self._moods[next(self._turn) % len(self._moods)]
            self.did[mood] += 1
            return mood

    def answer(self, body: bytes, mood: str) -> bytes:
        now_ms = time.time_ns() // 1_000_000
        call = GatewayProfile(HN_A).receive(HttpRequest("/gateway", "application/json", body))
        asked = self._line.open(call, now_ms)
        if asked.method == GENERATE:
            codes = [
                f"{asked.biz['ehealth_card_id']}:0:{next(self._token):032X}" for _ in range(int(asked.biz["count"]))
            ]
            return self._line.seal(call, "000", "ok", {"ehealth_codes": codes}, now_ms).body
        card_id = asked.biz["ehealth_code"].partition(":")[0]
        if mood == REFUSES:
            return self._line.seal(call, "301", "unknown card", {}, now_ms).body
        told = "F" * 64 if mood == LIES else card_id
        return self._line.seal(call, "000", "ok", {"ehealth_card_id": told}, now_ms).body

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                if platform._tls is not None:
                    self.request = platform._tls.wrap_socket(self.request, server_side=True)
                super().setup()

            def do_POST(self) -> None:
                platform.hosts.add(self.headers["Host"])
                body = self.rfile.read(int(self.headers["Content-Length"]))
                mood = platform.mood(body)
                if mood == RESETS:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    self.close_connection = True
                    return
                if mood == HANGS:
                    platform._closing.wait()
                    self.close_connection = True
                    return
                if mood == SLEEPS:
                    time.sleep(SLEEP_S)
                said = b"{}" if mood == BABBLES else platform.answer(body, mood)
                self.send_response(503 if mood in (BUSY, SILENTLY_BUSY) else 200)
                if mood == BUSY:
                    self.send_header("Retry-After", "1")
                self.send_header("Content-Length", str(len(said) + 10 * (mood == CUTS)))
                with contextlib.suppress(OSError):
                    self.end_headers()
                    self.wfile.write(said)
                if mood == CUTS:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                pass

            def finish(self) -> None:
                with contextlib.suppress(OSError):
                    super().finish()
                if platform._tls is not None:
                    # The server knows, and closes, only the connection beneath.
                    self.request.close()

        return Handler
