"""Options of a terminal that a bench proves by binding them: a link that is plugged in is there."""

from __future__ import annotations

from collections.abc import Iterator

from certification.catalogue import Text
from rigs.bench_file import BenchFile
from rigs.bench_tables.cards import CardsTable

_LINKS = {"hid-pos": "hid_pos_link", "web-plugin": "web_plugin"}
"""By driver; every other driver speaks on a serial line."""
_USB_PORTS = ("/dev/serial/by-id/usb-", "/dev/ttyACM", "/dev/ttyUSB")


def bound_options(file: BenchFile) -> dict[str, Text]:
    """Options the terminal on a bench must have, each with what shows it; none on a bench of another kind."""
    return {} if file.scanner is None else dict(_shown(file))


def _shown(file: BenchFile) -> Iterator[tuple[str, Text]]:
    if file.scanner is not None:
        yield _LINKS.get(file.scanner.driver, "serial_link"), _binds("scanner")
        if file.scanner.driver == "hid-pos" or (file.scanner.url or "").startswith(_USB_PORTS):
            yield "usb_link", Text(zh="以 USB 设备出现", en="it shows as a USB device")
    tables = {
        "keyboard": (file.keyboard, "keyboard_link"),
        "usb": (file.usb, "usb_link"),
        "security_module": (file.security_module, "security_module"),
        "updater": (file.updater, "firmware_update"),
        "checker": (file.checker, "own_clock"),
    }
    for name, (table, option) in tables.items():
        if table is not None:
            yield option, _binds(name)
    if file.cards is not None:
        for option in _readers(file.cards):
            yield option, _binds("cards")


def _readers(table: CardsTable) -> Iterator[str]:
    yield from ("card_reader", "pcsc_link", "contact_reader", "contactless_reader")
    if table.emulated is not None or table.identity is not None:
        yield "identity_card"
    if table.emulated is not None or table.stripe is not None:
        yield "magnetic_reader"


def _binds(table: str) -> Text:
    return Text(zh=f"测试台绑定了 [{table}]", en=f"the bench binds [{table}]")
