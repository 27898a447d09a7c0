"""Shows a code to a scanner and says what came of it: the measurement under every reading requirement."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum

from rigs.errors import RigError, SilentDeviceError
from rigs.optics.frames import Frame
from rigs.optics.stimulus import Stimulus, Symbol
from rigs.roles import Delivery, Presenter, Scanner, Shown

_REMEMBERED = 64
_UNREAD = 5
"""Codes in a row that a scanner may leave unread before one that cannot be asked is shown a control code."""
_CONTROL_S = 6.5
"""How long a control code is shown: longer than any hang a requirement judges, s."""


class Outcome(StrEnum):
    """What came of showing one code."""

    EXACT = "exact"
    NO_READ = "no_read"
    WRONG = "wrong"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Reading:
    """One presentation and what the scanner delivered during it.

    Attributes:
        outcome: exact, no_read, wrong (a content never shown), stale (a content shown earlier).
        shown: the frame in view.
        deliveries: everything delivered, in order.
        latency_ms: from fully shown to the last byte of the first delivery; the time limit for a no-read, which
            is censored there and not dropped.
        uncertainty_ms: expanded uncertainty (k = 2) of the latency.
        journal: first and last journal record.
    """

    outcome: Outcome
    shown: Shown
    deliveries: tuple[Delivery, ...]
    latency_ms: float
    uncertainty_ms: float
    journal: tuple[int, int]


@dataclass
class ReadingStation:
    """A presenter facing a scanner.

    Attributes:
        presenter: shows the codes.
        scanner: reads them.
        read_timeout_s: how long a code is shown before it counts as not read, s.
        gap_s: how long the empty bench stands between two codes, at least, s.
        controls: whether a scanner that cannot be asked is shown a plain code after several it did not read; not where
            the stage sets conditions that would spoil the plain one too.
    """

    presenter: Presenter
    scanner: Scanner
    read_timeout_s: float
    gap_s: float = 0.0
    controls: bool = True
    reads: int = 0
    """Codes shown, control codes among them."""
    _unread: int = 0
    _controls: int = 0
    _cleared_s: float = 0.0
    _earlier: deque[bytes] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def read(self, frame: Frame, expected: tuple[bytes, ...], shown_s: float | None = None) -> Reading:
        """Show a frame until the scanner delivers or the time is up.

        Args:
            frame: what to show.
            expected: contents whose delivery is exact.
            shown_s: how long at most, s; None for ``read_timeout_s``.
        """
        late = self._arm()
        shown = self.presenter.show(frame)
        delivery = self.scanner.delivery(self.read_timeout_s if shown_s is None else shown_s)
        self._clear()
        if delivery is None:
            self.scanner.disarm()
            delivery = self.scanner.delivery(0)
            self._check_that_somebody_looks(delivery)
        return self._judged(shown, late + ([delivery] if delivery is not None else []), expected)

    def hold(self, frame: Frame, seconds: float, expected: tuple[bytes, ...]) -> Reading:
        """Show a frame for a fixed time of the device's own clock and collect every delivery.

        Args:
            frame: what to show.
            seconds: device time, s; an emulated device whose clock runs faster is shown it for less.
            expected: contents whose delivery is exact.
        """
        late = self._arm()
        shown = self.presenter.show(frame)
        deliveries = self._collect(seconds / self.scanner.time_scale)
        self._clear()
        self.scanner.disarm()
        while (delivery := self.scanner.delivery(0)) is not None:
            deliveries.append(delivery)
        return self._judged(shown, late + deliveries, expected)

    def expect_silence(self, frame: Frame, seconds: float, expected: tuple[bytes, ...]) -> Reading:
        """Show a frame that should not be delivered as a card, and collect what comes all the same."""
        late = self._arm()
        shown = self.presenter.show(frame)
        delivery = self.scanner.delivery(seconds)
        self._clear()
        self.scanner.disarm()
        deliveries = late + ([delivery] if delivery is not None else [])
        while (more := self.scanner.delivery(0)) is not None:
            deliveries.append(more)
        return self._judged(shown, deliveries, expected)

    def read_after(
        self, bad: Frame, good: Frame, bad_expected: tuple[bytes, ...], good_expected: tuple[bytes, ...], dwell_s: float
    ) -> tuple[list[bytes], Reading]:
        """Show a code that may trouble the device, then at once a good one.

        Args:
            bad: the troublesome frame.
            good: the frame the device must still read.
            bad_expected: contents of the first frame.
            good_expected: contents of the second.
            dwell_s: how long the first is shown when the device delivers nothing, s.

        Returns:
            Everything delivered since the first frame, and the reading of the second: its latency counts from the
            moment the good code was shown, through any time the device was dead.
        """
        late = self._arm()
        self.presenter.show(bad)
        first = self.scanner.delivery(dwell_s)
        started_ns = time.monotonic_ns()
        deliveries = late + ([first] if first is not None else [])
        if first is not None:
            self._clear()
            self.scanner.arm()
        shown = self.presenter.show(good)
        deadline = time.monotonic() + self.read_timeout_s
        answer = None
        while answer is None and (left := deadline - time.monotonic()) > 0:
            delivery = self.scanner.delivery(min(left, 0.5))
            if delivery is None:
                self.scanner.arm()
            elif delivery.data in good_expected:
                answer = delivery
            else:
                deliveries.append(delivery)
        self._clear()
        self._earlier.extend(bad_expected)
        if answer is None:
            self.scanner.disarm()
        reading = self._judged(shown, [answer] if answer is not None else [], good_expected)
        delay_ms = (shown.t_ns - started_ns) / 1e6
        return [d.data for d in deliveries], replace(reading, latency_ms=reading.latency_ms + delay_ms)

    @contextmanager
    def without_controls(self) -> Iterator[None]:
        """Show no plain code of its own for a while: the conditions in force may spoil it too."""
        before, self.controls = self.controls, False
        try:
            yield
        finally:
            self.controls, self._unread = before, 0

    def prove_the_line(self) -> None:
        """Show a plain code to a scanner that cannot be asked whether it is there.

        Raises:
            SilentDeviceError: it was not delivered.
        """
        if not self.scanner.answers_commands:
            self._control("")

    def _check_that_somebody_looks(self, delivery: Delivery | None) -> None:
        if delivery is None and not self.presenter.watched:
            raise RigError(
                "nobody has ever looked at what is shown",
                where="presenter",
                remedy="point the scanner's camera at the frame port named in the bench file",
            )

    def _arm(self) -> list[Delivery]:
        late = []
        while (delivery := self.scanner.delivery(0)) is not None:
            late.append(delivery)
        time.sleep(max(0.0, self._cleared_s + self.gap_s - time.monotonic()))
        self.scanner.arm()
        self.reads += 1
        return late

    def _control(self, before: str) -> None:
        """Tell a scanner that reads nothing difficult from a wire that is cut: show a plain code, which counts as none.

        Raises:
            SilentDeviceError: it was not delivered either.
        """
        self._unread = 0
        self._controls += 1
        content = b"XIANGKA CONTROL %d" % self._controls
        frame = self.presenter.prepare(Stimulus((Symbol(content),))).result()
        self._earlier.append(content)
        self._arm()
        self.presenter.show(frame)
        delivery = self.scanner.delivery(_CONTROL_S)
        self._clear()
        self.scanner.disarm()
        if delivery is None:
            raise SilentDeviceError(
                f"{before}a plain code was not delivered in {_CONTROL_S:g} s",
                where="scanner",
                remedy="check the wire from the device to this machine, its supply, and that it still faces the codes",
            )

    def _clear(self) -> None:
        self.presenter.clear()
        self._cleared_s = time.monotonic()

    def _collect(self, seconds: float) -> list[Delivery]:
        deliveries = []
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if (delivery := self.scanner.delivery(left)) is not None:
                deliveries.append(delivery)
        return deliveries

    def _judged(self, shown: Shown, deliveries: list[Delivery], expected: tuple[bytes, ...]) -> Reading:
        self._unread = 0 if deliveries else self._unread + 1
        if not deliveries:
            self.scanner.make_sure_it_answers()
        if self._unread >= _UNREAD and self.controls and not self.scanner.answers_commands:
            self._control(f"{_UNREAD} codes in a row were not delivered, and then ")
        outcome = self._outcome(deliveries, expected)
        self._earlier.extend(expected)
        if deliveries:
            latency_ms = max(0.0, (deliveries[0].last_ns - shown.t_ns) / 1e6)
            last = max(delivery.journal[1] for delivery in deliveries)
        else:
            latency_ms, last = self.read_timeout_s * 1000, shown.journal
        return Reading(
            outcome=outcome,
            shown=shown,
            deliveries=tuple(deliveries),
            latency_ms=latency_ms,
            uncertainty_ms=self.presenter.uncertainty_ms + self.scanner.uncertainty_ms,
            journal=(shown.journal, max(last, shown.journal)),
        )

    def _outcome(self, deliveries: list[Delivery], expected: tuple[bytes, ...]) -> Outcome:
        if not deliveries:
            return Outcome.NO_READ
        contents = [delivery.data for delivery in deliveries]
        if any(content not in expected and content not in self._earlier for content in contents):
            return Outcome.WRONG
        if any(content not in expected for content in contents):
            return Outcome.STALE
        return Outcome.EXACT
