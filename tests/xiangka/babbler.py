"""A platform that answers nonsense."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Babbler(BaseHTTPRequestHandler):
    """Answers every request with something that is no envelope."""

    protocol_version = "HTTP/1.1"
    body = json.dumps({"code": "0", "msg": "好"}).encode()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def babbling():
    """A platform that answers nonsense; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Babbler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
