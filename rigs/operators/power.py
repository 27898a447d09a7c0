"""The supply of a device as a person switches it: a plug in a hand."""

from __future__ import annotations

from rigs.operators.answers import Done
from rigs.roles import Answered, Bilingual, Operator, Power, Switched

_UNPLUG = Bilingual(
    "拔下被测终端的电源（如由 USB 供电则一并拔下），待所有指示灯熄灭后确认。",
    "Unplug the supply of the terminal under test (its USB lead too, if that feeds it); "
    "confirm when every light is out.",
)
_PLUG = Bilingual(
    "重新接通被测终端的电源，接通后立即确认；此后不要触碰终端。",
    "Plug the supply of the terminal in again and confirm at once; do not touch the terminal afterwards.",
)


class OperatorPower(Power):
    """A supply nobody but a person can switch; nothing measures its current.

    The moment of switching lies between question and answer, so its uncertainty is half of what the person took.

    Args:
        operator: the person.
    """

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    def cut(self) -> Switched:
        """Ask for the plug to be pulled."""
        return _between(self._operator.ask(_UNPLUG, Done()))

    def restore(self) -> Switched:
        """Ask for the plug to be put in again."""
        return _between(self._operator.ask(_PLUG, Done()))

    def cycle(self) -> None:
        """Ask for both."""
        self.cut()
        self.restore()

    def current_a(self) -> float | None:
        """Nobody knows."""
        return None

    def close(self) -> None:
        """The plug stays where the person left it."""


def _between(answered: Answered[None]) -> Switched:
    half_ns = (answered.t_ns - answered.asked_ns) // 2
    return Switched(answered.asked_ns + half_ns, half_ns / 1e9, answered.journal)
