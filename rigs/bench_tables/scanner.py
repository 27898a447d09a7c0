"""Tables of the scanner under test and of its keyboard link."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rigs.bench_tables.base import LabelTable, Table
from rigs.framing import Parity

UNANSWERING = frozenset(("datalogic", "keyboard-wedge", "plain-line"))
"""Drivers of scanners that answer nothing; they end a content as they are set up."""
UNTOLD = UNANSWERING | {"m3y", "web-plugin"}
"""Drivers of scanners whose settings cannot be read back."""


class EmulatedScannerTable(Table):
    """Start the software twin of the scanner on a line of its own."""

    listen: Literal["pty", "tcp", "rfc2217", "websocket"] = "pty"
    """What its line ends in: a pseudo-terminal, a raw socket, an RFC 2217 server, which shows all of the line, or a
    WebSocket."""
    pace: Literal["uart", "usb"] = "uart"
    time_scale: float = Field(default=1.0, ge=1.0)


_CARRIERS = {
    "hid-pos": ("socket://", "tcp"),
    "keyboard-wedge": ("socket://", "tcp"),
    "web-plugin": ("ws://", "websocket"),
}
"""For drivers that speak on no serial line: how their URL begins, and what an emulated device listens on."""


class ScannerTable(Table):
    """The scanner under test."""

    driver: Literal[
        "datalogic",
        "gm65",
        "hid-pos",
        "honeywell",
        "keyboard-wedge",
        "m3y",
        "newland",
        "plain-line",
        "ssi",
        "web-plugin",
    ]
    url: str | None = None
    baud: Literal[9600, 19200, 38400, 57600, 115200] = 9600
    parity: Parity = "none"
    stop_bits: Literal[1, 2] = 1
    dtr: bool = True
    rts: bool = True
    """Whether the host raises these lines."""
    presence: Literal["dsr", "cts", "cd"] | None = None
    """Line that the device holds up while it is connected and has power."""
    mode: Literal["command", "presentation"] = "command"
    read_timeout_s: float = Field(default=2.0, ge=1.5, le=25)
    """At least 1.5 s, beyond every latency limit: a code that is not read then always counts as too late."""
    silence_s: float = Field(default=1.0, gt=0.01)
    """How long nothing must arrive before a symbol counts as not delivered."""
    terminator: Literal["cr", "lf", "crlf", "tab", "none"] = "cr"
    """What ends a content on a plain line; the other drivers set CR themselves, or find it."""
    character_gap_ms: float = Field(default=50.0, ge=5, le=1000)
    """Pause that ends a content on a plain line without terminator."""
    hardware: bool = False
    """Whether a URL is declared to lead to real hardware; the declaration stands in the report."""
    label: LabelTable = LabelTable()
    emulated: EmulatedScannerTable | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.url is None) == (self.emulated is None):
            raise ValueError("needs either `url` (a real port) or a table [scanner.emulated], and not both")
        return self

    @model_validator(mode="after")
    def _on_a_line_that_has_it(self) -> Self:
        listen = None if self.emulated is None else self.emulated.listen
        if listen == "pty" and self.parity != "none":
            raise ValueError('a pseudo-terminal carries no parity: set listen = "rfc2217" in [scanner.emulated]')
        if self.presence is not None and (listen in ("pty", "tcp") or (self.url or "").startswith("socket:")):
            raise ValueError("`presence` needs a line with modem lines: a device path or an rfc2217:// URL")
        return self

    @property
    def serial(self) -> bool:
        """Whether the driver speaks on a serial line, or what passes for one."""
        return self.driver not in _CARRIERS

    @model_validator(mode="after")
    def _on_what_carries_it(self) -> Self:
        scheme, listen = _CARRIERS.get(self.driver, ("", ""))
        if scheme and self.url is not None and not self.url.startswith(scheme):
            raise ValueError(f'driver "{self.driver}" needs a `url` that begins with {scheme}')
        if scheme and self.emulated is not None and self.emulated.listen != listen:
            raise ValueError(f'driver "{self.driver}" needs listen = "{listen}" in [scanner.emulated]')
        if self.serial and self.emulated is not None and self.emulated.listen == "websocket":
            raise ValueError('listen = "websocket" is for driver = "web-plugin"')
        if self.driver == "web-plugin" and self.mode != "command":
            raise ValueError('driver "web-plugin" starts every reading: set mode = "command"')
        return self

    @model_validator(mode="after")
    def _as_plain_as_its_line(self) -> Self:
        if self.driver not in UNANSWERING:
            if self.terminator != "cr":
                raise ValueError(
                    '`terminator` is for driver = "plain-line" and "datalogic"; the others end a code with CR'
                )
        elif self.driver != "datalogic" and self.mode != "presentation":
            raise ValueError(f'driver "{self.driver}" has no trigger: set mode = "presentation"')
        elif self.driver == "keyboard-wedge" and self.terminator not in ("cr", "tab"):
            raise ValueError('driver "keyboard-wedge" ends a code with a key: set terminator = "cr" or "tab"')
        elif self.terminator == "none" and self.character_gap_ms >= self.silence_s * 1000:
            raise ValueError("`character_gap_ms` must be shorter than `silence_s`, or a code never ends in time")
        return self


class EmulatedKeyboardTable(Table):
    """Let the emulated scanner type every delivery on a keyboard link too."""


class KeyboardTable(Table):
    """The keyboard link of the scanner."""

    driver: Literal["hid-stream"]
    url: Annotated[str, Field(pattern=r"^socket://[^:/]+:\d+$")] | None = None
    suffix: Literal["cr", "tab"] = "cr"
    """Key that the scanner is set to press after a code: Enter or Tab."""
    hardware: bool = False
    """Whether the URL is declared to lead to real hardware; the declaration stands in the report."""
    emulated: EmulatedKeyboardTable | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.url is None) == (self.emulated is None):
            raise ValueError("needs either `url` (socket://host:port) or a table [keyboard.emulated], and not both")
        return self
