"""A run folder, read and checked: the record of the run, its verdicts, its observations, the files beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from certification.catalogue import Level, Text
from certification.decision import ClauseResult, Outcome
from certification.json_text import json_value
from certification.observations import Observation, SetAside, from_line, in_force
from certification.people import PEOPLE, together
from certification.verdicts import SCHEMA, Row, Verdict, overall_verdict
from evidence.chain import bare
from reports.errors import ReportError
from reports.run_record import RunRecord

RUN, VERDICTS, OBSERVATIONS, JOURNAL, PICTURES, SUBJECT = (
    "run.json",
    "verdicts.json",
    "observations.jsonl",
    "journal.jsonl",
    "pictures",
    "subject",
)
_GIVEN = ("forms", "declarations", SUBJECT, "waivers", "captures", "scans")
"""Folders beside them: a person's forms with their photographs, a vendor's documents, photographs of the subject,
waivers, captured packets, reports of a search."""
_LOADS = "load"
"""Folder of the loads, each with a folder of its own."""
_PNG = b"\x89PNG\r\n\x1a\n"
_BLOCK = 1 << 20
_AGAIN = "run the plan again, or copy the whole folder of the run once more"


@dataclass(frozen=True)
class EvidenceFile:
    """One file of the run folder as the report found it.

    Attributes:
        name: path within the folder.
        size: bytes.
        records: lines of a ``.jsonl`` file, None for others.
        sha256: hash of the file, hex.
    """

    name: str
    size: int
    records: int | None
    sha256: str

    @property
    def of_load(self) -> bool:
        """Whether it is a part of a load's record, of which a run may hold many."""
        return self.name.startswith(f"{_LOADS}/")


@dataclass(frozen=True)
class RunFolder:
    """Everything a report tells.

    Attributes:
        path: the folder.
        run: the record of the run.
        rows: verdicts in catalogue order.
        observations: observations by requirement, in the order they were made.
        files: the folder's evidence files with their hashes.
        cut: files whose last line was cut off by the end of the run and left out.
    """

    path: Path
    run: RunRecord
    rows: tuple[Row, ...]
    observations: Mapping[str, list[Observation]]
    files: tuple[EvidenceFile, ...]
    cut: tuple[str, ...]

    def of(self, requirement: str) -> list[Observation]:
        """Observations of one requirement."""
        return self.observations.get(requirement, [])

    def picture(self, name: str) -> bytes | None:
        """A kept picture as PNG bytes, or None where the folder has no such PNG."""
        if Path(name).name != name:
            return None
        try:
            body = (self.path / PICTURES / name).read_bytes()
        except OSError:
            return None
        return body if body.startswith(_PNG) else None


def read_run_folder(path: Path) -> RunFolder:
    """Read and check a run folder.

    Raises:
        ReportError: a file is missing, cut short, not what it should be, or contradicts another.
    """
    if not path.is_dir():
        raise ReportError("there is no such folder", where=str(path), remedy="give the folder of a run")
    run = _run_record(path / RUN)
    rows = _rows(path / VERDICTS, run)
    observations, cut = _observations(path / OBSERVATIONS)
    named = [path / name for name in (VERDICTS, OBSERVATIONS, JOURNAL)]
    given = [file for folder in _GIVEN for file in sorted((path / folder).glob("*"))]
    given += sorted((path / _LOADS).glob("*/*"))
    files = tuple(_evidence(file, path) for file in (*named, *given) if file.is_file())
    return RunFolder(path, run, rows, observations, files, cut=(OBSERVATIONS,) if cut else ())


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ReportError("is missing", where=str(file), remedy=_AGAIN) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(f"cannot be read ({error})", where=str(file), remedy=_AGAIN) from error


def _document(file: Path) -> dict[str, Any]:
    try:
        document = json_value(_text(file))
    except json.JSONDecodeError as error:
        raise ReportError(
            f"is cut short or is not JSON: {error.msg}", where=f"{file}, line {error.lineno}", remedy=_AGAIN
        ) from error
    if not isinstance(document, dict):
        raise ReportError("does not hold a JSON object", where=str(file), remedy=_AGAIN)
    if document.get("schema") != SCHEMA:
        raise ReportError(
            f"has schema {document.get('schema')!r}, this version reads {SCHEMA}",
            where=str(file),
            remedy="make the report with the version of Xiangka the run was made with",
        )
    return document


