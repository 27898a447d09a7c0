"""Tables of the terminal's security module."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rigs.bench_tables.base import Table


class EmulatedSecurityModuleTable(Table):
    """Make a module for the run, for the first terminal of the bench's credentials."""

    slot: Literal["tcp", "pcsc"] = "tcp"
    """Where it stands: at the end of a TCP connection, or in a virtual reader behind a ``pcscd`` of the bench's own."""


class SecurityModuleTable(Table):
    """The security module (PSAM, SE) of the terminal under test."""

    driver: Literal["apdu"]
    reader: str | None = None
    """Name of the PC/SC reader whose slot it is in, or a part of it."""
    url: Annotated[str, Field(pattern=r"^socket://[^:/]+:\d+$")] | None = None
    """Where an emulated one was started by hand."""
    grace_s: float = Field(default=0.0, ge=0, le=3600)
    """How long its maker declares that it goes on using an older key, s."""
    emulated: EmulatedSecurityModuleTable | None = None

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if [self.reader, self.url, self.emulated].count(None) != 2:
            raise ValueError("needs `reader` (PC/SC), `url` (socket://host:port) or a table [security_module.emulated]")
        return self
