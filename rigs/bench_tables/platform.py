"""Tables of the card platform."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rigs.bench_tables.base import LabelTable, Table


class ReferencePlatformTable(Table):
    """Start the reference platform in a process of its own."""

    code_life_s: float | None = Field(default=None, gt=0)
    quota_app: int | None = Field(default=None, ge=1)
    """Requests a second of one application; None for the platform's own choice, as for the two below."""
    quota_terminal: int | None = Field(default=None, ge=1)
    quota_address: int | None = Field(default=None, ge=1)
    quota_wrong: int | None = Field(default=None, ge=0)
    """Wrong tries a minute before a caller is locked out; 0 for never."""
    test_clock: bool = False
    """Whether the platform's clock can be turned, so that minutes need not be waited for."""
    database_url: str | None = None
    capacity: float | None = Field(default=None, gt=0)
    """Requests a second the writer takes at most, to rehearse a small machine; None for as many as it can."""
    apart_server_url: Annotated[str, Field(pattern=r"^postgresql(\+psycopg)?://")] | None = None
    """Where each platform that a row starts for itself gets a database of its own; None for a SQLite file each."""

    def arguments(self) -> list[str]:
        """The table as options of ``xiangka platform serve``."""
        arguments = ["--test-clock"] if self.test_clock else []
        if self.code_life_s is not None:
            arguments += ["--code-life", f"{self.code_life_s:g}"]
        for quota in ("app", "terminal", "address", "wrong"):
            if (rate := getattr(self, f"quota_{quota}")) is not None:
                arguments += ["--quota", f"{quota}={rate}"]
        if self.capacity is not None:
            arguments += ["--capacity", f"{self.capacity:g}"]
        return arguments if self.database_url is None else [*arguments, "--database", self.database_url]


class PlatformTable(Table):
    """The card platform: behind the hospital system of a terminal's bench, or itself the subject."""

    driver: Literal["hn-a"]
    url: str | None = None
    credentials: Path | None = None
    """JSON file with app_id, app_secret and term_id; with admin_token and others for rows that administrate."""
    test_clock: bool = False
    """Whether a platform at ``url`` offers the reference platform's interface for turning its clock."""
    real: bool = False
    """Whether a URL is declared to lead to a platform in its real deployment; the declaration stands in the report."""
    label: LabelTable = LabelTable()
    """Identity of the platform, where its own interface does not tell."""
    reference: ReferencePlatformTable | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.url is None) == (self.reference is None):
            raise ValueError("needs either `url` (with `credentials`) or a table [platform.reference], and not both")
        if self.url is not None and self.credentials is None:
            raise ValueError("needs `credentials`, a JSON file with app_id, app_secret and term_id")
        if self.reference is not None and (self.real or self.test_clock):
            raise ValueError("`real` and `test_clock` describe a platform at `url`; see [platform.reference]")
        return self

    @property
    def clock_turns(self) -> bool:
        """Whether the platform's clock can be turned."""
        return self.test_clock if self.reference is None else self.reference.test_clock
