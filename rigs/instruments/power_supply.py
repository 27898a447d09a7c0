"""A programmable bench supply (SCPI-1999, one output) in the role of ``Power``.

Tried on the emulated supply of ``rigs.emulators.power_supply``; on no hardware yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from rigs.errors import RigError
from rigs.instruments.scpi_link import ScpiLink
from rigs.journal import Journal
from rigs.roles import Power, Switched

CHANNEL = "power"
DOWN_V = 0.5
"""Below this no device of the bench runs, V."""
UP_SHARE = 0.9
"""Share of the set voltage from which the output counts as up."""
POLL_S = 0.005


class ScpiPowerSupply(Power):
    """The supply of the device under test; its voltage and current limit are set by whoever wires the bench.

    Args:
        resource: VISA resource string, such as ``TCPIP::192.0.2.7::5025::SOCKET``.
        journal: where every message is recorded, channel ``power``.
        timeout_s: how long the instrument may take for one message, s.
        settle_s: how long the output may take to fall or to rise, s.
        library: VISA library, as ``pyvisa.ResourceManager`` names it.

    Raises:
        RigError: the resource cannot be opened, what answers there is no SCPI instrument, or it reports an error.
    """

    def __init__(
        self, resource: str, journal: Journal, *, timeout_s: float = 2.0, settle_s: float = 5.0, library: str = "@py"
    ) -> None:
        self._link = ScpiLink(resource, CHANNEL, journal, timeout_s, library)
        self._journal = journal
        self._settle_s = settle_s
        self._closed = False

    @property
    def identity(self) -> str:
        """Manufacturer, model, serial number and firmware, as the instrument gives them."""
        return self._link.identity

    def cycle(self, off_s: float = 0.3) -> None:
        """Switch the output off, see it fall below ``DOWN_V``, keep it down, switch it on and see it rise.

        Args:
            off_s: how long the output stays down, s.

        Raises:
            RigError: the instrument fails, or the output does not follow.
        """
        self.cut()
        time.sleep(off_s)
        self.restore()

    def cut(self) -> Switched:
        """Switch the output off and see it fall below ``DOWN_V``.

        Raises:
            RigError: the instrument fails, is set to no voltage, or the output does not follow.
        """
        self._set_v()
        remedy = "find what else feeds the device (USB, a second supply)"
        return self._switch_and_see("OFF", remedy, lambda volts: volts < DOWN_V)

    def restore(self) -> Switched:
        """Switch the output on and see it rise to ``UP_SHARE`` of what it is set to; raises as ``cut``."""
        up_v = UP_SHARE * self._set_v()
        remedy = "check for a short circuit and for a current limit too low"
        return self._switch_and_see("ON", remedy, lambda volts: volts >= up_v)

    def current_a(self) -> float:
        """Current drawn now, A.

        Raises:
            RigError: the instrument fails.
        """
        current = self._link.number("MEAS:CURR?")
        self._link.check()
        return current

    def close(self) -> None:
        """Leave the output on and release the instrument; over a failed link the command goes out unconfirmed.

        Raises:
            RigError: the instrument fails, or the output stays off.
        """
        if self._closed:
            return
        self._closed = True
        try:
            if self._link.usable:
                self._restore()
            else:
                self._link.last_word("OUTP ON")
        finally:
            self._link.close()

    def _restore(self) -> None:
        self._switch("ON")
        if self._link.number("OUTP?") != 1:
            raise RigError(
                "the output stays off", where=CHANNEL, remedy="switch it on at the instrument once its cause is removed"
            )

    def _set_v(self) -> float:
        set_v = self._link.number("VOLT?")
        if set_v * UP_SHARE <= DOWN_V:
            raise RigError(
                f"the output is set to {set_v:g} V, which feeds no device",
                where=CHANNEL,
                remedy="set the voltage the device needs at the instrument",
            )
        return set_v

    def _switch_and_see(self, state: str, remedy: str, reached: Callable[[float], bool]) -> Switched:
        """Switch, and place the moment between the command and the measurement that shows it done."""
        first, sent_ns = self._journal.count + 1, time.monotonic_ns()
        self._switch(state)
        self._wait(state.lower(), remedy, reached)
        seen_ns = time.monotonic_ns()
        half_ns = (seen_ns - sent_ns) // 2
        return Switched(sent_ns + half_ns, half_ns / 1e9, (first, self._journal.count))

    def _switch(self, state: str) -> None:
        self._link.tell(f"OUTP {state}")
        self._link.check()

    def _wait(self, state: str, remedy: str, reached: Callable[[float], bool]) -> None:
        deadline = time.monotonic() + self._settle_s
        while not reached(volts := self._link.number("MEAS:VOLT?")):
            if time.monotonic() > deadline:
                raise RigError(
                    f"the output still measures {volts:g} V {self._settle_s:g} s after it was switched {state}",
                    where=CHANNEL,
                    remedy=remedy,
                )
            time.sleep(POLL_S)
