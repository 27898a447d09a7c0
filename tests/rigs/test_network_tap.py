"""The device's network link: whose packets are whose, a real capture between namespaces, and one that is deaf."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import dpkt
import pytest
from pydantic import ValidationError
from pyroute2 import IPRoute

from certification.catalogue import load_catalogue
from certification.verdicts import Verdict, judge
from rigs.bench_tables.network import NetworkTable
from rigs.drivers.network_tap import InterfaceTap, NamespaceTap, NoTap
from rigs.errors import NotAssessedError, RigError
from rigs.isolation import OWN_NAMESPACE, Link
from rigs.journal import Journal
from rigs.packets import destination, sorted_out
from rigs.readings import Outcome, Reading
from rigs.roles import Shown
from rigs.roles.network import Traffic
from steps import network
from steps.sampling import Sampler

ETHERNET = dpkt.ethernet
ROW = load_catalogue()["EHC-TRM-028"]


def frame(inner: object, kind: int = ETHERNET.ETH_TYPE_IP) -> bytes:
    return bytes(ETHERNET.Ethernet(dst=b"\x02" * 6, src=b"\x04" * 6, type=kind, data=inner))


def ip4(to: str, inner: object, protocol: int) -> bytes:
    packet = dpkt.ip.IP(src=bytes(4), dst=socket.inet_aton(to), p=protocol, data=inner)
    packet.len = len(packet)
    return frame(packet)


def ip6(to: str, inner: object, protocol: int) -> bytes:
    packet = dpkt.ip6.IP6(src=bytes(16), dst=socket.inet_pton(socket.AF_INET6, to), nxt=protocol, data=inner)
    packet.plen = len(bytes(inner))
    packet.extension_hdrs = {}
    return frame(packet, ETHERNET.ETH_TYPE_IP6)


def arp(asked: str, own: str = "198.18.0.2", op: int = dpkt.arp.ARP_OP_REQUEST) -> bytes:
    question = dpkt.arp.ARP(op=op, spa=socket.inet_aton(own), tpa=socket.inet_aton(asked))
    return frame(question, ETHERNET.ETH_TYPE_ARP)


SENT = {
    "198.51.100.53 udp/53": ip4("198.51.100.53", dpkt.udp.UDP(dport=53), dpkt.ip.IP_PROTO_UDP),
    "203.0.113.7 tcp/443": ip4("203.0.113.7", dpkt.tcp.TCP(dport=443), dpkt.ip.IP_PROTO_TCP),
    "203.0.113.7 icmp": ip4("203.0.113.7", dpkt.icmp.ICMP(), dpkt.ip.IP_PROTO_ICMP),
    "224.0.0.251 udp/5353": ip4("224.0.0.251", dpkt.udp.UDP(dport=5353), dpkt.ip.IP_PROTO_UDP),
    "255.255.255.255 udp/67": ip4("255.255.255.255", dpkt.udp.UDP(dport=67), dpkt.ip.IP_PROTO_UDP),
    "2001:db8::1 udp/123": ip6("2001:db8::1", dpkt.udp.UDP(dport=123), dpkt.ip.IP_PROTO_UDP),
    "ff02::fb udp/5353": ip6("ff02::fb", dpkt.udp.UDP(dport=5353), dpkt.ip.IP_PROTO_UDP),
    "198.18.0.9 arp": arp("198.18.0.9"),
    "02:02:02:02:02:02 ethertype 0x88b5": frame(b"whatever", 0x88B5),
}


@pytest.mark.parametrize("told", SENT)
def test_what_is_sent_to_anybody_else_is_counted_by_host_protocol_and_port(told):
    assert dict(sorted_out([SENT[told]] * 2, ["198.18.0.1"], b"").undeclared) == {told: 2}


def test_what_a_network_stack_says_to_its_own_link_is_no_traffic_to_a_host():
    solicitation = dpkt.icmp6.ICMP6(type=133, data=b"\0\0\0\0")
    quiet = [ip6("ff02::2", solicitation, dpkt.ip.IP_PROTO_ICMP6), arp("198.18.0.2"), arp("198.18.0.9", op=2)]
    assert sorted_out(quiet, [], b"") == Traffic(housekeeping=3)


def test_declared_hosts_and_the_canary_are_told_apart_from_the_rest():
    declared = ip4("198.18.0.1", dpkt.tcp.TCP(dport=80), dpkt.ip.IP_PROTO_TCP)
    canary = ip4("198.18.0.1", dpkt.udp.UDP(dport=9, data=b"tweet"), dpkt.ip.IP_PROTO_UDP)
    seen = sorted_out([declared, canary, SENT["203.0.113.7 tcp/443"]], ["198.18.0.1"], b"tweet")
    assert (seen.declared, seen.undeclared.total(), seen.canary) == (1, 1, True)
    assert not sorted_out([declared], ["198.18.0.1"], b"tweet").canary
    assert not sorted_out([declared], ["198.18.0.1"], b"").canary, "a canary never sent is never seen"


@pytest.mark.parametrize("length", range(60))
def test_a_frame_cut_short_anywhere_is_told_somehow(length):
    for whole in SENT.values():
        host, what = destination(whole[:length])
        assert host != ""
        assert what


SENDER = """
import socket, sys, time
print(sys.stdin.readline().strip(), flush=True)
line = socket.socket(type=socket.SOCK_DGRAM)
for host in sys.argv[1:]:
    line.sendto(b"hello", (host, 5555))
