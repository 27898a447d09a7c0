"""Whose packets are whose: Ethernet frames of a device sorted by the host they are meant for. Pure."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Collection, Iterable

import dpkt

from rigs.roles.network import Traffic

_IP6_LINK_SCOPE = b"\xff\x02"
_NEIGHBOUR_OR_LISTENER = range(130, 144)
"""ICMPv6 types of listener, router and neighbour discovery (RFC 4861, RFC 3810)."""


def sorted_out(frames: Iterable[bytes], declared: Collection[str], canary: bytes) -> Traffic:
    """Sort frames a device sent.

    Args:
        frames: whole Ethernet frames, or their beginnings.
        declared: addresses of hosts the device is declared to talk to.
        canary: what the bench sent along the same path; it is looked for and not counted.
    """
    to_declared, quiet, seen = 0, 0, False
    others: Counter[str] = Counter()
    for frame in frames:
        if canary and canary in frame:
            seen = True
            continue
        host, what = destination(frame)
        if host is None:
            quiet += 1
        elif host in declared:
            to_declared += 1
        else:
            others[f"{host} {what}"] += 1
    return Traffic(to_declared, others, quiet, seen)


def destination(frame: bytes) -> tuple[str | None, str]:
    """The host a frame is meant for, and its protocol; None for what a network stack sends to its own link.

    A question for a host's hardware address counts as traffic to that host: where it is not there, nothing else comes.
    """
    try:
        ethernet = dpkt.ethernet.Ethernet(frame)
    except dpkt.UnpackError:
        return "?", "not Ethernet"
    inner = ethernet.data
    if isinstance(inner, dpkt.arp.ARP):
        asked, own = socket.inet_ntoa(inner.tpa), socket.inet_ntoa(inner.spa)
        return (None, "arp") if asked == own or inner.op == dpkt.arp.ARP_OP_REPLY else (asked, "arp")
    if isinstance(inner, dpkt.ip.IP):
        return socket.inet_ntoa(inner.dst), _transport(inner.data)
    if isinstance(inner, dpkt.ip6.IP6):
        if inner.dst.startswith(_IP6_LINK_SCOPE) and _finds_neighbours(inner):
            return None, "icmp6"
        return socket.inet_ntop(socket.AF_INET6, inner.dst), _transport(inner.data)
    return ":".join(f"{byte:02x}" for byte in ethernet.dst), f"ethertype {ethernet.type:#06x}"


def _finds_neighbours(packet: dpkt.ip6.IP6) -> bool:
    icmp = packet.data
    return isinstance(icmp, dpkt.icmp6.ICMP6) and icmp.type in _NEIGHBOUR_OR_LISTENER


def _transport(inner: object) -> str:
    if isinstance(inner, dpkt.tcp.TCP):
        return f"tcp/{inner.dport}"
    if isinstance(inner, dpkt.udp.UDP):
        return f"udp/{inner.dport}"
    return type(inner).__name__.lower()
