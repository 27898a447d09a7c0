"""Opens the tap of the device's network link."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from rigs.bench_tables.network import NetworkTable
from rigs.drivers.network_tap import InterfaceTap, NamespaceTap, NoTap
from rigs.errors import NotAssessedError
from rigs.isolation import OWN_NAMESPACE, Link
from rigs.opening.opening import Opening
from rigs.optics.presenter import FramePortPresenter
from rigs.relay import Relay
from rigs.roles import Presenter
from rigs.roles.network import NetworkTap


@dataclass(frozen=True)
class Seclusion:
    """A network of its own for an emulated device.

    Attributes:
        link: the link between device and bench.
        camera: where the device finds the frame, as seen from its end.
        hour_s: how long an hour of its clock lasts, s.
        declared: hosts it is declared to talk to beside the bench.
    """

    link: Link
    camera: str
    hour_s: float
    declared: tuple[str, ...]

    under = OWN_NAMESPACE

    def arguments(self) -> list[str]:
        """What the emulator is told of it."""
        return ["--network-hour", str(self.hour_s)]

    def attach(self, pid: int, opening: Opening) -> NetworkTap:
        """Connect the device, once its process is there."""
        self.link.give_to(pid)
        tap = NamespaceTap(self.link, pid, self.hour_s, self.declared, opening.journal)
        opening.closing.callback(tap.close)
        return tap


def seclude(table: NetworkTable | None, presenter: Presenter, opening: Opening) -> Seclusion | NoTap | None:
    """A network of its own for the emulated device of a bench; None where it needs none.

    Args:
        table: its table.
        presenter: what the device looks at.
        opening: the bench being opened.
    """
    if table is None or table.emulated is None or not isinstance(presenter, FramePortPresenter):
        return None
    try:
        link = Link()
    except NotAssessedError as why:
        return NoTap(why)
    opening.closing.callback(link.close)
    parts = urlsplit(presenter.url)
    relay = Relay(link.bench, (parts.hostname or "127.0.0.1", parts.port or 80))
    opening.closing.callback(relay.close)
    return Seclusion(link, f"http://{link.bench}:{relay.port}{parts.path}", table.emulated.hour_s, table.declared)


def open_interface(table: NetworkTable, opening: Opening) -> NetworkTap:
    """The tap at an interface of this machine."""
    assert table.interface and table.device_mac and table.device_address  # noqa: S101, PT018 - the bench file has them
    mac = bytes.fromhex(table.device_mac.replace(":", ""))
    tap = InterfaceTap(table.interface, mac, table.device_address, table.declared, opening.journal)
    opening.closing.callback(tap.end)
    return tap
