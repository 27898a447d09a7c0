"""Options of a terminal that a bench proves by binding them: a link that is plugged in is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from certification.catalogue import SubjectKind, Text
from certification.options import meanings, statement_options
from certification.subject import Subject, undeclared
from rigs.bench_file import BenchFile
from rigs.bench_tables.cards import CardsTable

_LINKS = {"hid-pos": "hid_pos_link", "keyboard-wedge": "keyboard_link", "web-plugin": "web_plugin"}
"""By driver; every other driver speaks on a serial line."""
_USB_PORTS = ("/dev/serial/by-id/usb-", "/dev/ttyACM", "/dev/ttyUSB")


def bound_options(file: BenchFile) -> dict[str, Text]:
    """Options the terminal on a bench must have, each with what shows it; none on a bench of another kind."""
    return {} if file.scanner is None else dict(_shown(file))


def nobodys_subject(file: BenchFile, identity: Mapping[str, str | None]) -> Subject:
    """The subject on a bench that nobody filed an application for: what it says of itself, and what the bench binds."""
    kind = SubjectKind(file.subject)
    if kind is SubjectKind.TERMINAL:
        return undeclared(kind, identity, bound_options(file))
    # No link of a bench shows what a platform offers: as nobody declared anything absent, all of it is demanded.
    return undeclared(kind, identity, statement_options(kind))


def denied_options(file: BenchFile, subject: Subject) -> dict[str, Text]:
    """Options the statement answers no although the bench binds them, each with what shows it."""
    bound = bound_options(file) if subject.kind == file.subject and subject.declared else {}
    return {name: why for name, why in bound.items() if getattr(subject.options, name) == "no"}


def denied_notes(file: BenchFile, subject: Subject) -> list[Text]:
    """What to say of such options in a report: rows may be left out because of an answer that is not so."""
    words = meanings(SubjectKind(subject.kind))
    return [
        Text(
            zh=f"声明称没有“{words[name].title.zh}”，而{why.zh}；相应要求因声明而未评定",
            en=f"the statement denies {words[name].title.en!r}, and {why.en}; rows are left out because of that answer",
        )
        for name, why in denied_options(file, subject).items()
    ]


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
