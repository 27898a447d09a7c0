"""``run.json``: what a run records of itself, written anew after every row."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certification.catalogue import Text
from certification.exit_codes import ExitCode
from certification.json_text import json_text
from certification.verdicts import SCHEMA
from evidence.redaction import JOURNAL, OBSERVATIONS
from rigs.calibration import instruments_of
from rigs.disk import told_of_the_disk
from xiangka.fingerprints import fingerprints
from xiangka.scenarios import ROOT
from xiangka.versions import machine

if TYPE_CHECKING:
    from xiangka.certification_run import CertificationRun

EMULATED_STATEMENT = Text(
    zh="模拟设备运行，不构成任何认证。",
    en="An emulated run certifies nothing.",
)
HARDWARE_STATEMENT = Text(
    zh="本报告仅为测试记录；认证须由授权人签署。",
    en="This report is a record of tests; a certificate needs an authorised signature.",
)


def run_record(run: CertificationRun, state: str, code: ExitCode | None, overall: str | None) -> dict[str, Any]:
    """The record of a run; ``state`` is running, finished, interrupted or aborted."""
    emulated = run.bench_file.emulated
    statement = EMULATED_STATEMENT if emulated else HARDWARE_STATEMENT
    return {
        "schema": SCHEMA,
        "run": run.name,
        "started": run.started,
        "finished": None if code is None else datetime.now(UTC).astimezone().isoformat(timespec="seconds"),
        "state": state,
        "overall": overall,
        "exit_code": None if code is None else int(code),
        "sittings": [sitting.as_record() for sitting in run.sittings],
        "emulated": emulated,
        "statement": statement.model_dump(),
        "plan": {
            "name": run.plan.name,
            "only": sorted(run.options.only),
            "execute": sorted(run.plan.execute),
            "chosen": sorted(run.plan.chosen),
        },
        "befell": {"invalid": run.invalid, "invalid_load": run.invalid_load, "broken": run.broken},
        "circumstances": {
            requirement: {"verdict": found.verdict, "reason": found.reason.model_dump()}
            for requirement, found in {**run.plan.left_out, **run.circumstances}.items()
        },
        "seed": run.options.seed,
        "defect": run.options.defect,
        "subject": {**run.subject.model_dump(mode="json"), "file": _shown(run.options.subject_file)},
        "identity_read": asdict(run.run.identity),
        "bench": {"file": _shown(run.options.bench), "settings": run.bench_file.settings()},
        "fingerprints": _fingerprints(run),
        "instruments": _instruments(run),
        "photographs": run.photographs,
        **run.stated.as_record(),
        **run.waived.as_record(),
        "versions": run.made_with,
        "machine": machine(),
        **_of_the_kind(run),
        "chains": {JOURNAL: asdict(run.journal.on_disk), OBSERVATIONS: asdict(run.run.evidence.on_disk)},
        "durations": {key: round(value, 3) for key, value in run.durations.items()},
        "notes": [note.model_dump() for note in run.notes],
        "forms": [form.as_record() for form in run.forms] if run.earlier is None else run.earlier.record["forms"],
    }


def _fingerprints(run: CertificationRun) -> dict[str, Any] | None:
    """What the rows rest on, as it stood when the run began; None for one begun before that was recorded."""
    if run.earlier is not None:
        return run.earlier.record.get("fingerprints")
    rows = [run.catalogue[row] for row in sorted(run.plan.execute)]
    return fingerprints(rows, run.subject, run.bench_file).as_record()


def _instruments(run: CertificationRun) -> list[dict[str, Any]]:
    """What the run measured with, and how each calibration stood when it began."""
    began = datetime.fromisoformat(run.started).date()
    found = (asdict(one) for one in instruments_of(run.bench_file, began, run.bench.instruments))
    return [
        {key: value.isoformat() if isinstance(value, date) else value for key, value in one.items()} for one in found
    ]


def _of_the_kind(run: CertificationRun) -> dict[str, Any]:
    """What a run records of a subject of its kind alone."""
    if run.bench_file.scanner is None:
        return {"mode": run.bench.admin.mode}
    return {"reads": run.run.station.reads, "clock_factor": run.bench.scanner.time_scale}


def _shown(path: Path | None) -> str | None:
    if path is None:
        return None
    resolved = path.resolve()
    return str(resolved.relative_to(ROOT)) if resolved.is_relative_to(ROOT) else path.name


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a document in a single step that a power cut leaves done or undone.

    Raises:
        NoRoomError: the disk takes no more; an earlier document is as it was.
    """
    partial = path.with_suffix(".partial")
    try:
        with told_of_the_disk(path):
            with partial.open("w", encoding="utf-8") as file:
                file.write(json_text(content))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
