"""``xiangka waiver check``: whether waivers count today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from certification.catalogue import load_catalogue
from certification.exit_codes import ExitCode
from certification.subject_file import load_subject
from certification.waivers import FiledWaiver, State, WeighedWaiver
from reports.waiver_files import ROLES, read_all
from xiangka.waived import read_centre


def check_waivers(paths: Sequence[Path], centre: Path | None, subject_file: Path | None) -> int:
    """Tell of each waiver whether it counts; returns the exit code, 1 where one does not.

    Args:
        paths: files of waivers.
        centre: the centre's public certificates; without them none counts.
        subject_file: the subject they are to be used for; None to leave that open.

    Raises:
        PlanError: a file is no waiver, or cannot be read.
    """
    subject = None if subject_file is None else load_subject(subject_file)
    today = datetime.now(UTC).astimezone().date()
    kept_back = False
    for one in read_all(paths, load_catalogue(), read_centre(centre)):
        identity = subject.identity if subject is not None else None
        state = one.standing(identity, today)
        kept_back |= state is not None
        print(_told(one, state))
    return ExitCode.FAILED if kept_back else ExitCode.PASSED


def _told(one: FiledWaiver, state: State | None) -> str:
    if state is not None and (said := WeighedWaiver(one, state).remark()) is not None:
        return f"{said.zh} · {said.en}"
    waiver = one.waiver
    signers = "、".join(f"{ROLES[role].zh} {name}" for role, name in one.signed_by.items())
    return (
        f"{waiver.id}（{waiver.requirement}）有效至 {waiver.expires}，{signers} 签署 · "
        f"counts until {waiver.expires}, signed by {', '.join(one.signed_by.values())}"
    )
