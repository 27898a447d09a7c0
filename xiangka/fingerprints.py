"""Fingerprints of what each row of a run rests on, so that a later change tells which rows must be run again.

Of a row: the requirement with its criterion, its scenario, the code of its steps, and the subject as far as the row
asks about it, each as SM3, hex. Of the run: the bench as it is set, the files it names, and the machinery every row
passes through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Self

from certification.catalogue import Requirement
from certification.subject import IDENTITY_FIELDS, Subject
from evidence.chain import sm3
from rigs.bench_file import BenchFile
from xiangka.machinery import digest_of_part, libraries, named_files, parts
from xiangka.scenarios import all_scenarios
from xiangka.step_code import source, step_code

_WORD = re.compile(r"\w+")
UNKNOWN = "unknown"
"""Fingerprint of what could not be found; it equals nothing, itself included."""


@dataclass(frozen=True)
class Fingerprints:
    """What a run rests on.

    Attributes:
        bench: the bench as it is set.
        files: by key of the bench file, SHA-256 of a file it names.
        machinery: by part, SM3 of what every row passes through.
        libraries: by name, the version installed; Python's among them.
        code: by file, the code that steps rest on.
        rows: by requirement, then by part: requirement, scenario, steps, subject.
    """

    bench: str
    files: Mapping[str, str]
    machinery: Mapping[str, str]
    libraries: Mapping[str, str]
    code: Mapping[str, str]
    rows: Mapping[str, Mapping[str, str]]

    def as_record(self) -> dict[str, Any]:
        """The fingerprints as they stand in ``run.json``."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read them out of ``run.json``.

        Raises:
            KeyError, TypeError: they are not there.
        """
        return cls(record["bench"], **{field.name: dict(record[field.name]) for field in fields(cls)[1:]})


def fingerprints(requirements: Iterable[Requirement], subject: Subject, bench: BenchFile) -> Fingerprints:
    """Fingerprints of some rows as everything stands now."""
    rows = list(requirements)
    files = {row.id: step_files(row.id) for row in rows}
    return Fingerprints(
        bench=_digest(bench_settings(bench.settings())),
        files=named_files(bench),
        machinery={part: digest_of_part(part) for part in parts(bench)},
        libraries=libraries(),
        code={file: _of_file(file) for file in sorted(set().union(*(found or () for found in files.values())))},
        rows={
            row.id: {
                "requirement": _digest(row.model_dump(mode="json")),
                "scenario": _of_scenario(row.id),
                "steps": _of_steps(files[row.id]),
                "subject": _digest(asked_of_subject(row, subject)),
            }
            for row in rows
        },
    )


def step_files(requirement: str) -> frozenset[str] | None:
    """Files the steps of a row's scenarios rest on; none for a row without a scenario, None where nobody can say."""
    found: set[str] = set()
    for scenario in all_scenarios():
        if scenario.requirement == requirement:
            files = step_code().files(scenario.steps)
            if files is None:
                return None
            found |= files
    return frozenset(found)


def asked_of_subject(requirement: Requirement, subject: Subject) -> dict[str, Any]:
    """What of a subject file a row depends on: who the subject is, and the options and the document it asks about,
    in its criterion or in the code of its steps."""
    record = subject.model_dump(mode="json")
    named = {requirement.applies_if, *(clause.only_if for clause in requirement.criterion)}
    words = {word for file in step_files(requirement.id) or () for word in _WORD.findall(source(file))}
    filed = (*IDENTITY_FIELDS, "firmware_sha256", *({"filing_number"} & words))
    return {
        "identity": {name: record["identity"][name] for name in filed},
        "options": {name: answer for name, answer in record["options"].items() if name in named | words},
        "declaration": record["declarations"].get(requirement.needs_declaration or ""),
    }


def bench_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a bench without its name and its calibrations, which move nothing."""
    return {
        key: {name: one for name, one in value.items() if name not in _PAPERS} if isinstance(value, Mapping) else value
        for key, value in settings.items()
        if key != "name"
    }


_PAPERS = ("calibrated", "calibration_due", "certificate")


@cache
def _of_file(file: str) -> str:
    return sm3(source(file).encode()).hex()


def _of_scenario(requirement: str) -> str:
    return _digest([scenario.text for scenario in all_scenarios() if scenario.requirement == requirement])


def _of_steps(files: frozenset[str] | None) -> str:
    return UNKNOWN if files is None else _digest([(file, _of_file(file)) for file in sorted(files)])


def _digest(value: Any) -> str:
    return sm3(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hex()
