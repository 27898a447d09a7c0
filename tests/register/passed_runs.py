"""Runs as a bench would leave them, made without one and signed by both: every verdict follows from what they keep."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from certification.catalogue import VERSION, SubjectKind, Text, load_catalogue
from certification.catalogue_file import CATALOGUE, catalogue_text
from certification.json_text import json_text
from certification.laboratory import load_laboratory
from certification.last_word import last_word
from certification.options import TerminalOptions
from certification.plan import does_not_apply
from certification.standing import Standing, verdicts_document
from certification.verdicts import Circumstance, Row, Verdict
from evidence.chain import Chain
from evidence.keys.folder import CENTRE_FILE, load_signer, write_new
from evidence.keys.making import keys_in_files, make_centre, make_signer
from evidence.keys.signer import Signer
from evidence.keys.specimen import NAMES, PASSWORD, PASSWORD_FILE, make_specimen
from evidence.manifest import MANIFEST, write_manifest
from evidence.redaction import HIDDEN_IN
from evidence.signed import sign
from evidence.signer_certificates import CENTRE, ROLES, Holder, Validity
from tests.register.sufficient_evidence import MEASURED, sufficient

LABORATORY_FILE = Path("fixtures/laboratories/specimen.toml")
LABORATORY_NAME = "样本检测实验室"
"""As that file names it."""
OPTIONS = dict.fromkeys(TerminalOptions.model_fields, "no")


def firmware_hash(version: str) -> str:
    """A SHA-256 as a vendor would file it."""
    return hashlib.sha256(f"firmware {version}".encode()).hexdigest()


@dataclass(frozen=True)
class Told:
    """What a run tells of itself.

    Attributes:
        verdicts: verdicts of rows that did not pass; one not assessed was not planned.
        only: the only rows that were asked for; empty for all of them.
        ended: when the run ended, in days from now.
        changes: fields of ``run.json`` to be different; its verdicts are those of the run so changed.
        identity: fields of the subject's identity to be different.
        waivers: fields of waivers to be different from one of EHC-TRM-003; each signed by the authoriser.
    """

    name: str = "20261127-100000-ab12"
    firmware: str = "V1.23"
    model: str = "XJ-Q30"
    emulated: bool = False
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    ended: float = -1.5
    changes: Mapping[str, Any] = field(default_factory=dict)
    identity: Mapping[str, str] = field(default_factory=dict)
    waivers: tuple[Mapping[str, str], ...] = ()

    @property
    def assessed(self) -> list[str]:
        """Rows the run was to assess."""
        left_out = (Verdict.NOT_ASSESSED, Verdict.NOT_APPLICABLE)
        return [row for row in self.only or MEASURED if self.verdicts.get(row) not in left_out]


def specimen_keys(folder: Path) -> Path:
    """Keys of a centre and both signers that have been valid for two days."""
    make_specimen(folder, datetime.now(UTC) - timedelta(days=2))
    return folder


def hardware_keys(folder: Path, laboratory: str = LABORATORY_NAME) -> Path:
    """Keys of a centre that are no specimens, the laboratory's made out to a laboratory of this name."""
    validity, made = Validity.days(datetime.now(UTC) - timedelta(days=2), 3650), keys_in_files(PASSWORD, 1000)
    folder.mkdir()
    make_centre(folder / CENTRE, NAMES[CENTRE], "样本发证中心", validity, made)
    centre = load_signer(folder / CENTRE, PASSWORD)
    for role in ROLES:
        make_signer(folder / role, Holder(NAMES[role], role, laboratory), validity, centre, made)
    write_new(folder, {PASSWORD_FILE: f"{PASSWORD}\n".encode(), CENTRE_FILE: centre.centre})
    return folder


def signer(keys: Path, role: str) -> Signer:
    return load_signer(keys / role, PASSWORD)


def passed_run(folder: Path, keys: Path, told: Told, roles: tuple[str, ...] = ROLES) -> Path:
    """A run folder, sealed and signed as soon as the run ended."""
    run = folder / told.name
    run.mkdir(parents=True)
    observed = [one for row in told.assessed if row not in told.verdicts for one in sufficient(row)]
    record = _record(told) | dict(told.changes)
    standing = Standing.from_record(record)
    rows = standing.rows(load_catalogue(), observed)
    word = _word(standing, rows)
    _write(run / "run.json", {**record, "overall": word})
    _write(run / "verdicts.json", verdicts_document(told.name, word, rows))
    (run / CATALOGUE).write_text(_catalogue(), encoding="utf-8")
    _chained(run / "observations.jsonl", told.name, [one.as_record() for one in observed])
    _chained(run / "journal.jsonl", told.name, [{"n": 1, "t_ns": 1, "channel": "scanner", "dir": "rx", "hex": "0d"}])
    for number, waiver in enumerate(told.waivers):
        _waive(run / "waivers", number, {"firmware": told.firmware, "model": told.model, **waiver}, keys)
    seal(run, keys, told, roles)
    return run


