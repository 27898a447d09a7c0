"""Files that are added to a sealed run, each with a signature of its own: reports and certificates."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase

from evidence.errors import SignatureError
from evidence.findings import Finding
from evidence.run_files import RunFiles, content
from evidence.signed import SUFFIX, Signature, check

_PATTERNS = ("report-*.pdf", "certificate-*.pdf")
_LONGEST = 1 << 29
_LONGEST_SIGNATURES = 1 << 20


def addition_of(name: str) -> str | None:
    """The added file a name belongs to, as itself or as its signature; None for any other file."""
    added = name.removesuffix(SUFFIX)
    at_the_top = "/" not in name
    return added if at_the_top and any(fnmatchcase(added, pattern) for pattern in _PATTERNS) else None


def examine_addition(
    files: RunFiles, name: str, centre: bytes | None, now: datetime, run: str
) -> Finding | tuple[Signature, ...]:
    """The signatures of an added file, or what is wrong with it.

    Args:
        run: name of the run it must have been made for.

    Raises:
        UnreadableError: it cannot be read.
        DamagedError: it cannot be unpacked, or is longer than any report.
    """
    beside = name + SUFFIX
    if beside not in files.names:
        return Finding(name, f"has no {beside} beside it", "nobody answers for it: it is no part of this run")
    data, written = content(files, name, _LONGEST), content(files, beside, _LONGEST_SIGNATURES)
    try:
        signatures = check(data, written, centre, now=now, file=name)
    except SignatureError as error:
        return Finding(beside, error.what, error.remedy)
    if others := [one.run for one in signatures if one.run != run]:
        return Finding(beside, f"was made for {_run(others[0])}", f"{name} does not belong to {run}")
    return tuple(signatures)


def _run(name: str | None) -> str:
    return "no run" if name is None else f"the run {name}"
