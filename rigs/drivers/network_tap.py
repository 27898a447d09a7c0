"""Taps of a device's network link: that of an emulated device in its own namespace, and an interface of this machine.

Tried on: virtual Ethernet; on no switch with a mirror port yet.
"""

from __future__ import annotations

import secrets
import socket
from abc import abstractmethod
from pathlib import Path

import dpkt

from rigs.capture import CHANNEL, Capture, socket_in_namespace
from rigs.errors import NotAssessedError, RigError
from rigs.isolation import Link
from rigs.journal import Journal
from rigs.packets import sorted_out
from rigs.roles.network import NetworkTap, Traffic

_DISCARD = 9


class _Tap(NetworkTap):
    """What both taps share.

    Args:
        interface: where the device's frames come by.
        declared: hosts the device is declared to talk to.
        device_mac: its hardware address, or None where nothing else is on the link.
        journal: where hours are recorded.
    """

    hour_s = 3600.0

    def __init__(self, interface: str, declared: tuple[str, ...], device_mac: bytes | None, journal: Journal) -> None:
        self.declared = declared
        self._interface = interface
        self._mac = device_mac
        self._journal = journal
        self._capture: Capture | None = None
        self._canary = b""

    def begin(self, pcap: Path) -> None:
        """Capture from now on."""
        self._capture = Capture(self._interface, pcap, self._mac)
        self._journal.event(CHANNEL, "capture began", interface=self._interface, declared=list(self.declared))

    @abstractmethod
    def send_canary(self) -> None:
        """Send something along the device's own path."""

    def taken(self) -> Traffic:
        """What was captured since the last call."""
        if self._capture is None:
            raise RigError("nothing is being captured", where=CHANNEL, remedy="this is a fault of ours")
        traffic = sorted_out(self._capture.taken(), self.declared, self._canary)
        self._journal.event(
            CHANNEL,
            "traffic",
            declared=traffic.declared,
            undeclared=dict(traffic.undeclared),
            housekeeping=traffic.housekeeping,
            canary=traffic.canary,
        )
        return traffic

    def end(self) -> None:
        """Stop capturing."""
        if self._capture is not None:
            self._capture.close()
            self._capture = None


class NamespaceTap(_Tap):
    """The link of an emulated device.

    Args:
        link: its link.
        pid: its process, in a namespace of its own.
        hour_s: how long an hour of its clock lasts, s.
        declared: hosts it is declared to talk to beside the bench's own end.
        journal: the journal.
    """

    def __init__(self, link: Link, pid: int, hour_s: float, declared: tuple[str, ...], journal: Journal) -> None:
        super().__init__(link.interface, (link.bench, *declared), None, journal)
        self.hour_s = hour_s
        self._bench = link.bench
        self._sender = socket_in_namespace(Path(f"/proc/{pid}/ns/net"), socket.AF_INET, socket.SOCK_DGRAM)

    def send_canary(self) -> None:
        """Send a datagram from inside the device's namespace to the bench."""
        self._canary = b"xiangka canary " + secrets.token_bytes(12)
        self._sender.sendto(self._canary, (self._bench, _DISCARD))

    def close(self) -> None:
        """Let go of the namespace."""
        self.end()
        self._sender.close()


class InterfaceTap(_Tap):
    """An interface of this machine that sees what a real device sends: a mirror port, or the only way out it has.

    Args:
        interface: such as ``eth1``.
        device_mac: the device's hardware address.
        device_address: its IPv4 address; it must answer an ARP question, which is the canary.
        declared: hosts it is declared to talk to.
        journal: the journal.
    """

    def __init__(
        self, interface: str, device_mac: bytes, device_address: str, declared: tuple[str, ...], journal: Journal
    ) -> None:
        super().__init__(interface, declared, device_mac, journal)
        self._address = device_address

    def send_canary(self) -> None:
        """Ask the device for its hardware address: its answer passes the same way as everything it sends."""
        own = bytes.fromhex(Path(f"/sys/class/net/{self._interface}/address").read_text().strip().replace(":", ""))
        asked = socket.inet_aton(self._address)
        question = dpkt.arp.ARP(sha=own, spa=bytes(4), tha=bytes(6), tpa=asked)
        frame = dpkt.ethernet.Ethernet(dst=b"\xff" * 6, src=own, type=dpkt.ethernet.ETH_TYPE_ARP, data=question)
        self._canary = bytes(dpkt.arp.ARP(op=dpkt.arp.ARP_OP_REPLY, sha=self._mac, spa=asked, tha=own, tpa=bytes(4)))
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
            sender.bind((self._interface, 0))
            sender.send(bytes(frame))


class NoTap(NetworkTap):
    """Stands for a tap there could not be.

    Args:
        why: why; raised as soon as something is to be captured.
    """

    hour_s = 3600.0
    declared: tuple[str, ...] = ()

    def __init__(self, why: NotAssessedError) -> None:
        self._why = why

    def begin(self, pcap: Path) -> None:
        """Say why not."""
        del pcap
        raise self._why

    def send_canary(self) -> None:
        """Never reached."""

    def taken(self) -> Traffic:
        """Never reached."""
        return Traffic()

    def end(self) -> None:
        """Nothing is open."""
