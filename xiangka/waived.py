"""The waivers of a run: taken in when it begins, kept in its folder, weighed when it ends."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certification.catalogue import Catalogue, Text
from certification.errors import PlanError
from certification.exit_codes import ExitCode
from certification.subject import Identity
from certification.verdicts import Row, Verdict
from certification.waivers import State, WeighedWaiver, overall_with_waivers, weigh
from evidence.chain import sm3
from evidence.errors import SignatureError
from evidence.signed import signature_path
from evidence.signer_certificates import Centre
from reports.waiver_files import SUFFIX, read_all, signatures_of

if TYPE_CHECKING:
    from xiangka.asked import RunOptions
    from xiangka.resuming import EarlierRun

KEPT, RUN = "waivers", "run.json"
"""Folder of a run that keeps them, their signatures, and the certificates these were checked with; its record."""
_CENTRE = "centre.pem"
_ASK = "ask the centre for its public certificates (centre.pem)"
_CODES = {Verdict.PASS: ExitCode.PASSED, Verdict.FAIL: ExitCode.FAILED, Verdict.RIG_ERROR: ExitCode.RIG_ERROR}


class Waived:
    """Waivers of a run.

    Args:
        paths: files given, with their signatures beside them.
        centre: file with the centre's root certificates, PEM; None where none was given.
        catalogue: the catalogue of the run.

    Raises:
        PlanError: a file is no waiver, or cannot be read.
    """

    def __init__(self, paths: Sequence[Path], centre: Path | None, catalogue: Catalogue) -> None:
        self._paths, self._centre = tuple(paths), centre
        self._filed = read_all(paths, catalogue, read_centre(centre)) if paths else ()
        self._weighed: list[WeighedWaiver] = []
        self._overall: str | None = None

    @classmethod
    def of(cls, options: RunOptions, catalogue: Catalogue, earlier: EarlierRun | None) -> Waived:
        """The waivers a run was given, or those an earlier sitting of it took in.

        Raises:
            PlanError: a file is no waiver, or cannot be read.
        """
        if earlier is None:
            return cls(options.waivers, options.centre, catalogue)
        kept = earlier.folder / KEPT
        centre = kept / _CENTRE
        return cls(sorted(kept.glob(f"*{SUFFIX}")), centre if centre.is_file() else None, catalogue)

    def keep(self, folder: Path) -> None:
        """Copy them into a run's folder, with what their signatures are checked by."""
        kept = folder / KEPT
        if not self._paths or kept.exists():
            return
        kept.mkdir()
        for path in self._paths:
            shutil.copyfile(path, kept / path.name)
            if (signature := signature_path(path)).is_file():
                shutil.copyfile(signature, kept / signature.name)
        if self._centre is not None:
            shutil.copyfile(self._centre, kept / _CENTRE)

    def weigh(
        self,
        rows: Sequence[Row],
        identity: Identity,
        code: ExitCode,
        overall: str,
        *,
        began: datetime,
        broken: bool,
    ) -> ExitCode:
        """See what becomes of each; returns the exit code of the run with them.

        Args:
            rows: verdicts of the run.
            identity: its subject, as filed.
            code, overall: exit code and word without waivers; a word beside PASS and FAIL stands.
            began: when the run began.
            broken: whether the bench failed, so that nothing can pass.
        """
        if not self._filed:
            return code
        self._weighed = weigh(self._filed, rows, identity, datetime.now(UTC).astimezone().date(), began)
        if overall not in (Verdict.PASS, Verdict.FAIL):
            return code
        found = overall_with_waivers(rows, self._weighed)
        if broken and found is not Verdict.FAIL:
            found = Verdict.RIG_ERROR
        self._overall = str(found)
        return _CODES.get(found, ExitCode.OPEN)

    @property
    def notes(self) -> list[Text]:
        """What a reader must be told of them."""
        return [said for one in self._weighed if (said := one.remark()) is not None]

    def accepting(self, requirement: str) -> str:
        """Numbers of the waivers a row may fail under, each behind a blank; empty for none."""
        return "".join(f" {one.filed.waiver.id}" for one in self._weighed if one.accepts(requirement))

    @property
    def overall(self) -> str | None:
        """The word over the run with its waivers; None where it had none, or came to no verdict at all."""
        return self._overall

    def as_record(self) -> dict[str, Any]:
        """What ``run.json`` records of them."""
        return {"waivers": [one.as_record() for one in self._weighed], "overall_with_waivers": self._overall}


def digests_of(paths: Sequence[Path], centre: Path | None) -> dict[str, str]:
    """Names under which a run keeps these waivers, their signatures and the centre's certificates, with SM3, hex."""
    if not paths:
        return {}
    kept = {path.name: path for path in (*paths, *map(signature_path, paths)) if path.is_file()}
    if centre is not None:
        kept[_CENTRE] = centre
    return {name: sm3(path.read_bytes()).hex() for name, path in sorted(kept.items())}


def digests_kept(folder: Path) -> dict[str, str]:
    """The same of everything that stands among the waivers a run's folder keeps."""
    kept = folder / KEPT
    return {
        path.relative_to(kept).as_posix(): sm3(path.read_bytes()).hex()
        for path in sorted(kept.rglob("*"))
        if path.is_file()
    }


def require_of_centre(folder: Path, centre: bytes) -> None:
    """Refuse a run with a waiver that counted there and would not under this centre.

    Args:
        folder: a run that holds together.
        centre: the centre's root certificates, PEM.

    Raises:
        PlanError: the first such waiver.
    """
    for one in json.loads((folder / RUN).read_text(encoding="utf-8")).get("waivers", ()):
        if one["state"] not in (State.APPLIED, State.UNEXPECTED_PASS):
            continue
        why = signatures_of(folder / KEPT / one["file"], one["kind"], centre).why
        if why is not None:
            raise PlanError(
                f"the run counts {one['kind'].replace('_', ' ')} {one['id']}, and by this signer's centre {why.en}",
                where=str(folder),
                remedy="run it again with --centre naming that centre's certificates",
            )


def read_centre(path: Path | None) -> bytes | None:
    """The centre's root certificates; None where no file is named.

    Raises:
        PlanError: the file cannot be read, or holds no such certificates.
    """
    if path is None:
        return None
    try:
        centre = path.read_bytes()
        Centre(centre)
    except OSError as error:
        raise PlanError(f"cannot be read ({error.strerror})", where=str(path), remedy=_ASK) from error
    except SignatureError as error:
        raise PlanError(error.what, where=str(path), remedy=error.remedy) from error
    return centre
