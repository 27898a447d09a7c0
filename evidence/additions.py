"""Files that are added to a sealed run, each with signatures of its own: reports and certificates.

A report is signed as the run is: by the laboratory, then by the authoriser, for the same organisation. A certificate is
signed by an authoriser of the centre, who need not be of the laboratory's organisation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from evidence.errors import SignatureError
from evidence.findings import Finding
from evidence.run_files import RunFiles, content
from evidence.signed import SUFFIX, Signature, check
from evidence.signer_certificates import AUTHORISER, ROLES
from evidence.who_signed import disorder, missing, organisation_of, too_early

_REPORT, _CERTIFICATE = "report-*.pdf", "certificate-*.pdf"
_LONGEST = 1 << 29
_LONGEST_SIGNATURES = 1 << 20


@dataclass(frozen=True)
class SealedRun:
    """The run something is added to.

    Attributes:
        name: its name.
        made: when its manifest was made; None where that cannot be told.
        told: the same as the manifest tells it.
        signatures: signatures over the manifest that hold.
    """

    name: str
    made: datetime | None
    told: str
    signatures: Sequence[Signature]


def addition_of(name: str) -> str | None:
    """The added file a name belongs to, as itself or as its signature; None for any other file."""
    added = name.removesuffix(SUFFIX)
    at_the_top = "/" not in name
    return added if at_the_top and any(fnmatchcase(added, pattern) for pattern in (_REPORT, _CERTIFICATE)) else None


def examine_addition(
    files: RunFiles, name: str, centre: bytes | None, now: datetime, run: SealedRun
) -> Finding | tuple[Signature, ...]:
    """The signatures of an added file, or what is wrong with it.

    Args:
        run: the run it must have been made for.

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
    if others := [one.run for one in signatures if one.run != run.name]:
        return Finding(beside, f"was made for {_run(others[0])}", f"{name} does not belong to {run.name}")
    return next(_of_the_signers(name, beside, signatures, run), tuple(signatures))


def _of_the_signers(name: str, beside: str, signatures: Sequence[Signature], run: SealedRun) -> Iterator[Finding]:
    is_report = fnmatchcase(name, _REPORT)
    roles: Collection[str] = ROLES if is_report else (AUTHORISER,)
    yield from missing(beside, signatures, roles)
    if is_report:
        yield from disorder(beside, signatures)
        yield from _of_another_house(beside, signatures, run)
    if run.made is not None:
        yield from too_early(beside, signatures, run.made, run.told)


def _of_another_house(beside: str, signatures: Sequence[Signature], run: SealedRun) -> Iterator[Finding]:
    for signed in run.signatures[:1]:
        for one in signatures:
            if organisation_of(one) != organisation_of(signed):
                yield Finding(
                    beside,
                    f"was made by {one.signer} for {organisation_of(one)}, the run's for {organisation_of(signed)}",
                    "nobody reports a run but the organisation that signed it",
                )


def _run(name: str | None) -> str:
    return "no run" if name is None else f"the run {name}"
