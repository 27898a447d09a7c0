"""A hospital system's line to a card platform of family A, dialect ``hn-a`` (reconstructed)."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from collections.abc import Mapping

from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import Credentials, open_response, seal_request
from reference_impl.wire.errors import UnsealedRefusalError, WireError
from rigs.errors import RigError
from rigs.journal import Journal
from rigs.platform_link import CHANNEL, PlatformLink
from rigs.roles import PlatformAnswer

IDLE_S = 5.0
"""A connection idle for longer is opened anew: the platform may have dropped it, and a request is never sent twice."""


class HnAPlatform:
    """Calls a platform over HTTP and believes nothing whose digest is wrong; one connection, for one thread at a time.

    The journal holds the envelopes as they crossed the wire, their business content enciphered.

    Args:
        link: the platform.
        credentials: what the institution signs with.
        journal: where requests and answers are recorded.
        source: address of this machine the requests shall come from, or None for any.
        digests_only: record the SHA-256 of each envelope in place of its bytes, for samples of many thousands.

    Raises:
        RigError: nobody answers at the address.
    """

    def __init__(
        self,
        link: PlatformLink,
        credentials: Credentials,
        journal: Journal,
        *,
        source: str | None = None,
        digests_only: bool = False,
    ) -> None:
        self._link = link
        self._credentials = credentials
        self._journal = journal
        self._digests_only = digests_only
        self._used_at = time.monotonic()
        self._life = link.life
        self._connection = link.connection(source)
        self._path = f"{link.base}/gateway"
        try:
            self._connection.connect()
        except OSError as error:
            raise link.unreachable(error) from error

    def call(self, method: str, content: Mapping[str, object], *, ahead_s: float = 0.0) -> PlatformAnswer:
        """Call one method of the gateway; ``ahead_s`` is how far the request's timestamp lies in the future."""
        return self.send(self.seal(method, content, ahead_s=ahead_s), method)

    def seal(self, method: str, content: Mapping[str, object], *, ahead_s: float = 0.0) -> bytes:
        """A request ready to be sent; ``ahead_s`` is how far its timestamp lies in the future."""
        fields = {name: str(value) for name, value in content.items()}
        sender = (self._credentials.app_id, self._credentials.term_id)
        stamp = self._link.stamp_ms(hash((sender, method, frozenset(fields.items())))) + round(ahead_s * 1000)
        return json.dumps(seal_request(HN_A, self._credentials, method, fields, stamp)).encode()

    def send(self, body: bytes, method: str) -> PlatformAnswer:
        """Send a request that is already sealed, or that pretends to be.

        Args:
            body: what is sent.
            method: the method an honest answer names.
        """
        first = self._record("tx", body)
        status, answer = self._post(body, first)
        last = self._record("rx", answer)
        try:
            opened = open_response(HN_A, self._credentials, json.loads(answer), method, self._link.now_ms())
        except UnsealedRefusalError as refusal:
            if not self._link.subject:
                raise RigError(
                    f"refuses this institution ({refusal})",
                    where=f"{CHANNEL} {self._link.url}",
                    remedy="check the credentials file and the clock of this machine",
                ) from refusal
            return PlatformAnswer(refusal.code, False, refusal.message, {}, (first, last), status)
        except (WireError, ValueError) as error:
            if not self._link.subject:
                raise RigError(
                    f"answered something that is not an hn-a envelope ({error})",
                    where=f"{CHANNEL} {self._link.url}",
                    remedy="check `url` and that the platform speaks hn-a",
                ) from error
            return PlatformAnswer("", False, f"no envelope: {error}", {}, (first, last), status, readable=False)
        return PlatformAnswer(opened.code, opened.success, opened.message, opened.biz, (first, last), status)

    def close(self) -> None:
        """Drop the connection."""
        self._connection.close()

    def _record(self, direction: str, data: bytes) -> int:
        if self._digests_only:
            digest = hashlib.sha256(data).hexdigest()
            return self._journal.event(CHANNEL, "envelope", direction=direction, size=len(data), sha256=digest)
        return self._journal.wire(CHANNEL, direction, data)

    def _post(self, body: bytes, record: int) -> tuple[int, bytes]:
        if time.monotonic() - self._used_at > IDLE_S or self._life != self._link.life:
            self._connection.close()
        self._used_at, self._life = time.monotonic(), self._link.life
        try:
            self._connection.request("POST", self._path, body, {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise self._link.silence(error, self._life, (record, record)) from error
