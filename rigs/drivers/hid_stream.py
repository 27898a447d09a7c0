"""A keyboard link that arrives as a stream of boot reports over TCP: an emulated device, or a relay of ``/dev/hidraw``.

Tried on the emulated keyboard of ``rigs.emulators.keyboard_port``; on no hardware yet.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from urllib.parse import urlsplit

from rigs.errors import RigError
from rigs.journal import Journal
from rigs.protocols import hid_keyboard
from rigs.roles import Keyboard, Keystrokes

CHANNEL = "keyboard"
BURST_GAP_S = 0.05
"""Silence that ends a burst: longer than the 10 ms at which slow keyboards are polled."""
CONNECT_S = 5.0


class HidStreamKeyboard(Keyboard):
    """A keyboard whose reports are read by a thread from the moment it is opened; each burst is one journal record.

    Args:
        url: ``socket://host:port``.
        journal: where every burst is recorded, channel ``keyboard``.

    Raises:
        RigError: nothing listens there.
    """

    def __init__(self, url: str, journal: Journal) -> None:
        self._url = url
        self._journal = journal
        self._stream = self._open()
        journal.event(CHANNEL, "port opened", url=url)
        self._changed = threading.Condition()
        self._bursts: list[Keystrokes] = []
        self._typing = False
        self._last_s = 0.0
        self._gone: RigError | None = None
        self._closing = False
        self._reader = threading.Thread(target=self._read, name=f"{CHANNEL}-reader", daemon=True)
        self._reader.start()

    def keystrokes(self, timeout_s: float) -> Keystrokes:
        """Everything typed since the last call, and until the keyboard has been quiet for a while.

        Raises:
            RigError: the stream is gone.
        """
        called_s = time.monotonic()
        with self._changed:
            while self._gone is None:
                left = max(called_s, self._last_s) + timeout_s - time.monotonic()
                if left <= 0 and not self._typing:
                    break
                self._changed.wait(left if left > 0 else None)
            if self._gone is not None:
                raise self._gone
            bursts, self._bursts = self._bursts, []
        records = [burst.journal for burst in bursts if burst.journal is not None]
        return Keystrokes(
            text="".join(burst.text for burst in bursts),
            chords=tuple(chord for burst in bursts for chord in burst.chords),
            journal=(records[0][0], records[-1][1]) if records else None,
        )

    def close(self) -> None:
        """Let go of the stream."""
        self._closing = True
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)  # wakes the reader; closing alone does not
        self._reader.join(2)
        self._stream.close()

    def _open(self) -> socket.socket:
        parts = urlsplit(self._url)
        try:
            return socket.create_connection((parts.hostname or "", parts.port or 0), CONNECT_S)
        except OSError as error:
            raise RigError(
                f"no keyboard at {self._url} ({error.strerror or error})",
                where=CHANNEL,
                remedy="start the relay of its reports, or correct `url` in the bench file",
            ) from error

    def _read(self) -> None:
        waiting, rest, t_ns, reason = b"", b"", 0, ""
        while not reason:
            self._stream.settimeout(BURST_GAP_S if waiting else None)
            try:
                data = self._stream.recv(1 << 16)
                reason = "" if data else "closed by the other side"
            except TimeoutError:
                data = b""
            except OSError as error:
                data, reason = b"", str(error) or "lost"
            if data:
                waiting, t_ns = waiting + data, time.monotonic_ns()
                with self._changed:
                    self._typing, self._last_s = True, t_ns / 1e9
            elif waiting:
                waiting, rest = b"", self._end_burst(rest, waiting, t_ns)
        if not self._closing:
            self._lose(reason)

    def _end_burst(self, rest: bytes, data: bytes, t_ns: int) -> bytes:
        """Record a burst and keep what it types; returns the bytes of a report that is not whole yet."""
        record = self._journal.wire(CHANNEL, "rx", data, t_ns)
        reports = rest + data
        whole = len(reports) - len(reports) % hid_keyboard.REPORT_BYTES
        typed = hid_keyboard.read_reports(reports[:whole])
        with self._changed:
            self._bursts.append(Keystrokes(typed.text, typed.chords, (record, record)))
            self._typing = False
            self._changed.notify_all()
        return reports[whole:]

    def _lose(self, reason: str) -> None:
        self._journal.event(CHANNEL, "port lost", reason=reason)
        with self._changed:
            self._gone = RigError(
                f"{self._url} went away in mid-run",
                where=CHANNEL,
                remedy="check the device and the relay of its reports, then start the run again",
            )
            self._changed.notify_all()
