"""What every record of a trial of the harness itself says: when it was made, and with which versions."""

from __future__ import annotations

import json
from datetime import datetime
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from certification.errors import PlanError

LAYOUT = 1


class MadeWith(BaseModel):
    """Versions a trial was made with; another version of any of them is another harness."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    xiangka: str
    catalogue: str
    commit: str | None


class TrialRecord(BaseModel):
    """A record of a trial.

    Attributes:
        layout: version of the layout.
        date: when it ended, or when the last part of it did.
        made_with: versions of the harness.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)
    command: ClassVar[str]
    """Command that writes such a record."""

    layout: int
    date: datetime
    made_with: MadeWith

    @classmethod
    def parse(cls, text: str, where: str) -> Self:
        """Read a record.

        Args:
            text: the text of its file.
            where: the file, for complaints.

        Raises:
            PlanError: it is no record of this layout.
        """
        anew = f"make one with `{cls.command}`"
        try:
            record = cls.model_validate(json.loads(text))
        except (ValueError, ValidationError) as error:
            said = " ".join(str(error).split())[:120]
            raise PlanError(f"is no record of a trial ({said})", where=where, remedy=anew) from error
        if record.layout != LAYOUT:
            raise PlanError(f"has layout {record.layout}, this version reads {LAYOUT}", where=where, remedy=anew)
        return record
