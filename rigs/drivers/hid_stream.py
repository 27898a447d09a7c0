"""A keyboard link that arrives as a stream of boot reports over TCP: an emulated device, or a relay of ``/dev/hidraw``.

The host's LEDs go the other way, one byte a report. Tried on the emulated keyboard of
``rigs.emulators.keyboard_port``; on no hardware yet.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from urllib.parse import urlsplit

from rigs.errors import RigError
from rigs.journal import Journal
from rigs.lease import Lease
from rigs.protocols.keyboard_host import HostState, KeyboardHost, Typed
from rigs.roles import Keyboard, Keystrokes

CHANNEL = "keyboard"
BURST_GAP_S = 0.05
"""Silence that ends a burst: longer than the 10 ms at which slow keyboards are polled."""
CONNECT_S = 5.0
LONGEST_S = 60.0
"""How long a call waits for a keyboard that does not stop typing, s."""
_RECEIVE_BUFFER = 1024
"""Bytes the kernel may hold for this host: few, so that a device feels it when reports are not taken."""
_ENDINGS = ("\r", "\t")


class HidStreamKeyboard(Keyboard):
    """A keyboard whose reports are read by a thread from the moment it is opened.

    Each burst is one journal record; a burst ends with Enter, with Tab, or with a silence.

    Args:
        url: ``socket://host:port``.
        journal: where every burst is recorded, channel ``keyboard``.
        exclusive: whether nobody else may listen meanwhile.

    Raises:
        RigError: nothing listens there, or another listens to it already.
    """

    def __init__(self, url: str, journal: Journal, *, exclusive: bool = True) -> None:
        self._url = url
        self._journal = journal
        self._lease = Lease(url, CHANNEL) if exclusive else None
        try:
            self._stream = self._open()
        except BaseException:
            self._give_back()
            raise
        journal.event(CHANNEL, "port opened", url=url)
        self._changed = threading.Condition()
        self._host = KeyboardHost()
        self._leds = b""
        self._lag_s = 0.0
        self._bursts: list[Keystrokes] = []
        self._typing = False
        self._last_s = 0.0
        self._gone: RigError | None = None
        self._closing = False
        self._tell_leds()
        self._reader = threading.Thread(target=self._read, name=f"{CHANNEL}-reader", daemon=True)
        self._reader.start()

    def keystrokes(self, timeout_s: float) -> Keystrokes:
        """Everything typed since the last call, and until the keyboard has been quiet for a while.

        Raises:
            RigError: the stream is gone.
        """
        return self._typed(timeout_s, None)

    def line(self, ending: str, quiet_s: float) -> Keystrokes:
        """Everything typed since the last call, until it ends with ``ending`` or nothing was typed for ``quiet_s``.

        Raises:
            RigError: the stream is gone.
        """
        return self._typed(quiet_s, ending)

    def become(self, state: HostState, lag_s: float = 0.0) -> None:
        """Be a host in this state from the next key on, and send the keyboard its LEDs.

        Raises:
            RigError: the stream is gone.
        """
        with self._changed:
            self._host = KeyboardHost(state)
            self._lag_s = lag_s
            self._tell_leds()

    def close(self) -> None:
        """Let go of the stream."""
        self._closing = True
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)  # wakes the reader; closing alone does not
        self._reader.join(2)
        self._stream.close()
        self._give_back()

    def _give_back(self) -> None:
        if self._lease is not None:
            self._lease.release()

    def _open(self) -> socket.socket:
        parts = urlsplit(self._url)
        stream = socket.socket()
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        stream.settimeout(CONNECT_S)
        try:
            stream.connect((parts.hostname or "", parts.port or 0))
        except OSError as error:
            stream.close()
            raise RigError(
                f"no keyboard at {self._url} ({error.strerror or error})",
                where=CHANNEL,
                remedy="start the relay of its reports, or correct `url` in the bench file",
            ) from error
        return stream

    def _typed(self, quiet_s: float, ending: str | None) -> Keystrokes:
        called_s = time.monotonic()
        with self._changed:
            while self._gone is None:
                if ending is not None and "".join(burst.text for burst in self._bursts).endswith(ending):
                    break
                now = time.monotonic()
                left = max(called_s, self._last_s) + quiet_s - now
                if (left <= 0 and not self._typing) or now - called_s > LONGEST_S:
                    break
                self._changed.wait(left if left > 0 else BURST_GAP_S)
            if self._gone is not None:
                raise self._gone
            bursts, self._bursts = self._bursts, []
        records = [burst.journal for burst in bursts if burst.journal is not None]
        return Keystrokes(
            text="".join(burst.text for burst in bursts),
            chords=tuple(chord for burst in bursts for chord in burst.chords),
            journal=(records[0][0], records[-1][1]) if records else None,
        )

    def _tell_leds(self) -> None:
        """Send what the lock keys are set to, if the keyboard has not been told."""
        if self._gone is not None:
            raise self._gone
        if self._host.leds == self._leds:
            return
        self._leds = self._host.leds
        self._journal.wire(CHANNEL, "tx", self._leds)
        try:
            self._stream.sendall(self._leds)
        except OSError as error:
            raise self._lost(str(error)) from error

    def _read(self) -> None:
        waiting, t_ns, reason = b"", 0, ""
        typed = Typed("", ())
        while not reason:
            self._stream.settimeout(BURST_GAP_S if waiting else None)
            data = b""
            try:
                data = self._stream.recv(1 << 16)
                reason = "" if data else "closed by the other side"
            except TimeoutError:
                pass
            except OSError as error:
                reason = str(error) or "lost"
            if data:
                t_ns = time.monotonic_ns()
                if not waiting and self._lag_s:
                    time.sleep(self._lag_s)
                with self._changed:
                    self._typing, self._last_s = True, t_ns / 1e9
                    more = self._host.feed(data)
                    with contextlib.suppress(RigError):  # the next read finds the same
                        self._tell_leds()
                waiting, typed = waiting + data, Typed(typed.text + more.text, typed.chords + more.chords)
            if waiting and (not data or (typed.text.endswith(_ENDINGS) and self._host.at_rest)):
                self._end_burst(waiting, typed, t_ns)
                waiting, typed = b"", Typed("", ())
        if not self._closing:
            self._lost(reason)

    def _end_burst(self, data: bytes, typed: Typed, t_ns: int) -> None:
        record = self._journal.wire(CHANNEL, "rx", data, t_ns)
        with self._changed:
            self._bursts.append(Keystrokes(typed.text, typed.chords, (record, record)))
            self._typing = False
            self._changed.notify_all()

    def _lost(self, reason: str) -> RigError:
        self._journal.event(CHANNEL, "port lost", reason=reason)
        with self._changed:
            self._gone = self._gone or RigError(
                f"{self._url} went away in mid-run",
                where=CHANNEL,
                remedy="check the device and the relay of its reports, then start the run again",
            )
            self._changed.notify_all()
            return self._gone
