"""A dimmable lamp that speaks SCPI, in the role of ``LightSource``.

Tried on: the emulated lamp of ``rigs.emulators.light_source`` and one simulated by pyvisa-sim; on no hardware yet.
"""

from __future__ import annotations

import contextlib
import time

from rigs.errors import RigError
from rigs.instruments.scpi_link import ScpiLink
from rigs.journal import Journal
from rigs.roles import LightSource

CHANNEL = "light_source"
SAME_LEVEL = 0.5
"""How far the level it says it has may be from the level it was given, percent."""


class ScpiLightSource(LightSource):
    """A lamp.

    Args:
        resource: VISA resource string.
        journal: where every message is recorded, channel ``light_source``.
        command: header that sets its level and, with a question mark, reads it back.
        settle_s: how long its light may take to follow its level, s.
        timeout_s: how long the instrument may take for one message, s.
        library: VISA library, as ``pyvisa.ResourceManager`` names it.

    Raises:
        RigError: the resource cannot be opened, what answers there is no SCPI instrument, or it reports an error.
    """

    def __init__(
        self,
        resource: str,
        journal: Journal,
        *,
        command: str = "LEV",
        settle_s: float = 2.0,
        timeout_s: float = 2.0,
        library: str = "@py",
    ) -> None:
        self._command = command
        self._settle_s = settle_s
        self._link = ScpiLink(resource, CHANNEL, journal, timeout_s, library)

    @property
    def identity(self) -> str:
        """Manufacturer, model, serial number and firmware, as the instrument gives them."""
        return self._link.identity

    def set_level(self, percent: float) -> None:
        """Set the level, see that it was taken, and give the light its time."""
        self._link.tell(f"{self._command} {percent:.2f}")
        self._link.check()
        if abs((found := self.level()) - percent) > SAME_LEVEL:
            raise RigError(
                f"the lamp was set to {percent:g} % and says that it is at {found:g} %",
                where=CHANNEL,
                remedy="check that nobody else turns it and that `command` sets its level in percent",
            )
        time.sleep(self._settle_s)

    def level(self) -> float:
        """The level it says it has, percent."""
        return self._link.number(f"{self._command}?")

    def close(self) -> None:
        """Leave the bench dark and release the instrument."""
        if self._link.usable:
            with contextlib.suppress(RigError):
                self._link.tell(f"{self._command} 0")
                self._link.check()
        else:
            self._link.last_word(f"{self._command} 0")
        self._link.close()
