"""Tables of whatever installs firmware on the device."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from rigs.bench_tables.base import Table

IMAGE = "{image}"


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error})") from error
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]


class EmulatedUpdaterTable(Table):
    """Make a maker's key and images for the run, and let the emulated scanner take updates."""


class UpdaterTable(Table):
    """The maker's own update tool, run as a command."""

    driver: Literal["command"]
    command: tuple[str, ...] = ()
    """Program and arguments; ``{image}`` stands for the file to install."""
    image: Path | None = None
    """Genuine image of the firmware the device runs."""
    previous_image: Path | None = None
    """Genuine image of an older firmware."""
    other_signer_image: Path | None = None
    """An image signed with another key than the maker's, where the maker supplies one."""
    other_model_image: Path | None = None
    """A genuine image for another model."""
    signature_bytes: int = Field(default=0, ge=0, le=4096)
    """Length of the signature at the end of an image; 0 where it stands elsewhere or is unknown."""
    accepted_exits: tuple[int, ...] = (0,)
    refused_exits: tuple[int, ...] = (1,)
    accepted_words: Pattern | None = None
    """Regular expression that the tool's output must match besides, where its exit code alone does not tell."""
    refused_words: Pattern | None = None
    timeout_s: float = Field(default=300.0, gt=0, le=3600)
    emulated: EmulatedUpdaterTable | None = None

    def shown(self) -> dict[str, Any]:
        """The table as it stands in a report; files are told by their names, the command by its program's."""
        shown = self.model_dump(mode="json", exclude_none=True)
        if self.command:
            shown["command"] = Path(self.command[0]).name
        for name, value in self:
            if isinstance(value, Path):
                shown[name] = value.name
        return shown

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        told = (bool(self.command), self.image is not None)
        if self.emulated is not None and any(told):
            raise ValueError("needs either `command` and `image`, or a table [updater.emulated], and not both")
        if self.emulated is None and not all(told):
            raise ValueError("needs `command` and `image`, or a table [updater.emulated]")
        if self.command and not any(IMAGE in part for part in self.command):
            raise ValueError("`command` must hold {image} where the file's name goes")
        if set(self.accepted_exits) & set(self.refused_exits) and not (self.accepted_words and self.refused_words):
            raise ValueError("an exit code cannot mean both: tell them apart by accepted_words and refused_words")
        return self
