"""The emulated terminal between its eye and its line: when it looks, what it delivers, when it is dead."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from rigs.emulators.behaviour import Behaviour, Reading
from rigs.emulators.device_log import DeviceLog
from rigs.emulators.interlock import Interlock
from rigs.emulators.keyboard_port import KeyboardPort
from rigs.emulators.looker import Looker, View
from rigs.optics.scene import HEIGHT, WIDTH

LOOK_MS = 100
BOOT_S = 0.4
ACTIVITY_LEVELS = 12
"""Grey levels a picture must span before the device tries to decode it."""


class ScanDevice:
    """The part of a scanner that does not depend on its protocol.

    Args:
        looker: what it sees with.
        behaviour: how it behaves.
        deliver: hands one code to the host, without terminator.
        configure: offers a decoded content to the protocol as a setting code; True when it is one.
        time_scale: how much faster than the wall clock the device's own clock runs.
        keyboard: its keyboard link, on which every delivery is typed too.
        interlock: whom it asks before it hands over a code.
        log: where it notes what it delivered.
    """

    def __init__(
        self,
        looker: Looker,
        behaviour: Behaviour,
        deliver: Callable[[bytes], None],
        configure: Callable[[bytes], bool],
        time_scale: float = 1.0,
        keyboard: KeyboardPort | None = None,
        interlock: Interlock | None = None,
        log: DeviceLog | None = None,
    ) -> None:
        self.behaviour = behaviour
        self.presentation = False
        self.read_timeout_s = 5.0
        self.same_code_delay_s = 3.0
        self._looker = looker
        self._deliver = deliver
        self._configure = configure
        self._time_scale = time_scale
        self._keyboard = keyboard
        self._interlock = interlock
        self._log = log
        self._wake = threading.Condition()
        self._until = 0.0
        self._seen_sequence = -1
        self._last = (b"", -math.inf)
        self._idle_since = time.monotonic()
        self._dead_until = 0.0
        self._powered = True
        self._cut_reading = False
        self._down_since = -math.inf
        self.outage_s = 0.0
        """How long the last outage of its supply was, s."""
        self._closing = False
        self._eye = threading.Thread(target=self._watch, name="eye", daemon=True)
        self._eye.start()
        if interlock is not None:
            interlock.listen(self._send)

    @property
    def alive(self) -> bool:
        """Whether the device has power and is not hung."""
        return self._powered and time.monotonic() >= self._dead_until

    def trigger(self) -> None:
        """Start one reading with whatever is in view now."""
        with self._wake:
            self._seen_sequence = -1
            self._until = time.monotonic() + (self.read_timeout_s or math.inf)
            self._wake.notify()

    def stop(self) -> None:
        """End a reading."""
        self._until = 0.0

    def power(self, on: bool) -> None:
        """Cut or restore the supply; restored, the device boots for a moment."""
        if on and not self._powered:
            self.outage_s = time.monotonic() - self._down_since
            stuck = self._cut_reading and not self.behaviour.starts_after_a_cut_reading
            self._dead_until = math.inf if stuck else time.monotonic() + BOOT_S
        elif not on:
            self._down_since = time.monotonic()
            self._cut_reading = self.alive and time.monotonic() < self._until
        self._powered = on
        self.stop()

    def close(self) -> None:
        """Stop looking."""
        self._closing = True
        with self._wake:
            self._wake.notify()
        self._eye.join(2)

    def _looking(self) -> bool:
        return self.alive and (self.presentation or time.monotonic() < self._until)

    def _watch(self) -> None:
        while not self._closing:
            if not self._looking():
                with self._wake:
                    if not self._looking():
                        self._wake.wait(0.1)
                continue
            view = self._looker.look(self._seen_sequence, LOOK_MS)
            if view is None:
                self._rest()
                continue
            self._seen_sequence = view.sequence
            if self._looking():
                self._see(view)

    def _rest(self) -> None:
        """Breathe after a look that saw nothing: a bench that is not there answers at once."""
        with self._wake:
            self._wake.wait(0.002)

    def _see(self, view: View) -> None:
        grey = self.behaviour.sense(view.image)
        if int(grey[::8, ::8].max()) - int(grey[::8, ::8].min()) < ACTIVITY_LEVELS:
            return
        readings = self.behaviour.decode(grey)
        time.sleep(self.behaviour.frame_s)
        hang_s = self.behaviour.hang_s(readings)
        if hang_s:
            self._dead_until = time.monotonic() + hang_s
            self.stop()
            return
        taken = [r for r in readings if not self._configure(r.content) and self.behaviour.accepts(r, view.image)]
        taken.sort(key=_distance_from_centre)
        found = []
        for reading in taken if self.behaviour.delivers_every_code_in_view else taken[:1]:
            text = self.behaviour.text(reading)
            if text is not None and not self._locked_out(text):
                found.append((reading, text))
        if not found or not self.alive or (self._interlock is not None and not self._interlock.grants()):
            return
        self.stop()  # before the host hears of it and may trigger the next reading
        for reading, text in found:
            self._hand_over(reading, text)
        self._repeat_while_held(view)

    def _hand_over(self, reading: Reading, text: bytes) -> None:
        time.sleep(self.behaviour.delay_s(reading, time.monotonic() - self._idle_since))
        self._send(text)
        self._idle_since = time.monotonic()

    def _send(self, text: bytes) -> None:
        self._deliver(text)
        if self._log is not None:
            self._log.delivered(text)
        if self._keyboard is not None:
            self._keyboard.type_text(text)

    def _locked_out(self, text: bytes) -> bool:
        if not self.presentation:
            return False
        last, seen_at = self._last
        now = time.monotonic()
        self._last = (text, now)
        return text == last and now - seen_at < self.same_code_delay_s / self._time_scale

    def _repeat_while_held(self, view: View) -> None:
        after_s = self.behaviour.repeat_after_s
        if after_s is None:
            return
        deadline = time.monotonic() + after_s / self._time_scale
        while (left := deadline - time.monotonic()) > 0:
            if self._closing or self._looker.look(view.sequence, max(1, int(left * 1000))) is not None:
                return
        for reading in self.behaviour.decode(self.behaviour.sense(view.image))[:1]:
            if (text := self.behaviour.text(reading)) is not None:
                self._send(text)


def _distance_from_centre(reading: Reading) -> float:
    x = sum(corner[0] for corner in reading.corners) / 4
    y = sum(corner[1] for corner in reading.corners) / 4
    return math.hypot(x - WIDTH / 2, y - HEIGHT / 2)