print("sent", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def link():
    try:
        made = Link()
    except NotAssessedError as why:
        pytest.skip(str(why))
    yield made
    made.close()


class Device:
    """A process in a namespace of its own that sends what it is told to."""

    def __init__(self, *hosts: str) -> None:
        pipe = subprocess.PIPE
        command = [*OWN_NAMESPACE, sys.executable, "-c", SENDER, *hosts]
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        deadline = time.monotonic() + 20
        own = Path("/proc/self/ns/net").readlink()
        while Path(f"/proc/{self.process.pid}/ns/net").readlink() == own:
            assert time.monotonic() < deadline, "it never got a namespace of its own"
            time.sleep(0.01)

    def send(self) -> None:
        for answer in ("go", "sent"):
            if answer == "go":
                self.process.stdin.write("go\n")
                self.process.stdin.flush()
            assert self.process.stdout.readline() == f"{answer}\n"

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def device(link):
    made = Device("203.0.113.7", link.bench)
    link.give_to(made.process.pid)
    yield made
    made.close()


def taken_when(tap, true) -> Traffic:
    """Everything taken, added up, once something is true of it."""
    deadline, whole = time.monotonic() + 10, Traffic()
    while not true(whole) and time.monotonic() < deadline:
        time.sleep(0.05)
        whole += tap.taken()
    return whole


def test_an_emulated_device_can_reach_the_bench_and_nobody_else_and_is_heard(link, device, tmp_path):
    tap = NamespaceTap(link, device.process.pid, 1.0, (), Journal(None))
    tap.begin(tmp_path / "captures" / "it.pcap")
    tap.send_canary()
    device.send()
    seen = taken_when(tap, lambda whole: whole.canary and whole.undeclared and whole.declared)
    tap.close()
    assert seen.canary
    assert dict(seen.undeclared) == {"203.0.113.7 udp/5555": 1}
    assert seen.declared >= 1
    assert Path(f"/proc/sys/net/ipv4/conf/{link.interface}/forwarding").read_text().strip() == "0"
    with (tmp_path / "captures" / "it.pcap").open("rb") as file:
        kept = [ETHERNET.Ethernet(data) for _, data in dpkt.pcap.Reader(file)]
    assert "203.0.113.7" in [socket.inet_ntoa(one.data.dst) for one in kept if isinstance(one.data, dpkt.ip.IP)]


def test_a_real_interface_is_heard_by_the_answer_of_the_device_to_a_question(link, device, tmp_path):
    mac = bytes.fromhex(_hardware_address(device))
    tap = InterfaceTap(link.interface, mac, link.device, (link.bench,), Journal(None))
    tap.begin(tmp_path / "it.pcap")
    tap.send_canary()
    device.send()
    seen = taken_when(tap, lambda whole: whole.canary and whole.undeclared)
    tap.end()
    assert (seen.canary, dict(seen.undeclared)) == (True, {"203.0.113.7 udp/5555": 1})

    deaf = InterfaceTap(link.interface, b"\x02\0\0\0\0\x01", link.device, (link.bench,), Journal(None))
    deaf.begin(tmp_path / "deaf.pcap")
    deaf.send_canary()
    time.sleep(0.3)
    assert not deaf.taken().canary
    deaf.end()


def _hardware_address(device: Device) -> str:
    """Hardware address of the device's end of its link, hex; asked inside its namespace."""
    code = "import fcntl, socket, struct\n"
    code += "names = [name for _, name in socket.if_nameindex() if name != 'lo']\n"
    code += "line = socket.socket(type=socket.SOCK_DGRAM)\n"
    code += "print(fcntl.ioctl(line, 0x8927, struct.pack('256s', names[0].encode()))[18:24].hex())"
    command = ["nsenter", "--net", f"--target={device.process.pid}", sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_an_interface_that_is_not_there_is_the_bench_at_fault(tmp_path):
    if os.geteuid():
        pytest.skip("needs the right to capture")
    tap = InterfaceTap("no-such0", bytes(6), "198.18.0.2", (), Journal(None))
    with pytest.raises(RigError, match="no-such0 cannot be listened to"):
        tap.begin(tmp_path / "it.pcap")


def test_a_capture_that_has_died_does_not_pass_for_silence(link, device, tmp_path):
    tap = NamespaceTap(link, device.process.pid, 1.0, (), Journal(None))
    tap.begin(tmp_path / "it.pcap")
    tap.send_canary()
    assert taken_when(tap, lambda whole: whole.canary).canary
    with IPRoute() as route:
        route.link("set", index=socket.if_nametoindex(link.interface), state="down")
    tap._capture._thread.join(10)
    with pytest.raises(RigError, match=r"ended by itself \(Network is down\)"):
        tap.taken()
    tap.close()


class Tap:
    """A tap that hears what it is told to hear: at the beginning of each hour, and at its end."""

    hour_s = 1e-4
    declared = ()

    def __init__(self, *hours: Traffic) -> None:
        self._hours = list(hours)
        self.ended = False

    def begin(self, pcap):
        del pcap

    def send_canary(self):
        pass

    def taken(self):
        return self._hours.pop(0)

    def end(self):
        self.ended = True


def a_reading(outcome: Outcome) -> Reading:
    return Reading(outcome, Shown(1, 0, 1), (), 1.0, 0.0, (1, 1))


QUIET = Traffic(declared=5, canary=True)
LOUD = Traffic(declared=5, undeclared=Counter({"198.51.100.53 udp/53": 1}), canary=True)


def hours(number: int) -> list[Traffic]:
    return [QUIET] * 2 * number


def watched(tap, tmp_path, outcomes=()):
    """Watch a terminal that reads everything, or whose readings come out like this first."""
    observations, coming = [], iter(outcomes)
    run = SimpleNamespace(
        bench=SimpleNamespace(network=tap, journal=SimpleNamespace(count=0)),
        evidence=SimpleNamespace(
            beside=lambda *_: tmp_path / "it.pcap", add=observations.append, of=lambda _: observations
        ),
        subject=SimpleNamespace(yes_options=()),
        station=SimpleNamespace(read=lambda *_: a_reading(next(coming, Outcome.EXACT))),
        progress=lambda *_: None,
        remarks=[],
    )
    sampler = Sampler(run, ROW)
    sampler.prepared = lambda _trials: itertools.repeat(
        (SimpleNamespace(expected=()), SimpleNamespace(reference_reads=True))
    )
    try:
        network.watch(sampler, ROW, None)
    finally:
        assert isinstance(tap, NoTap) or tap.ended
    return observations


def verdict(observations) -> Verdict:
    return judge(ROW, observations, None, planned=True, emulated=False).verdict


def test_twenty_four_quiet_hours_pass_and_one_packet_to_a_stranger_fails(tmp_path):
    whole = watched(Tap(*hours(24)), tmp_path)
    assert (verdict(whole), verdict(whole[:-1])) == (Verdict.PASS, Verdict.INCONCLUSIVE)
    for last in ((LOUD, QUIET), (QUIET, LOUD)):
        loud = watched(Tap(*hours(23), *last), tmp_path)
        assert verdict(loud) is Verdict.FAIL
        assert loud[-1].detail["undeclared"] == "198.51.100.53 udp/53 ×1"


def test_a_terminal_that_does_not_work_is_not_praised_for_its_silence(tmp_path):
    dead = watched(Tap(*hours(24)), tmp_path, itertools.repeat(Outcome.NO_READ))
    assert verdict(dead) is Verdict.FAIL
    assert [one.cell["hour"] for one in dead] == [1] * 11, "and one hour of it is enough"
    for missed, expected in ((3, Verdict.PASS), (4, Verdict.FAIL)):
        assert verdict(watched(Tap(*hours(24)), tmp_path, [Outcome.NO_READ] * missed)) is expected


@pytest.mark.parametrize(("heard", "said"), [(2, "at the beginning of hour 2"), (3, "at the end of hour 2")])
def test_an_hour_in_which_the_bench_did_not_hear_itself_counts_for_nothing(heard, said, tmp_path, monkeypatch):
    monkeypatch.setattr(network, "SETTLE_S", 0.0)
    deaf = Traffic(declared=5)
    with pytest.raises(RigError, match=said):
        watched(Tap(*[QUIET] * heard, *[deaf] * 9), tmp_path)


def test_a_canary_that_comes_by_late_is_waited_for_and_nothing_of_the_hour_is_lost(tmp_path):
    late = Traffic(undeclared=Counter({"203.0.113.7 tcp/443": 1}))
    seen = watched(Tap(QUIET, late, QUIET), tmp_path)
    assert (verdict(seen), seen[-1].detail["packets"]) == (Verdict.FAIL, 11)


def test_without_the_right_to_make_a_namespace_the_row_is_left_open(tmp_path):
    with pytest.raises(NotAssessedError, match="may not"):
        watched(NoTap(NotAssessedError("无权", "this process may not make network namespaces")), tmp_path)


WITHOUT_RIGHTS = """
import json, sys
from rigs.errors import NotAssessedError
from rigs.isolation import Link
try:
    Link().close()
except NotAssessedError as why:
    print(json.dumps(str(why)))
"""


def test_a_process_without_rights_is_told_so_in_words():
    if os.geteuid():
        command = [sys.executable, "-c", WITHOUT_RIGHTS]
    else:
        command = ["setpriv", "--bounding-set=-net_admin,-sys_admin", sys.executable, "-c", WITHOUT_RIGHTS]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "may not make network namespaces" in json.loads(ended.stdout)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, r"needs `interface`, or a table"),
        ({"interface": "eth1"}, "needs `device_mac`"),
        ({"interface": "eth1", "emulated": {}}, "not both"),
        ({"declared": ["platform.example"], "emulated": {}}, "does not appear to be an IPv4 or IPv6 address"),
        ({"interface": "eth1", "device_mac": "2:0", "device_address": "192.0.2.1"}, "is no hardware address"),
    ],
)
def test_a_wrong_table_is_refused_in_words(table, said):
    with pytest.raises(ValidationError, match=said):
        NetworkTable(**table)
