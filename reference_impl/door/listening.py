"""Where the platform listens: a loopback address unless told otherwise, on a port that is free."""

from __future__ import annotations

import errno
import ipaddress
import socket

from reference_impl.errors import PlatformError

_BACKLOG = 1024
_LAST_PORT = 65535


def listen(host: str, port: int, *, allow_non_loopback: bool) -> socket.socket:
    """Return a socket that listens on ``host``; port 0 takes a free one.

    Raises:
        PlatformError: the host is unknown or not loopback, or the port is busy or not allowed.
    """
    return _listen(*_resolve(host, port, allow_non_loopback), port)


def listen_shared(host: str, port: int, count: int, *, allow_non_loopback: bool) -> list[socket.socket]:
    """Return ``count`` sockets that listen on one port, among which the system deals out connections.

    Raises:
        PlatformError: as ``listen``.
    """
    family, address = _resolve(host, port, allow_non_loopback)
    # A shared port lets in every process of this user: that nobody else listens shows only without sharing.
    with _listen(family, address, port) as probe:
        taken = probe.getsockname()[1]
    listeners: list[socket.socket] = []
    try:
        for _ in range(count):
            listeners.append(_listen(family, address, taken, shared=True))
    except PlatformError:
        for listener in listeners:
            listener.close()
        raise
    return listeners


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """Return the URL under which a listening socket is reached."""
    address, port = listener.getsockname()[:2]
    host = f"[{address}]" if listener.family == socket.AF_INET6 else address
    return f"{scheme}://{host}:{port}"


def _listen(family: socket.AddressFamily, address: str, port: int, *, shared: bool = False) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((address, port))
        # Two sockets may share a bound port until one listens: only now is the port ours.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        busy = error.errno == errno.EADDRINUSE
        raise PlatformError(
            "another program listens on this port" if busy else f"cannot listen here ({error.strerror})",
            where=f"{address}:{port}",
            remedy="stop that program, or choose port 0 for a free one" if busy else "choose another host or port",
        ) from error
    return listener


def _resolve(host: str, port: int, allow_non_loopback: bool) -> tuple[socket.AddressFamily, str]:
    if not 0 <= port <= _LAST_PORT:
        raise PlatformError(
            "there is no such port", where=f"{host}:{port}", remedy=f"choose a port from 0 (a free one) to {_LAST_PORT}"
        )
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise PlatformError(
            "this host names no address", where=host, remedy="use 127.0.0.1, or an address of this machine"
        ) from error
    family, *_, sockaddr = found[0]
    address = str(sockaddr[0])
    if not ipaddress.ip_address(address).is_loopback and not allow_non_loopback:
        raise PlatformError(
            "the reference platform serves test data, so it listens on this machine only",
            where=host,
            remedy="use 127.0.0.1, or allow other addresses explicitly on a closed test network",
        )
    return family, address