def seal(run: Path, keys: Path, told: Told, roles: tuple[str, ...] = ROLES) -> None:
    """Seal a run folder and sign it, in place of an earlier seal, right after it ended."""
    for earlier in (run / MANIFEST, run / "manifest.sig"):
        earlier.unlink(missing_ok=True)
    made = datetime.now(UTC) + timedelta(days=told.ended)
    write_manifest(run, told.name, made)
    for minutes, role in enumerate(roles, 1):
        sign(run / MANIFEST, signer(keys, role), made + timedelta(minutes=minutes), run=told.name)


def _record(told: Told) -> dict[str, Any]:
    identity = {
        "vendor": "湘江智能 Xiangjiang",
        "model": told.model,
        "serial": "XJ30-000417",
        "hardware": "V2.10",
        "firmware": told.firmware,
        "firmware_sha256": firmware_hash(told.firmware),
        "filing_number": "检测备案〔2026〕0417 号",
        **told.identity,
    }
    ended = datetime.now(UTC) + timedelta(days=told.ended)
    return {
        "schema": 1,
        "run": told.name,
        "started": (ended - timedelta(hours=1)).isoformat(timespec="seconds"),
        "finished": ended.isoformat(timespec="seconds"),
        "state": "finished",
        "exit_code": 0,
        "emulated": told.emulated,
        "plan": {"name": "full", "only": list(told.only), "execute": told.assessed, "chosen": told.assessed},
        "befell": {"invalid": False, "invalid_load": False, "broken": False},
        "circumstances": _circumstances(told),
        "durations": dict.fromkeys(told.assessed, 1.0),
        "seed": 1,
        "defect": None,
        "subject": {"kind": "terminal", "identity": identity, "options": OPTIONS, "file": "subjects/q30.toml"},
        "bench": {"file": "benches/desk-3.toml", "settings": _bench(told)},
        "versions": {"xiangka": "0.1.0", "catalogue": VERSION, "commit": "4f2c9a1"},
        "laboratory": load_laboratory(LABORATORY_FILE).model_dump(mode="json"),
    }


def _waive(folder: Path, number: int, said: Mapping[str, str], keys: Path) -> None:
    folder.mkdir(exist_ok=True)
    file, signed = folder / f"{number}.toml", datetime.now(UTC) - timedelta(days=1.9)
    file.write_text(
        f"""waiver = 1
id = "{said.get("id", "W-1")}"
kind = "{said.get("kind", "waiver")}"
requirement = "{said.get("requirement", "EHC-TRM-003")}"
approved_by = "样本中心"
issued = {said.get("issued", signed.date())}
expires = {said["expires"]}
reason = {{ zh = "略", en = "so it was" }}
subject = {{ vendor = "湘江智能 Xiangjiang", model = "{said["model"]}", firmware = "{said["firmware"]}" }}
""",
        encoding="utf-8",
    )
    if "unsigned" not in said:
        sign(file, signer(keys, said.get("by", "authoriser")), signed + timedelta(days=float(said.get("later", 0))))


@cache
def _catalogue() -> str:
    return catalogue_text(load_catalogue())


def _bench(told: Told) -> dict[str, Any]:
    return {"name": "desk 3", "scanner": {"driver": "gm65"} | ({"emulated": {}} if told.emulated else {})}


def _circumstances(told: Told) -> dict[str, Any]:
    """Why rows have another verdict than observations give them, as ``run.json`` keeps it."""
    said = Text(zh="略", en="so it was")
    found = {}
    for requirement in load_catalogue().asked_of(SubjectKind.TERMINAL):
        row = requirement.id
        if row in told.verdicts:
            found[row] = Circumstance(told.verdicts[row], said)
        elif requirement.applies_if is not None:
            found[row] = does_not_apply(declared=True)
        elif row not in told.assessed:
            found[row] = Circumstance(Verdict.NOT_ASSESSED, said)
    return {row: {"verdict": one.verdict, "reason": one.reason.model_dump()} for row, one in found.items()}


def _word(standing: Standing, rows: list[Row]) -> str:
    befell = {"invalid": standing.invalid, "invalid_load": standing.invalid_load, "broken": standing.broken}
    return last_word(rows, standing.state, **befell)[1]


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json_text(document), encoding="utf-8")


def _chained(path: Path, run: str, records: list[dict[str, Any]]) -> None:
    chain, hidden = Chain(path.name, run=run), HIDDEN_IN[path.name]
    path.write_text("".join(chain.line(record, hidden(record)) for record in records), encoding="utf-8")
