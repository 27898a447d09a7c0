"""A programmable bench supply (SCPI-1999, one output) in the role of ``Power``.

Tried on the emulated supply of ``rigs.emulators.power_supply``; on no hardware yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from rigs.errors import RigError
from rigs.instruments.scpi_link import ScpiLink
from rigs.journal import Journal
from rigs.roles import Power

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

    Raises:
        RigError: the resource cannot be opened, what answers there is no SCPI instrument, or it reports an error.
    """

    def __init__(self, resource: str, journal: Journal, *, timeout_s: float = 2.0, settle_s: float = 5.0) -> None:
        self._link = ScpiLink(resource, CHANNEL, journal, timeout_s)
        self._settle_s = settle_s
        self._closed = False
        try:
            self._link.tell("*CLS")
            self._link.check()
        except BaseException:
            self._link.close()
            raise

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
        set_v = self._link.number("VOLT?")
        if set_v * UP_SHARE <= DOWN_V:
            raise RigError(
                f"the output is set to {set_v:g} V, which feeds no device",
                where=CHANNEL,
                remedy="set the voltage the device needs at the instrument",
            )
        self._switch("OFF")
        self._wait("off", "find what else feeds the device (USB, a second supply)", lambda volts: volts < DOWN_V)
        time.sleep(off_s)
        self._switch("ON")
        self._wait(
            "on", "check for a short circuit and for a current limit too low", lambda volts: volts >= UP_SHARE * set_v
        )

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
