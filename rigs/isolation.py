"""A network of two: an emulated device in a network namespace of its own, and the bench at the other end of its link.

The link is a pair of virtual Ethernet interfaces. Its addresses are of 198.18.0.0/15, which is set aside for test
benches (RFC 2544) and leads nowhere. The bench forwards nothing that comes from there.
"""

from __future__ import annotations

import contextlib
import fcntl
import secrets
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from pyroute2 import IPRoute, NetlinkError

from rigs.capture import socket_in_namespace
from rigs.errors import NotAssessedError, RigError

_SET_ADDRESS, _SET_NETMASK, _SET_FLAGS, _ADD_ROUTE = 0x8916, 0x891C, 0x8914, 0x890B
_UP, _RUNNING, _GATEWAY, _ROUTE_ENTRY, _PREFIX = 0x1, 0x40, 0x2, 120, 30
OWN_NAMESPACE = ("unshare", "--net", "--")
"""Starts a program in a network namespace of its own; it goes away with the program."""


class Link:
    """The link of an emulated device.

    Attributes:
        interface: the bench's end.
        bench, device: addresses of the two ends.

    Raises:
        NotAssessedError: this process may not make it, or could not keep it from leading further.
    """

    def __init__(self) -> None:
        mark = secrets.token_hex(3)
        self.interface, self._peer = f"xk{mark}", f"xd{mark}"
        network = f"198.{18 + secrets.randbelow(2)}.{secrets.randbelow(256)}"
        last = 4 * secrets.randbelow(64)
        self.bench, self.device = f"{network}.{last + 1}", f"{network}.{last + 2}"
        with _permitted(), IPRoute() as here:
            here.link("add", ifname=self.interface, kind="veth", peer={"ifname": self._peer})
        try:
            self._shut_off()
            with _permitted(), IPRoute() as here:
                number = here.link_lookup(ifname=self.interface)[0]
                here.addr("add", index=number, address=self.bench, prefixlen=_PREFIX)
                here.link("set", index=number, state="up")
        except BaseException:
            self.close()
            raise

    def give_to(self, pid: int) -> None:
        """Put the other end into the namespace of a process, with a way out that ends at the bench.

        Raises:
            RigError: the process has none of its own.
        """
        namespace = Path(f"/proc/{pid}/ns/net")
        if namespace.readlink() == Path("/proc/self/ns/net").readlink():
            raise RigError(
                "the device has no network namespace of its own", where="network", remedy="this is a fault of ours"
            )
        with IPRoute() as here:
            here.link("set", index=here.link_lookup(ifname=self._peer)[0], net_ns_pid=pid)
        with socket_in_namespace(namespace, socket.AF_INET, socket.SOCK_DGRAM) as there:
            _set_up(there, "lo", None)
            _set_up(there, self._peer, self.device)
            fcntl.ioctl(there, _ADD_ROUTE, _default_route(self.bench))

    def close(self) -> None:
        """Take the link away; it is gone already where its device is."""
        with contextlib.suppress(NetlinkError, IndexError, OSError), IPRoute() as here:
            here.link("del", index=here.link_lookup(ifname=self.interface)[0])

    def _shut_off(self) -> None:
        for family in ("ipv4", "ipv6"):
            switch = Path(f"/proc/sys/net/{family}/conf/{self.interface}/forwarding")
            if not switch.exists():
                continue
            with contextlib.suppress(OSError):
                switch.write_text("0")
            if switch.read_text().strip() != "0":
                raise NotAssessedError(
                    "无法将设备与其他网络隔离（/proc/sys 不可写）",
                    "the device cannot be shut off from other networks (/proc/sys cannot be written)",
                )


def _set_up(there: socket.socket, name: str, address: str | None) -> None:
    """Give an interface of a socket's namespace an address and raise it (netdevice(7)).

    A library would fork a process of this one for it, which would then hold everything this run has open.
    """
    named = name.encode()
    if address is not None:
        for request, value in ((_SET_ADDRESS, address), (_SET_NETMASK, "255.255.255.252")):
            fcntl.ioctl(there, request, struct.pack("16s16s8x", named, _inet(value)))
    fcntl.ioctl(there, _SET_FLAGS, struct.pack("16sh22x", named, _UP | _RUNNING))


def _default_route(gateway: str) -> bytes:
    """A ``struct rtentry`` for everything, by way of a gateway."""
    entry = struct.pack("L16s16s16sH", 0, _inet("0.0.0.0"), _inet(gateway), _inet("0.0.0.0"), _UP | _GATEWAY)  # noqa: S104 - the route to everywhere
    return entry.ljust(_ROUTE_ENTRY, b"\0")


def _inet(address: str) -> bytes:
    return struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))


@contextlib.contextmanager
def _permitted() -> Iterator[None]:
    try:
        yield
    except (NetlinkError, PermissionError) as error:
        raise NotAssessedError(
            f"本进程无权建立网络命名空间（{error}）", f"this process may not make network namespaces ({error})"
        ) from error
