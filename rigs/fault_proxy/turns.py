"""Which bytes of a connection begin a request: of a stream where both ends take turns, as HTTP/1.1 without pipelining.

Nothing of the bytes is looked at, so it works under TLS and for any protocol of questions and answers. Two things are
taken for one more request than there are: an answer that begins before its request has come to its end, and an interim
answer (100 Continue). Requests that are sent before the answer to the one before count as one with it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Turns:
    """Whose turn it is on one connection.

    Attributes:
        asked: whether a request has begun whose answer has not.
    """

    asked: bool = False

    def from_client(self) -> bool:
        """Take note of bytes of the client; tells whether they begin a request."""
        begins = not self.asked
        self.asked = True
        return begins

    def from_server(self) -> bool:
        """Take note of bytes of the server; tells whether they begin the answer to a request."""
        begins = self.asked
        self.asked = False
        return begins
