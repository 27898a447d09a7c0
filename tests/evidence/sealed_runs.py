"""Small runs that are sealed and signed as real ones are, made without a bench: a few kilobytes in a few files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evidence.chain import Chain
from evidence.keys.folder import load_signer
from evidence.keys.making import keys_in_files, make_centre, make_signer
from evidence.keys.signer import Signer
from evidence.manifest import MANIFEST, write_manifest
from evidence.redaction import HIDDEN_IN
from evidence.signed import sign
from evidence.signer_certificates import AUTHORISER, LABORATORY, Holder, Validity

PASSWORD = "a synthetic one"
FEW_ROUNDS = keys_in_files(PASSWORD, iterations=1)
MADE = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SIGNED = MADE + timedelta(hours=1)
NOW = MADE + timedelta(days=700)
VALID = Validity(MADE - timedelta(days=10), MADE + timedelta(days=400))
NAME = "20260302-093000-specimen"
REPORT = "report-2026-0001-zh.pdf"
HIDDEN = "6217003110001234567"
"""A text in the journal and in an observation that no publication may show."""


@dataclass(frozen=True)
class Signers:
    """Both signers and what a verifier needs."""

    laboratory: Signer
    authoriser: Signer
    centre: bytes

    @property
    def both(self) -> tuple[Signer, Signer]:
        return self.laboratory, self.authoriser


def make_signers(folder: Path, name: str = "发证中心") -> Signers:
    """A centre with its two signers below a folder."""
    make_centre(folder / "centre", name, "样本", VALID, FEW_ROUNDS)
    return add_signers(folder, folder / "centre", "样本")


def add_signers(folder: Path, centre: Path, organisation: str) -> Signers:
    """Two signers of an organisation below a folder, with certificates by the centre whose folder that is."""
    issuer = load_signer(centre, PASSWORD)
    signers = []
    for role, who in ((LABORATORY, "甲"), (AUTHORISER, "乙")):
        make_signer(folder / role, Holder(who, role, organisation), VALID, issuer, FEW_ROUNDS)
        signers.append(load_signer(folder / role, PASSWORD))
    return Signers(*signers, issuer.centre)


def make_run(folder: Path, records: int = 6, name: str = NAME) -> Path:
    """A run that is finished and not sealed yet."""
    (folder / "pictures").mkdir(parents=True)
    wire = {"channel": "scanner", "dir": "rx", "hex": f"{HIDDEN}0d"}
    event = {"channel": "run", "dir": "event", "what": "frame", "detail": {"text": "甲", "x": 1.5}}
    numbers = range(1, records + 1)
    journal = [{"n": number, "t_ns": 10**15 + number, **(wire if number % 2 else event)} for number in numbers]
    observed = {"requirement": "EHC-TRM-001", "measure": "outcome", "value": "exact"}
    detail = {"shown": HIDDEN}
    observations = [{**observed, "journal": [number, number], "detail": detail} for number in numbers[::2]]
    write_chained(folder / "journal.jsonl", journal, name)
    write_chained(folder / "observations.jsonl", observations, name)
    documents = {
        "run.json": {"schema": 1, "run": name, "state": "finished"},
        "verdicts.json": {"overall": "PASS", "rows": {"EHC-TRM-001": "PASS"}},
        "catalogue.json": {"EHC-TRM-001": {"title": "读码"}},
    }
    for file, told in documents.items():
        (folder / file).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / "report.html").write_text("<!doctype html><title>报告</title>\n", encoding="utf-8")
    (folder / "pictures" / "EHC-TRM-001-shown-01.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(64)))
    return folder


def write_chained(path: Path, records: Iterable[Mapping[str, object]], run: str = NAME) -> None:
    """A chained file."""
    chain, hidden = Chain(path.name, run=run), HIDDEN_IN[path.name]
    path.write_text("".join(chain.line(record, hidden(record)) for record in records), encoding="utf-8")


def seal(folder: Path, name: str = NAME) -> Path:
    """Seal a run that is finished."""
    write_manifest(folder, name, MADE)
    return folder


def sign_run(folder: Path, *signers: Signer, name: str = NAME) -> Path:
    """Let signers sign a sealed run, an hour after it was sealed."""
    for minutes, signer in enumerate(signers):
        sign(folder / MANIFEST, signer, SIGNED + timedelta(minutes=minutes), run=name)
    return folder


def add_report(folder: Path, *signers: Signer, name: str = REPORT, run: str | None = NAME, hours: int = 1) -> Path:
    """Add a report to a signed run, or a certificate, signed so many hours after the run was."""
    report = folder / name
    report.write_bytes(b"%PDF-1.7\n%%EOF\n")
    for signer in signers:
        sign(report, signer, SIGNED + timedelta(hours=hours), run=run)
    return report


def copied(folder: Path, to: Path) -> Path:
    """A copy of a run to do harm to."""
    shutil.copytree(folder, to)
    return to


def read_all(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
