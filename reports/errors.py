"""The error family of a run folder that cannot be told."""

from __future__ import annotations

from certification.errors import PlacedError


class ReportError(PlacedError):
    """A run folder is incomplete or contradicts itself; no report was written."""
