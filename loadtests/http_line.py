"""One user's connection to the platform: a request as bytes out, an answer in, and the moment of its last byte.

Answers are parsed by geventhttpclient's parser. Its client is not used: a request's bytes are made ahead of their time
here, and what becomes of a broken connection must be known exactly.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from select import POLLIN
from ssl import SSLCertVerificationError, create_default_context
from typing import Any
from urllib.parse import urlsplit

import gevent
import gevent.socket
from gevent.monkey import get_original
from geventhttpclient.response import HTTPParseError, HTTPResponse

from reference_impl.wire.exchange import HttpRequest

_BLOCK_BYTES = 65_536
_IDLE_S = 60.0
"""A connection that was idle for longer is made anew. One that the platform closed before is seen to be closed; but a
platform may do so while a request is on its way, which the longest usual times of keeping idle ones invite."""

_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM})
_OURS = _LIMITS | {errno.ENETUNREACH}
"""Errors of a connection that tell of this machine, not of the platform."""

_poll = get_original("select", "poll")
# Locust's patched one would let others run in between; all that is wanted is a look.


class LostAnswerError(Exception):
    """No whole answer came; whether the request had an effect is not known.

    Args:
        kind: ``timeout``, ``reset``, ``refused-connection``, ``truncated`` or ``malformed``.
        at: when that was clear, by ``time.perf_counter``.
        late: where an answer may still come after a timeout; None where nobody wants to know.
    """

    def __init__(self, kind: str, at: float, late: LateAnswer | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.at = at
        self.late = late


class CannotCallError(Exception):
    """This machine cannot call the platform, which is no fault of the platform; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A whole answer.

    Attributes:
        status: of HTTP.
        body: its content.
        content_type: what it says it is.
        retry_after: whether it says when to come again.
        at: moment of its last byte, by ``time.perf_counter``.
    """

    status: int
    body: bytes = field(repr=False)
    content_type: str
    retry_after: bool
    at: float


class _Answer(HTTPResponse):
    def __init__(self) -> None:
        super().__init__()
        self.body = bytearray()

    def _on_body(self, buf: bytearray) -> None:
        self.body += buf


class LateAnswer:
    """A connection on which somebody waited in vain, and what came of the answer so far."""

    def __init__(self, connection: gevent.socket.socket, answer: _Answer) -> None:
        self._connection = connection
        self._answer = answer

    def wait(self, timeout_s: float) -> HttpReply | None:
        """Wait once more and close the connection; None if no whole answer comes."""
        at = time.perf_counter()
        until = at + timeout_s
        try:
            while not self._answer.message_complete and at < until:
                self._connection.settimeout(until - at)
                data = self._connection.recv(_BLOCK_BYTES)
                at = time.perf_counter()
                if not data:
                    return None
                self._answer.feed(data)
        except (OSError, HTTPParseError):
            return None
        finally:
            self._connection.close()
        return _reply(self._answer, at) if self._answer.message_complete else None

    def close(self) -> None:
        """Do not wait."""
        self._connection.close()


class Address:
    """Where the platform is called.

    Args:
        url: ``http`` or ``https``, host, port, and a path that stands before every dialect's.
        through: host and port that connections are made to instead, such as a fault proxy's; what is said on them, and
            whose certificate is expected, stays as the URL tells.

    Raises:
        ValueError: it is no such URL.
        CannotCallError: its host has no address.
    """

    def __init__(self, url: str, through: tuple[str, int] | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is no http or https URL")
        self.url = url
        self.host = parts.hostname
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        # Once and for all: whether a name can be looked up tells of this machine, and not of the platform.
        self._places = _look_up(*(through or (self.host, self.port)))
        self.tls = create_default_context() if parts.scheme == "https" else None
        self._netloc = parts.netloc
        self._base = parts.path.rstrip("/")
        self._heads: dict[tuple[str, str], bytes] = {}

    def request_bytes(self, request: HttpRequest) -> bytes:
        """Return the whole request as it crosses the wire."""
        key = (request.path, request.content_type)
        head = self._heads.get(key)
        if head is None:
            lines = (f"POST {self._base}{request.path} HTTP/1.1", f"Host: {self._netloc}")
            head = "\r\n".join((*lines, f"Content-Type: {request.content_type}", "Content-Length: ")).encode("latin-1")
            self._heads[key] = head
        return b"%b%d\r\n%b\r\n%b" % (head, len(request.body), _further(request.headers), request.body)

    def connect(self) -> gevent.socket.socket:
        """Open a connection, however long it takes.

        Raises:
            OSError: nobody answers.
        """
        failed: OSError | None = None
        for family, place in self._places:
            connection = gevent.socket.socket(family, gevent.socket.SOCK_STREAM)
            try:
                connection.connect(place)
                connection.setsockopt(gevent.socket.IPPROTO_TCP, gevent.socket.TCP_NODELAY, 1)
                if self.tls is not None:
                    connection = self.tls.wrap_socket(
                        connection, server_hostname=self.host, do_handshake_on_connect=False
                    )
                    connection.do_handshake()
                return connection
            except BaseException as error:
                connection.close()
                if not isinstance(error, OSError):
                    raise
                # What the platform did at one of its addresses is not hidden by a family this machine does not speak.
                if failed is None or failed.errno in _OURS:
                    failed = error
        assert failed is not None  # noqa: S101 - a name that was found has an address
        raise failed


class HttpLine:
    """Asks one request after the other over one connection, and makes another one when it broke.

    Args:
        address: the platform's.
        timeout_s: how long an attempt may take from its beginning, connecting, sending and the whole answer included.
        keeps_late: whether a connection stays open on which an answer did not come in time.
    """

    def __init__(self, address: Address, timeout_s: float, *, keeps_late: bool = False) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._keeps_late = keeps_late
        self._connection: gevent.socket.socket | None = None
        self._used_at = 0.0

    def ask(self, request: bytes) -> HttpReply:
        """Send a request and wait for its answer.

        Raises:
            LostAnswerError: none came.
            CannotCallError: none could be asked for.
        """
        begun = time.perf_counter()
        answer = _Answer()
        received = False
        deadline = gevent.Timeout.start_new(self._timeout_s)
        try:
            connection = self._open(begun)
            connection.sendall(request)
            while not answer.message_complete:
                data = connection.recv(_BLOCK_BYTES)
                at = time.perf_counter()
                if not data:
                    raise LostAnswerError("truncated" if received else "reset", at)
                received = True
                answer.feed(data)
                # Where there is always more to read nobody waits, and no timeout strikes.
                if at - begun > self._timeout_s and not answer.message_complete:
                    raise TimeoutError
        except (OSError, HTTPParseError, LostAnswerError) as error:
            raise self._lost(error, answer, received=received) from None
        except gevent.Timeout as timeout:
            if timeout is not deadline:
                raise
            raise self._lost(TimeoutError(), answer, received=received) from None
        finally:
            deadline.close()
        self._used_at = at
        if answer.should_close():
            self.close()
        return _reply(answer, at)

    def close(self) -> None:
        """Drop the connection."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
            self._connection = None

    def _open(self, now: float) -> gevent.socket.socket:
        if self._connection is not None and (now - self._used_at > _IDLE_S or not _quiet(self._connection)):
            self.close()
        if self._connection is None:
            self._connection = self._address.connect()
        return self._connection

    def _lost(self, error: Exception, answer: _Answer, *, received: bool) -> LostAnswerError:
        at = time.perf_counter()
        if isinstance(error, OSError) and error.errno in _LIMITS:
            raise CannotCallError(
                f"this machine makes no more connections: {error.strerror}; raise its limits, or use more hosts"
            )
        if isinstance(error, OSError) and error.errno in _OURS:
            raise CannotCallError(f"this machine has no way to the platform: {error.strerror}; see to its network")
        if isinstance(error, SSLCertVerificationError):
            raise CannotCallError(
                f"the certificate is not trusted ({error.verify_message}); name its authority in SSL_CERT_FILE"
            )
        if isinstance(error, TimeoutError) and self._connection is not None and self._keeps_late:
            late, self._connection = LateAnswer(self._connection, answer), None
            return LostAnswerError("timeout", at, late)
        self.close()
        if isinstance(error, LostAnswerError):
            return error
        if isinstance(error, HTTPParseError):
            return LostAnswerError("malformed", at)
        if isinstance(error, TimeoutError):
            return LostAnswerError("timeout", at)
        if isinstance(error, ConnectionRefusedError):
            return LostAnswerError("refused-connection", at)
        return LostAnswerError("truncated" if received else "reset", at)


def _look_up(host: str, port: int) -> list[tuple[int, Any]]:
    try:
        found = gevent.socket.getaddrinfo(host, port, type=gevent.socket.SOCK_STREAM)
    except OSError as error:
        raise CannotCallError(
            f"this machine finds no address of {host}: {error.strerror}; see to its name service, or correct the name"
        ) from error
    return [(family, place) for family, _, _, _, place in found]


def _further(headers: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("latin-1") if headers else b""


def _quiet(connection: gevent.socket.socket) -> bool:
    """Tell whether an idle connection still stands: nothing to read, neither bytes nor its end."""
    looking = _poll()
    looking.register(connection.fileno(), POLLIN)
    return not looking.poll(0)


def _reply(answer: _Answer, at: float) -> HttpReply:
    content_type = answer.get("content-type", "")
    return HttpReply(
        answer.get_code(),
        bytes(answer.body),
        content_type if isinstance(content_type, str) else "",
        "retry-after" in answer,
        at,
    )
