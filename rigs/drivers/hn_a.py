"""A hospital system's line to a card platform of family A, dialect ``hn-a`` (reconstructed)."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from pathlib import Path

from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import Credentials, open_response, seal_request
from reference_impl.wire.errors import UnsealedRefusalError, WireError
from rigs.errors import BenchFileError, RigError
from rigs.http_address import http_parts
from rigs.journal import Journal
from rigs.roles import PlatformAnswer

CHANNEL = "platform"
TIMEOUT_S = 10.0
SECRET_BYTES = 16
"""The cipher's key is the first so many bytes of the secret."""
IDLE_S = 5.0
"""A connection idle for longer is opened anew: the platform may have dropped it, and a request is never sent twice."""


def load_credentials(path: Path) -> Credentials:
    """Read app_id, app_secret and term_id from a JSON file.

    Raises:
        BenchFileError: the file is missing or lacks one of them.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        fields = [data[name] for name in ("app_id", "app_secret", "term_id")]
        if not all(isinstance(field, str) and field for field in fields):
            raise ValueError("a field is empty or no text")
        if len(fields[1].encode()) < SECRET_BYTES:
            raise ValueError(f"app_secret is shorter than {SECRET_BYTES} bytes")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchFileError(
            f"no usable credentials ({type(error).__name__}: {error})",
            where=str(path),
            remedy="give a JSON file with app_id, app_secret and term_id",
        ) from error
    return Credentials(*fields)


class HnAPlatform:
    """Calls a platform over HTTP and believes nothing whose digest is wrong.

    Timestamps never repeat: two equal requests within a millisecond would have the same digest, and the second would
    be refused as a replay. The journal holds the envelopes as they crossed the wire, their business content enciphered.

    Args:
        url: address of the platform, without the gateway's path.
        credentials: what the institution signs with.
        journal: where requests and answers are recorded.

    Raises:
        RigError: nobody answers at the address.
    """

    def __init__(self, url: str, credentials: Credentials, journal: Journal) -> None:
        self._url = url
        self._credentials = credentials
        self._journal = journal
        self._stamp_ms = 0
        self._used_at = time.monotonic()
        parts = http_parts(url, CHANNEL)
        connection = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = connection(parts.hostname or "127.0.0.1", parts.port, timeout=TIMEOUT_S)
        self._path = f"{parts.path.rstrip('/')}/gateway"
        try:
            self._connection.connect()
        except OSError as error:
            raise self._down(error) from error

    def call(self, method: str, content: Mapping[str, object]) -> PlatformAnswer:
        """Call one method of the gateway."""
        fields = {name: str(value) for name, value in content.items()}
        self._stamp_ms = max(_now_ms(), self._stamp_ms + 1)
        request = seal_request(HN_A, self._credentials, method, fields, self._stamp_ms)
        body = json.dumps(request, ensure_ascii=False).encode()
        first = self._journal.wire(CHANNEL, "tx", body)
        answer = self._post(body)
        last = self._journal.wire(CHANNEL, "rx", answer)
        try:
            opened = open_response(HN_A, self._credentials, json.loads(answer), method, _now_ms())
        except UnsealedRefusalError as refusal:
            raise RigError(
                f"refuses this institution ({refusal})",
                where=f"{CHANNEL} {self._url}",
                remedy="check the credentials file and the clock of this machine",
            ) from refusal
        except (WireError, ValueError) as error:
            raise RigError(
                f"answered something that is not an hn-a envelope ({error})",
                where=f"{CHANNEL} {self._url}",
                remedy="check `url` and that the platform speaks hn-a",
            ) from error
        return PlatformAnswer(opened.code, opened.success, opened.message, opened.biz, (first, last))

    def close(self) -> None:
        """Drop the connection."""
        self._connection.close()

    def _post(self, body: bytes) -> bytes:
        if time.monotonic() - self._used_at > IDLE_S:
            self._connection.close()
        self._used_at = time.monotonic()
        try:
            self._connection.request("POST", self._path, body, {"Content-Type": "application/json"})
            return self._connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise self._down(error) from error

    def _down(self, error: Exception) -> RigError:
        return RigError(
            f"no answer from {self._url} ({error})",
            where=CHANNEL,
            remedy="start the platform (`xiangka platform serve`) or correct `url` in the bench file",
        )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