def _run_record(file: Path) -> RunRecord:
    document = _document(file)
    if document.get("state") == "running":
        raise ReportError(
            "the run has not ended, or was killed before it could write its verdicts",
            where=str(file),
            remedy=f"wait for its end; if it was killed, `xiangka certify --resume {file.parent}` goes on with it",
        )
    try:
        return RunRecord.model_validate(_with_people(document, file.with_name(PEOPLE)))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ReportError(f"{field}: {first['msg']}", where=str(file), remedy=_AGAIN) from error


def _with_people(document: dict[str, Any], file: Path) -> dict[str, Any]:
    """The record with what it says of people; a publication has it without."""
    try:
        return together(document, json_value(_text(file)) if file.is_file() else None)
    except ValueError as error:
        raise ReportError(f"is not what stands beside {RUN}: {error}", where=str(file), remedy=_AGAIN) from error


def _rows(file: Path, run: RunRecord) -> tuple[Row, ...]:
    document = _document(file)
    if document.get("run") != run.run:
        raise ReportError(
            f"belongs to run {document.get('run')!r}, {RUN} to {run.run!r}",
            where=str(file),
            remedy="do not mix the files of two runs",
        )
    rows: list[Row] = []
    for position, record in enumerate(document.get("verdicts", ())):
        try:
            rows.append(_row(record))
        except (KeyError, TypeError, ValueError) as error:
            raise ReportError(
                f"is not a verdict ({type(error).__name__}: {str(error).splitlines()[0]})",
                where=f"{file}, verdicts[{position}]",
                remedy="judge the run again from its observations",
            ) from error
    if run.overall == "PASS" and overall_verdict(rows) is not Verdict.PASS:
        raise ReportError(
            f"the run is recorded as PASS, its rows give {overall_verdict(rows)}",
            where=str(file),
            remedy="judge the run again from its observations",
        )
    return tuple(rows)


def _row(record: dict[str, Any]) -> Row:
    return Row(
        **{
            **record,
            "verdict": Verdict(record["verdict"]),
            "level": Level(record["level"]),
            "title": Text.model_validate(record["title"]),
            "reason": Text.model_validate(record["reason"]),
            "clauses": tuple(_clause_result(clause) for clause in record["clauses"]),
        }
    )


def _clause_result(record: dict[str, Any]) -> ClauseResult:
    interval = record.get("interval")
    return ClauseResult(
        **{
            **record,
            "outcome": Outcome(record["outcome"]),
            "interval": None if interval is None else (float(interval[0]), float(interval[1])),
        }
    )


def _observations(file: Path) -> tuple[dict[str, list[Observation]], bool]:
    """Observations that count by requirement, and whether a last line was cut off."""
    text = _text(file)
    whole, _, tail = text.rpartition("\n")
    lines = list(_parsed(file, whole.split("\n") if whole else []))
    cut = False
    if tail.strip():
        try:
            lines.append(from_line(bare(json_value(tail))))
        except (AttributeError, KeyError, TypeError, ValueError):
            cut = True
    grouped: dict[str, list[Observation]] = {}
    for observation in in_force(lines):
        grouped.setdefault(observation.requirement, []).append(observation)
    return grouped, cut


def _parsed(file: Path, lines: list[str]) -> Iterator[Observation | SetAside]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield from_line(bare(json_value(line)))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ReportError(
                f"is not an observation ({type(error).__name__}: {error})",
                where=f"{file}, line {number}",
                remedy=_AGAIN,
            ) from error


def _evidence(file: Path, run: Path) -> EvidenceFile:
    digest, lines, size = hashlib.sha256(), 0, 0
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            lines += block.count(b"\n")
            size += len(block)
    return EvidenceFile(
        name=str(file.relative_to(run)),
        size=size,
        records=lines if file.suffix == ".jsonl" else None,
        sha256=digest.hexdigest(),
    )
