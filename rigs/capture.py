"""Captures an interface into a pcap file, and hands out what came in from the device since it was last asked."""

from __future__ import annotations

import ctypes
import socket
import struct
import threading
import time
from pathlib import Path

import dpkt

from rigs.errors import NotAssessedError, RigError

CHANNEL = "network"
SNAP = 256
"""Bytes of each frame that are kept: addresses, ports and the beginning of what was said."""
_ETH_P_ALL = 3
_OUTGOING = 4
_SOL_PACKET, _ADD_MEMBERSHIP, _STATISTICS, _PROMISCUOUS = 263, 1, 6, 1
_BUFFER = 1 << 25


class Capture:
    """A running capture.

    Args:
        interface: the interface that is listened to.
        pcap: file that everything seen there is written to, both directions.
        device_mac: the device's hardware address, or None where everything that comes in is the device's.

    Raises:
        NotAssessedError: this process may not listen to interfaces.
        RigError: there is no such interface.
    """

    def __init__(self, interface: str, pcap: Path, device_mac: bytes | None) -> None:
        self._mac = device_mac
        self._socket = _listen(interface)
        pcap.parent.mkdir(parents=True, exist_ok=True)
        self._file = pcap.open("wb")
        self._writer = dpkt.pcap.Writer(self._file, snaplen=SNAP)
        self._frames: list[bytes] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._ended = "nobody knows why"
        self._thread = threading.Thread(target=self._read, name="capture", daemon=True)
        self._thread.start()

    def taken(self) -> list[bytes]:
        """Frames of the device since the last call.

        Raises:
            RigError: the kernel had to drop frames, or the capture has ended by itself.
        """
        if not self._thread.is_alive():
            raise RigError(
                f"the capture has ended by itself ({self._ended})",
                where=CHANNEL,
                remedy="check that the interface of [network] stays up, and that there is room on the disk",
            )
        lost = struct.unpack("II", self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 8))[1]
        if lost:
            raise RigError(
                f"the capture lost {lost} packets",
                where=CHANNEL,
                remedy="leave more of this machine to the run, and start it again",
            )
        with self._lock:
            frames, self._frames = self._frames, []
            self._file.flush()
        return frames

    def close(self) -> None:
        """Stop; the file is whole."""
        self._stopping.set()
        self._thread.join(2)
        self._socket.close()
        self._file.close()

    def _read(self) -> None:
        try:
            self._read_until_stopped()
        except OSError as error:
            self._ended = error.strerror or str(error)

    def _read_until_stopped(self) -> None:
        while not self._stopping.is_set():
            try:
                frame, address = self._socket.recvfrom(SNAP)
            except TimeoutError:
                continue
            with self._lock:
                self._writer.writepkt(frame, ts=time.time())
                of_device = address[2] != _OUTGOING if self._mac is None else frame[6:12] == self._mac
                if of_device:
                    self._frames.append(frame)


def _listen(interface: str) -> socket.socket:
    try:
        listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError as error:
        raise NotAssessedError(
            "本进程无权抓包（需要 CAP_NET_RAW）", "this process may not capture packets (CAP_NET_RAW)"
        ) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        listener.bind((interface, _ETH_P_ALL))
        number = socket.if_nametoindex(interface)
        listener.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, struct.pack("iHH8s", number, _PROMISCUOUS, 0, b""))
    except OSError as error:
        listener.close()
        raise RigError(
            f"interface {interface} cannot be listened to ({error.strerror})",
            where=CHANNEL,
            remedy="correct `interface` of [network] in the bench file (ip link)",
        ) from error
    listener.settimeout(0.2)
    return listener


def socket_in_namespace(namespace: Path, family: int, kind: int) -> socket.socket:
    """A socket that belongs to another network namespace, whichever thread uses it afterwards.

    Raises:
        PermissionError: this process may not enter it.
    """
    made: list[socket.socket | OSError] = []

    def make() -> None:
        library = ctypes.CDLL(None, use_errno=True)
        with namespace.open() as there:
            if library.setns(there.fileno(), 0x40000000):  # CLONE_NEWNET; of this thread alone, which ends at once
                made.append(OSError(ctypes.get_errno(), "setns"))
                return
            try:
                made.append(socket.socket(family, kind))
            except OSError as error:
                made.append(error)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise PermissionError(made[0].errno, "the network namespace cannot be entered")
    return made[0]
