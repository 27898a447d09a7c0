"""Runs ``xiangka certify`` as a user would, and reads what it left behind."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from reports.judged_run import judged_again


@dataclass(frozen=True)
class Ended:
    """A run that is over: its exit code, verdicts by requirement, whole verdict file, and what it said."""

    exit_code: int
    verdicts: dict[str, str]
    document: dict
    said: str
    folder: Path

    def planned(self) -> dict[str, str]:
        return {row["requirement"]: row["verdict"] for row in self.document["verdicts"] if row["planned"]}

    def failures(self) -> set[str]:
        return {requirement for requirement, verdict in self.verdicts.items() if verdict == "FAIL"}


def certify(folder: Path, *arguments: str, timeout_s: float = 900) -> Ended:
    ended = subprocess.run(
        [sys.executable, "-m", "xiangka", "certify", "--out", str(folder), *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    file = folder / "verdicts.json"
    document = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"verdicts": []}
    assert not file.exists() or judged_again(folder).sound, "the verdicts do not follow from the evidence"
    verdicts = {row["requirement"]: row["verdict"] for row in document["verdicts"]}
    return Ended(ended.returncode, verdicts, document, ended.stderr, folder)
