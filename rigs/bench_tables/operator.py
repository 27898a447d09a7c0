"""Table of the person at the bench."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from rigs.bench_tables.base import Table


class OperatorTable(Table):
    """The person who does and sees what no machine of the bench can."""

    driver: Literal["terminal", "scripted"]
    language: Literal["zh", "en"] = "zh"
    timeout_s: float = Field(default=300.0, gt=0)
    """How long the person has for one question unless it says otherwise."""
    console: str = "/dev/tty"
    """Terminal device the person sits at; by default the one the run was started in."""
    script: Path | None = None
    """TOML file of expected questions and answers, for ``scripted``."""

    @model_validator(mode="after")
    def _a_script_for_the_scripted(self) -> Self:
        if (self.driver == "scripted") != (self.script is not None):
            raise ValueError('`script` goes with driver = "scripted", and only with it')
        return self
