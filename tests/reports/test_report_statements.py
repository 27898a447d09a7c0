"""What an amended report compares: everything the earlier one stated (ISO/IEC 17025:2017 §7.8.8)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from synthetic_run import Story, write_run
from synthetic_stated import OF_ONE_ROW, SPECIMEN, WAIVERS

from certification.laboratory import LaboratoryFile, load_laboratory
from reports.certificate_facts import Facts, facts_of
from reports.pdf.issue import Statement
from reports.pdf.record import changes
from reports.pdf.report_data import run_data
from reports.pdf.statement_names import NAMES
from reports.pdf.statements import _CODES, statements
from reports.pdf.telling import Telling
from reports.run_folder import RunFolder, read_run_folder
from reports.stated_records import WaiverRecord

OTHER_WORDS = {"laboratory": "elsewhere", "customer": "other", "applied": "expired", "waiver": "known_issue"}
EXTERNAL = {"provider": {"zh": "某所", "en": "an institute"}, "what": {"zh": "气候", "en": "climate"}}


@pytest.fixture(scope="module")
def slight(tmp_path_factory) -> RunFolder:
    """A run with a few rows and observations, and with everything a laboratory can state."""
    folder = write_run(tmp_path_factory.mktemp("slight"), Story(pictures=False, stated=False))
    file = folder / "observations.jsonl"
    kept = [line for line in file.read_text(encoding="utf-8").splitlines() if '"EHC-TRM-001"' in line]
    file.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    (folder / "catalogue.json").unlink()  # it would be read again for every change
    found = read_run_folder(folder)
    rows = tuple(row for row in found.rows if row.requirement in ("EHC-TRM-001", "EHC-TRM-007", "EHC-TRM-010"))
    return _with(replace(found, rows=rows), _laboratory(), WAIVERS)


@pytest.fixture(scope="module")
def whole(told) -> tuple[RunFolder, Facts]:
    """A run with rows of every verdict, pictures, plots; its facts."""
    folder = read_run_folder(told)
    return folder, facts_of(folder)


@pytest.fixture(scope="module")
def data(whole) -> dict[str, Any]:
    return run_data(*whole, Telling("en"))


def _laboratory() -> dict[str, Any]:
    said = load_laboratory(SPECIMEN).model_dump(mode="json")
    said["deviations"] = [*said["deviations"], OF_ONE_ROW]
    said["external"] = [EXTERNAL]
    said["sampling"] |= {"day": "2026-10-30", "place": {"zh": "仓库", "en": "warehouse"}}
    return said


def _with(folder: RunFolder, laboratory: Mapping[str, Any], waivers: list[dict[str, Any]]) -> RunFolder:
    stated = {
        "laboratory": LaboratoryFile.model_validate(laboratory),
        "waivers": tuple(WaiverRecord.model_validate(one) for one in waivers),
    }
    return replace(folder, run=folder.run.model_copy(update=stated))


def _stated(folder: RunFolder) -> dict[str, Statement]:
    return statements(folder, facts_of(folder))


def _record(stated: Mapping[str, Statement]) -> dict[str, Any]:
    return {key: {"name": one.name.model_dump(), "value": one.value.model_dump()} for key, one in stated.items()}


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if parts is None:
        yield path
    else:
        for key, part in parts:
            yield from _leaves(part, (*path, key))


def _changed(document: Any, path: tuple[Any, ...]) -> Any:
    copy = json.loads(json.dumps(document))
    at = copy
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = _other(at[path[-1]])
    return copy


def _other(value: Any) -> Any:
    if isinstance(value, int | float):
        return value + 0.1
    if value is None:
        return "EHC-TRM-011"
    if value.startswith("20"):
        return "2026-11-01" if value > "2026-11-01" else "2026-10-29"
    if value.startswith("EHC-TRM-"):
        return "EHC-TRM-005"
    return OTHER_WORDS.get(value, value + " X")


def test_whatever_a_laboratory_states_otherwise_is_told_as_a_change(slight):
    before, document = _record(_stated(slight)), {"laboratory": _laboratory(), "waivers": WAIVERS}
    paths = [path for path in _leaves(document) if path[-1] != "pressure_kpa"]  # nobody watched it
    assert len(paths) > 70
    silent = []
    for path in paths:
        other = _changed(document, path)
        if not changes(before, _stated(_with(slight, other["laboratory"], other["waivers"]))):
            silent.append(path)
    assert silent == []
    assert changes(before, _stated(slight)) == []


def test_every_field_of_the_data_of_the_pages_is_a_statement(whole, data):
    stated = statements(*whole)
    top = {key.split("/")[0] for key in stated}
    said = {name for name, value in data.items() if value not in (None, [], {}, False)}
    by_key = {"laboratory", "customer", "performance", "item", "people", "programme"}  # listed by their own keys
    assert {"laboratory.name", "customer.contact", "place", "item.received", "people.reviewer", "plan"} <= top
    assert said - by_key - top - _CODES == set()


def test_every_field_has_a_name_in_both_languages(data):
    fields = set(_fields({key: value for key, value in data.items() if key not in ("libraries", "machine")}))
    assert {field for field in fields - NAMES.keys() - _CODES if field not in ("key", "standing")} == set()


def _fields(value: Any) -> Iterator[str]:
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _fields(part)
    if isinstance(value, dict) and any(isinstance(part, dict | list) for part in value.values()):
        yield from value


def test_rows_are_stated_with_their_numbers_and_the_digests_of_their_pictures(whole):
    stated = statements(*whole)
    pictures = [key for key in stated if "/pictures/" in key]
    assert pictures
    assert all("SM3 " in stated[key].value.en for key in pictures)
    for part in ("whole/", "grouped/", "failures/", "counts/", "plots/", "deciding"):
        assert any(key.startswith("rows/") and f"/{part}" in key for key in stated), part
    assert stated["rows/EHC-TRM-007/word"].value.model_dump() == {"zh": "不合格", "en": "Fail"}
    assert not [key for key, one in stated.items() if "43990" in one.value.zh and "***" not in one.value.zh]


def test_an_identity_number_is_masked_in_the_record(slight):
    said = _laboratory()
    said["customer"]["contact"]["zh"] = "张三 43990019900307002X"
    stated = _stated(_with(slight, said, WAIVERS))
    assert stated["customer.contact"].value.zh.startswith("张三 439900***********X")


def test_criteria_are_those_of_the_catalogue_the_run_kept(slight, whole, tmp_path):
    folder, _ = whole
    document = json.loads((folder.path / "catalogue.json").read_text(encoding="utf-8"))
    (row,) = (one for one in document["requirements"] if one["id"] == "EHC-TRM-007")
    row["criterion_text"] = {"zh": "旧判据", "en": "an old criterion"}
    kept = tmp_path / folder.path.name
    kept.mkdir()
    (kept / "catalogue.json").write_text(json.dumps(document), encoding="utf-8")
    stated = _stated(replace(slight, path=Path(kept)))
    assert stated["rows/EHC-TRM-007/basis/criterion"].value.model_dump() == {"zh": "旧判据", "en": "an old criterion"}
