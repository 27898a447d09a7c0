"""Whether a run, or its redacted twin, is what was signed. Needs the files and the centre's certificates, nothing else.

What is looked at, in this order: the signatures over the manifest, the manifest itself, every file it lists with its
chain, every file it does not list, and what was signed and added afterwards.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from evidence.examination import Examination
from evidence.findings import DamagedError, Finding, UnreadableError
from evidence.run_files import FolderFiles, RunFiles
from evidence.signed import Signature
from evidence.signer_certificates import ROLES, Centre
from evidence.zip_files import ZipFiles


@dataclass(frozen=True)
class Verification:
    """What was found.

    Attributes:
        findings: everything that does not match, the first first; none means that the run is what was signed.
        run: name of the run; None where no manifest tells it.
        twin: it is the redacted twin.
        signatures: signatures over the manifest that hold.
        additions: signatures that hold, by name of the file that was signed and added to the run.
        files: number of files that are as the manifest lists them.
        records: lines whose chain holds, by name of the file.
        remarks: what else is to be said, each a sentence without a full stop.
        of_the_place: those of the remarks that are about where the files stand, a ZIP without a seal.
    """

    findings: tuple[Finding, ...]
    run: str | None
    twin: bool
    signatures: tuple[Signature, ...]
    additions: Mapping[str, tuple[Signature, ...]]
    files: int
    records: Mapping[str, int]
    remarks: tuple[str, ...]
    of_the_place: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether everything asked for holds."""
        return not self.findings


def verify(path: Path, centre: bytes | None, now: datetime, signed_by: Collection[str] = ROLES) -> Verification:
    """Verify a folder or a ZIP.

    Args:
        path: a run's folder, its redacted twin, or a ZIP of either.
        centre: the centre's root certificates, PEM; None to trust nobody, so that no signature asked for holds.
        now: a signature made later than this does not hold.
        signed_by: roles whose signatures the run must bear.

    Raises:
        UnreadableError: a file cannot be read here, so that nothing can be said.
        SignatureError: the centre's file is none.
    """
    try:
        with opened(path) as files:
            return verify_files(files, centre, now, signed_by)
    except DamagedError as error:
        return Verification((error.finding,), None, False, (), {}, 0, {}, ())


def verify_files(
    files: RunFiles, centre: bytes | None, now: datetime, signed_by: Collection[str] = ROLES
) -> Verification:
    """Verify the files of a run; see `verify`."""
    if centre is not None:
        Centre(centre)
    seen = Examination(files, centre, now, signed_by)
    findings = tuple(seen.findings())
    run = None if seen.manifest is None else seen.manifest.run
    return Verification(
        findings,
        run,
        seen.twin,
        tuple(seen.signatures),
        seen.additions,
        seen.sound,
        seen.records,
        remarks=(*files.remarks, *seen.remarks),
        of_the_place=files.remarks,
    )


@contextlib.contextmanager
def opened(path: Path) -> Iterator[RunFiles]:
    """The files of a folder or of a ZIP.

    Raises:
        UnreadableError: it cannot be read here.
        DamagedError: it is no sound ZIP.
    """
    if path.is_dir():
        yield FolderFiles(path)
        return
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a device or a pipe may have no end
            raise UnreadableError(str(path), "is neither a folder nor a file")
        archive = path.open("rb")
    except OSError as error:
        raise UnreadableError(str(path), error.strerror or "cannot be read") from error
    with archive:
        yield ZipFiles(archive, path.name)
