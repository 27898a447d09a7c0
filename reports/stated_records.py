"""What ``run.json`` records beside the tests themselves: clocks, digests, waivers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from certification.catalogue import Text


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ClockRecord(_Record):
    """One comparison of a clock with that of the harness.

    Attributes:
        of: whose clock it is.
        when: whether a sitting had just begun or was about to end.
        sitting: number of the sitting.
        offset_s: how far it was ahead, s; None where it was not measured.
        uncertainty_s: half the width of the interval that holds the offset for certain, s.
        how: how it was measured, or why it was not; ``report_words.CLOCK_WAYS`` has the words.
    """

    of: Literal["host", "platform", "device"]
    when: Literal["start", "end"]
    sitting: int = 1
    offset_s: float | None = None
    uncertainty_s: float | None = None
    how: str


class CatalogueRecord(_Record):
    """The catalogue a run was judged by."""

    version: str
    sm3: str | None = None


class WaiverRecord(_Record):
    """A waiver or known issue as it stood when the run ended; it stands beside a verdict and never rewrites it."""

    id: str
    requirement: str
    state: str
    kind: str = "waiver"
    reason: Text | None = None
    approved_by: str | None = None
    issued: str | None = None
    expires: str | None = None
    signed_by: Mapping[str, str] = Field(default_factory=dict)
    """Names of those who signed it, by role."""
