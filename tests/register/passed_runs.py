"""Runs that passed, made without a bench and signed by both specimen signers: a few kilobytes each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from certification.catalogue import VERSION, Level, load_catalogue
from certification.laboratory import load_laboratory
from certification.options import TerminalOptions
from certification.verdicts import Row, Verdict
from evidence.chain import Chain
from evidence.keys.folder import load_signer
from evidence.keys.signer import Signer
from evidence.keys.specimen import PASSWORD, make_specimen
from evidence.manifest import MANIFEST, write_manifest
from evidence.redaction import HIDDEN_IN
from evidence.signed import sign

LABORATORY_FILE = Path("fixtures/laboratories/specimen.toml")
ROWS = ("EHC-TRM-001", "EHC-TRM-002", "EHC-TRM-003")
OPTIONS = dict.fromkeys(TerminalOptions.model_fields, "no")


def firmware_hash(version: str) -> str:
    """A SHA-256 as a vendor would file it."""
    return hashlib.sha256(f"firmware {version}".encode()).hexdigest()


@dataclass(frozen=True)
class Told:
    """What a run tells of itself.

    Attributes:
        verdicts: verdicts of rows that did not pass; one not assessed was not planned.
        changes: fields of ``run.json`` to be different.
    """

    name: str = "20261127-100000-ab12"
    firmware: str = "V1.23"
    model: str = "XJ-Q30"
    emulated: bool = False
    overall: str = "PASS"
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)


def specimen_keys(folder: Path) -> Path:
    """Keys of a centre and both signers that have been valid for two days."""
    make_specimen(folder, datetime.now(UTC) - timedelta(days=2))
    return folder


def signer(keys: Path, role: str) -> Signer:
    return load_signer(keys / role, PASSWORD)


def passed_run(folder: Path, keys: Path, told: Told, roles: tuple[str, ...] = ("laboratory", "authoriser")) -> Path:
    """A run folder, sealed and signed."""
    run = folder / told.name
    run.mkdir(parents=True)
    _write(run / "run.json", _record(told) | dict(told.changes))
    rows = [_row(name, told.verdicts.get(name, Verdict.PASS), emulated=told.emulated) for name in ROWS]
    _write(run / "verdicts.json", {"schema": 1, "run": told.name, "verdicts": [row.as_record() for row in rows]})
    observed = {"requirement": "EHC-TRM-001", "measure": "identity", "value": "conforms", "unit": "1", "t_ns": 1}
    _chained(run / "observations.jsonl", told.name, [{**observed, "journal": [1, 1]}])
    _chained(run / "journal.jsonl", told.name, [{"n": 1, "t_ns": 1, "channel": "scanner", "dir": "rx", "hex": "0d"}])
    made = datetime.now(UTC) - timedelta(hours=2)
    write_manifest(run, told.name, made)
    for minutes, role in enumerate(roles, 1):
        sign(run / MANIFEST, signer(keys, role), made + timedelta(minutes=minutes), run=told.name)
    return run


def _record(told: Told) -> dict[str, Any]:
    identity = {
        "vendor": "湘江智能 Xiangjiang",
        "model": told.model,
        "serial": "XJ30-000417",
        "hardware": "V2.10",
        "firmware": told.firmware,
        "firmware_sha256": firmware_hash(told.firmware),
        "filing_number": "检测备案〔2026〕0417 号",
    }
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return {
        "schema": 1,
        "run": told.name,
        "started": (yesterday - timedelta(hours=1)).isoformat(timespec="seconds"),
        "finished": yesterday.isoformat(timespec="seconds"),
        "state": "finished",
        "overall": told.overall,
        "exit_code": 0,
        "emulated": told.emulated,
        "plan": {"name": "full", "execute": list(ROWS)},
        "seed": 1,
        "defect": None,
        "subject": {"kind": "terminal", "identity": identity, "options": OPTIONS, "file": "subjects/q30.toml"},
        "bench": {"file": "benches/desk-3.toml", "settings": {"name": "desk 3"}},
        "versions": {"xiangka": "0.1.0", "catalogue": VERSION, "commit": "4f2c9a1"},
        "laboratory": load_laboratory(LABORATORY_FILE).model_dump(mode="json"),
    }


def _row(requirement: str, verdict: Verdict, *, emulated: bool) -> Row:
    demanded = load_catalogue()[requirement]
    return Row(
        requirement=requirement,
        verdict=verdict,
        level=Level.SHALL,
        method=demanded.method,
        emulated=emulated,
        planned=verdict is not Verdict.NOT_ASSESSED,
        title=demanded.title,
        reason=demanded.title,
        observations=1,
    )


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _chained(path: Path, run: str, records: list[dict[str, Any]]) -> None:
    chain, hidden = Chain(path.name, run=run), HIDDEN_IN[path.name]
    path.write_text("".join(chain.line(record, hidden(record)) for record in records), encoding="utf-8")
