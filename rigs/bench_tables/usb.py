"""Table of the USB connection between the device and its host."""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from rigs.bench_tables.base import Table, program_of


class UsbTable(Table):
    """Who unplugs the device and puts its host to sleep."""

    driver: Literal["emulated", "command", "operator"]
    name_rule: str | None = None
    """Regular expression of the port names the device's published rule allows, beside the one in ``url``."""
    unplug: str | None = None
    plug: str | None = None
    suspend: str | None = None
    resume: str | None = None

    def shown(self) -> dict[str, Any]:
        """The table as it stands in a report; commands are told by their programs' names."""
        told = {"unplug": self.unplug, "plug": self.plug, "suspend": self.suspend, "resume": self.resume}
        commands = {name: program_of(command) for name, command in told.items() if command is not None}
        return {**self.model_dump(mode="json", exclude_none=True), **commands}

    @field_validator("name_rule")
    @classmethod
    def _an_expression(cls, rule: str | None) -> str | None:
        try:
            re.compile(rule or "")
        except re.error as error:
            raise ValueError(f"is no regular expression ({error})") from error
        return rule

    @model_validator(mode="after")
    def _commands_for_commands(self) -> Self:
        needed = {"unplug": self.unplug, "plug": self.plug, "suspend": self.suspend}
        if self.driver == "command":
            lacking = [name for name, command in needed.items() if command is None]
            if lacking:
                raise ValueError(f'driver = "command" needs the command `{lacking[0]}`')
        elif any((*needed.values(), self.resume)):
            raise ValueError('commands go with driver = "command", and only with it')
        return self
