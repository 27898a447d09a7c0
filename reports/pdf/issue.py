"""What makes a report of a run this report: its number, its date, who signs it, and which earlier one it replaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from certification.catalogue import Text


@dataclass(frozen=True)
class Signatory:
    """One who signs electronically: ``laboratory`` or ``authoriser``, and the name in the certificate."""

    role: str
    name: str


@dataclass(frozen=True)
class Statement:
    """One thing a report states: what it is called, and what is said."""

    name: Text
    value: Text


@dataclass(frozen=True)
class Change:
    """A statement that differs from the earlier report; None where one of the two does not hold it."""

    what: Text
    before: Text | None
    now: Text | None


@dataclass(frozen=True)
class Amendment:
    """The earlier report this one replaces (ISO/IEC 17025:2017 §7.8.8).

    Attributes:
        number, issued, run: of the earlier report.
        sm3: its digest, hex, by which its copies are known.
        reason: why it is replaced.
        changes: what differs.
    """

    number: str
    issued: datetime
    run: str
    sm3: str
    reason: Text
    changes: Sequence[Change]


@dataclass(frozen=True)
class Issue:
    """A report being issued.

    Attributes:
        number: unique number of the report.
        issued: its date.
        manifest: the manifest of the run, as ``manifest.json`` holds it.
        manifest_sm3: its digest, hex.
        signatories: who will sign it electronically; without any it is signed by hand.
        amends: the report it replaces.
    """

    number: str
    issued: datetime
    manifest: Mapping[str, Any]
    manifest_sm3: str
    signatories: Sequence[Signatory] = ()
    amends: Amendment | None = None


def report_file(number: str, lang: str) -> str:
    """Name of the file of an edition."""
    return f"report-{''.join(number.split())}-{lang}.pdf"
