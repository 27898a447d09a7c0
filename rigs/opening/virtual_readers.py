"""The one ``pcscd`` of a bench whose emulated parts stand in PC/SC readers: a process can speak to one only."""

from __future__ import annotations

from dataclasses import dataclass

from rigs.bench_file import BenchFile
from rigs.opening.opening import Opening
from rigs.pcsc_daemon import PrivatePcscd, port_of

CARDS = "Xiangka emulated terminal"
MODULE = "Xiangka emulated SAM slot"


@dataclass(frozen=True)
class VirtualReaders:
    """Emulated readers behind one daemon.

    Attributes:
        daemon: the daemon.
        names: its readers; each has two slots.
    """

    daemon: PrivatePcscd
    names: tuple[str, ...]

    def slot(self, reader: str, number: int) -> tuple[str, int]:
        """What the daemon calls a slot, and the port at which its driver waits for a card."""
        return f"{reader} 00 0{number}", port_of(self.names.index(reader), number)


def open_virtual_readers(file: BenchFile, opening: Opening) -> VirtualReaders | None:
    """The readers that the bench's emulated parts need; None where they need none.

    Raises:
        RigError: a program is missing, or the daemon does not come up.
    """
    module = file.security_module
    needed = {
        CARDS: file.cards is not None and file.cards.emulated is not None,
        MODULE: module is not None and module.emulated is not None and module.emulated.slot == "pcsc",
    }
    names = tuple(name for name, wanted in needed.items() if wanted)
    if not names:
        return None
    daemon = PrivatePcscd(*names)
    opening.closing.callback(daemon.close)
    return VirtualReaders(daemon, names)
