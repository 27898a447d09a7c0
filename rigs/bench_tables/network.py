"""Table of the device's network link."""

from __future__ import annotations

import ipaddress
import re
from typing import Self

from pydantic import Field, field_validator, model_validator

from rigs.bench_tables.base import Table


class EmulatedNetworkTable(Table):
    """Put the emulated scanner into a network namespace of its own, where this process may make one."""

    hour_s: float = Field(default=2.0, gt=0.2, le=3600)
    """How long an hour of its clock lasts, s."""


class NetworkTable(Table):
    """Where everything the device sends can be seen."""

    declared: tuple[str, ...] = ()
    """Addresses of the hosts the vendor declares the device to talk to."""
    interface: str | None = None
    device_mac: str | None = None
    device_address: str | None = None
    emulated: EmulatedNetworkTable | None = None

    @field_validator("declared", "device_address")
    @classmethod
    def _addresses(cls, found: tuple[str, ...] | str | None) -> tuple[str, ...] | str | None:
        for address in (found,) if isinstance(found, str) else found or ():
            ipaddress.ip_address(address)
        return found

    @field_validator("device_mac")
    @classmethod
    def _hardware_address(cls, found: str | None) -> str | None:
        if found is not None and not re.fullmatch(r"(?i)[0-9a-f]{2}(:[0-9a-f]{2}){5}", found):
            raise ValueError("is no hardware address such as 02:00:5e:00:53:01")
        return found

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        real = {"interface": self.interface, "device_mac": self.device_mac, "device_address": self.device_address}
        if self.emulated is not None and any(real.values()):
            raise ValueError("needs either `interface` or a table [network.emulated], and not both")
        if self.emulated is None and (lacking := [name for name, value in real.items() if value is None]):
            raise ValueError(f"needs `{lacking[0]}`, or a table [network.emulated]")
        return self
