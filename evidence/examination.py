"""One look at the files of a run, from its signatures to the last file nobody listed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import PurePosixPath

from evidence.additions import SealedRun, addition_of, examine_addition
from evidence.chained_lines import Followed, follow_lines
from evidence.errors import SignatureError
from evidence.findings import DamagedError, Finding
from evidence.manifest import (
    CHAINED,
    MANIFEST,
    SALTS,
    SIGNATURES,
    ListedFile,
    Manifest,
    ManifestError,
    parsed_manifest,
    parsed_salts,
)
from evidence.run_files import RunFiles, content, measured
from evidence.signed import Signature, check
from evidence.twin import redacted_name
from evidence.who_signed import disorder, missing, too_early

LONGEST_MANIFEST = 1 << 28
LONGEST_SIGNATURES = 1 << 20
LONGEST_WITHHELD = 1 << 32
"""Bytes of a file whose size no manifest tells; more is not read, so that no ZIP can unpack without an end."""
RUN = "run.json"
LOCK = "running.lock"
_REDACTED = tuple(redacted_name(name) for name in CHAINED)
_CHANGED = "it was changed after the run was sealed"
_MIXED = "this is neither the run nor its twin: ask for one of them"


class Examination:
    """What is found on the way, beside what does not match.

    Args:
        files: the files.
        centre: the centre's root certificates, PEM, which are some; None to trust nobody.
        now: a signature made later than this does not hold.
        signed_by: roles whose signatures the run must bear.

    Attributes:
        manifest: the manifest; None where there is none that can be read.
        twin: the files are those of a redacted twin.
        signatures: signatures over the manifest that hold.
        additions: signatures that hold, by name of the file that was added.
        sound: number of files that are as they are listed.
        records: lines whose chain holds, by name of the file.
        remarks: what else is to be said.
    """

    def __init__(self, files: RunFiles, centre: bytes | None, now: datetime, signed_by: Collection[str]) -> None:
        self._files = files
        self._names = frozenset(files.names)
        self._centre, self._now, self._signed_by = centre, now, signed_by
        self._salts: dict[str, bytes] = {}
        self.manifest: Manifest | None = None
        self.twin = not self._names.isdisjoint(_REDACTED)
        self.signatures: list[Signature] = []
        self.additions: dict[str, tuple[Signature, ...]] = {}
        self.sound = 0
        self.records: dict[str, int] = {}
        self.remarks: list[str] = []

    def findings(self) -> Iterator[Finding]:
        """Everything that does not match, found as it is asked for.

        Raises:
            UnreadableError: a file cannot be read here.
        """
        yield from self._files.findings
        yield from _or_damage(self._of_the_signatures())
        yield from _or_damage(self._of_the_manifest())
        if self.manifest is None:
            yield from self._of_loose_chains()
            return
        yield from self._of_the_signers(self.manifest)
        yield from _or_damage(self._of_the_salts(self.manifest))
        for file in self.manifest.files:
            yield from _or_damage(self._of_listed(file, self.manifest))
        yield from self._of_unlisted(self.manifest)
        yield from self._of_folders(self.manifest)

    def _of_the_signatures(self) -> Iterator[Finding]:
        if SIGNATURES not in self._names:
            if self._signed_by:
                yield Finding(SIGNATURES, "is missing: nobody has signed this run", "let it be signed, or ask who did")
            return
        if self._centre is None and self._signed_by:
            yield Finding(
                SIGNATURES, "cannot be trusted without the centre's certificate", "name its centre.pem with --centre"
            )
        if MANIFEST in self._names:
            data = content(self._files, MANIFEST, LONGEST_MANIFEST)
            written = content(self._files, SIGNATURES, LONGEST_SIGNATURES)
            try:
                self.signatures = check(data, written, self._centre, now=self._now, file=MANIFEST)
            except SignatureError as error:
                yield Finding(SIGNATURES, error.what, error.remedy)
                return
        yield from missing(SIGNATURES, self.signatures, self._signed_by)
        yield from disorder(SIGNATURES, self.signatures)

    def _of_the_manifest(self) -> Iterator[Finding]:
        if MANIFEST not in self._names:
            yield Finding(
                MANIFEST,
                "is missing: the run was not finished, or its seal was taken away",
                "nothing proves what this folder holds beyond its own chains",
            )
            return
        try:
            self.manifest = parsed_manifest(content(self._files, MANIFEST, LONGEST_MANIFEST))
        except ManifestError as error:
            yield Finding(MANIFEST, error.what, _CHANGED)

    def _of_the_signers(self, manifest: Manifest) -> Iterator[Finding]:
        made = _moment(manifest.made)
        if made is None:
            yield Finding(MANIFEST, f"tells no time with its zone, but {manifest.made!r}", _CHANGED)
        for signature in self.signatures:
            if signature.run not in (None, manifest.run):
                yield Finding(SIGNATURES, f"was made for the run {signature.run}", f"this is {manifest.run}")
        if made is not None:
            yield from too_early(SIGNATURES, self.signatures, made, manifest.made)

    def _of_the_salts(self, manifest: Manifest) -> Iterator[Finding]:
        salted = [file.name for file in manifest.files if file.salted_sm3 is not None]
        if SALTS not in self._names:
            return
        try:
            self._salts = parsed_salts(content(self._files, SALTS, LONGEST_MANIFEST), salted)
        except ManifestError as error:
            yield Finding(SALTS, error.what, _CHANGED)

    def _of_listed(self, file: ListedFile, manifest: Manifest) -> Iterator[Finding]:
        chained = file.publication == "redacted"
        if self.twin and file.publication != "whole":
            if file.name in self._names:
                yield Finding(file.name, "stands in full in a redacted twin", _MIXED)
            if chained:
                yield from self._of_chained(redacted_name(file.name), file, manifest)
            return
        if file.name not in self._names:
            yield Finding(file.name, "is missing", "it was there when the run was sealed")
            return
        if file.salted_sm3 is not None:
            yield from self._of_salted(file)
            return
        size, digest = measured(self._files, file.name, file.size or 0)
        same = (size, digest) == (file.size, file.sm3)
        broken = list(self._of_chained(file.name, file, manifest)) if chained else []
        yield from broken
        if not same and not broken:
            yield Finding(file.name, _otherwise(size, file.size or 0), _CHANGED)
        self.sound += same

    def _of_salted(self, file: ListedFile) -> Iterator[Finding]:
        salt = self._salts.get(file.name)
        if salt is None:
            yield Finding(file.name, f"cannot be checked without its salt in {SALTS}", _CHANGED)
            return
        size, digest = measured(self._files, file.name, LONGEST_WITHHELD, salt)
        if size > LONGEST_WITHHELD:
            yield Finding(file.name, f"is longer than {LONGEST_WITHHELD} bytes, as no file of a run is", _CHANGED)
        elif digest != file.salted_sm3:
            yield Finding(file.name, "holds other bytes: its salted SM3 is not the one listed", _CHANGED)
        else:
            self.sound += 1

    def _of_chained(self, name: str, file: ListedFile, manifest: Manifest) -> Iterator[Finding]:
        """Of a chained file in full, or of the one that stands for it in a twin."""
        if name not in self._names:
            yield Finding(name, "is missing", "no twin is whole without it")
            return
        said = manifest.chains.get(file.name)
        found = self._followed(name, file.name, manifest.run)
        if found.broken is not None:
            yield found.broken
        elif said is None:
            yield Finding(MANIFEST, f"tells no chain of {file.name}", _CHANGED)
        elif found.torn:
            yield Finding(f"{name} line {found.records + 1}", f"is torn: {found.torn} bytes of it are left", _CHANGED)
        elif (found.records, found.head) != (said.records, said.head):
            yield Finding(name, _ends_otherwise(found.records, said.records), _CHANGED)
        else:
            self.sound += self.twin

    def _of_unlisted(self, manifest: Manifest) -> Iterator[Finding]:
        listed = {MANIFEST, SIGNATURES, *(file.name for file in manifest.files), *(_REDACTED if self.twin else ())}
        for chained in sorted(set(manifest.chains) - listed):
            yield Finding(MANIFEST, f"tells a chain of {chained}, which it does not list", _CHANGED)
        for name in sorted(self._names - listed):
            if (added := addition_of(name)) is not None:
                yield from _or_damage(self._of_addition(name, added, manifest))
            elif name == LOCK:
                yield Finding(name, "says that a process is at work here", "wait for its end; if none is, remove it")
            else:
                yield Finding(name, "is in no list of this run", "it was put there after the run was sealed")

    def _of_folders(self, manifest: Manifest) -> Iterator[Finding]:
        """Of folders in which nothing stands or should: their names too can tell what nobody signed."""
        here = [file.name for file in manifest.files if not self.twin or file.publication == "whole"]
        needed = {parent.as_posix() for name in (*self._names, *here) for parent in PurePosixPath(name).parents}
        for folder in sorted(set(self._files.folders) - needed):
            yield Finding(
                f"{folder}/", "is a folder for no file of this run", "it was put there after the run was sealed"
            )

    def _of_addition(self, name: str, added: str, manifest: Manifest) -> Iterator[Finding]:
        if name != added:
            if added not in self._names:
                yield Finding(name, f"is a signature without {added}", "the file it belongs to was taken away")
            return
        run = SealedRun(manifest.run, _moment(manifest.made), manifest.made, self.signatures)
        outcome = examine_addition(self._files, added, self._centre, self._now, run)
        if isinstance(outcome, Finding):
            yield outcome
        else:
            self.additions[added] = outcome

    def _of_loose_chains(self) -> Iterator[Finding]:
        """Of a run that was never sealed: how far its chains hold by themselves."""
        loose = [(name, chained) for chained in CHAINED for name in (chained, redacted_name(chained))]
        run = self._told_run() if RUN in self._names else None
        if run is None:
            yield Finding(RUN, "tells no name of a run", "its chains begin with it: they cannot be followed without")
        for name, chained in loose if run is not None else ():
            if name in self._names:
                yield from _or_damage(self._of_loose(name, chained, run or ""))
        if LOCK in self._names:
            self.remarks.append(f"{LOCK} says that a process is at work here, or was killed")

    def _told_run(self) -> str | None:
        """Name of the run as ``run.json`` tells it."""
        with contextlib.suppress(DamagedError, ValueError, RecursionError, KeyError, TypeError):
            run = json.loads(content(self._files, RUN, LONGEST_MANIFEST))["run"]
            return run if isinstance(run, str) else None
        return None

    def _of_loose(self, name: str, chained: str, run: str) -> Iterator[Finding]:
        found = self._followed(name, chained, run)
        if found.broken is not None:
            yield found.broken
        if found.torn:
            self.remarks.append(f"{name} ends in {found.torn} bytes of a torn record, as a crash leaves it")

    def _followed(self, name: str, chained: str, run: str) -> Followed:
        found = follow_lines(self._files, name, chained, run=run, twin=name != chained)
        self.records[name] = found.records
        return found


def _or_damage(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Findings, and what is said of a file that turns out to be damaged while it is read."""
    try:
        yield from findings
    except DamagedError as error:
        yield error.finding


def _moment(text: str) -> datetime | None:
    with contextlib.suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is not None else None
    return None


def _otherwise(size: int, listed: int) -> str:
    if size > listed:
        return f"is longer than the {listed} bytes it had"
    if size < listed:
        return f"has {size} bytes and had {listed}"
    return f"has its {listed} bytes, but others: their SM3 is not the one listed"


def _ends_otherwise(records: int, said: int) -> str:
    if records == said:
        return f"has its {said} records, but others"
    return f"has {records} records that hold together, and had {said}"
