"""The laboratory file: the one that ships is whole, and each way of getting it wrong is told in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import fixtures
from certification.errors import PlanError
from certification.laboratory import LaboratoryFile, load_laboratory

SPECIMEN = Path(fixtures.__file__).parent / "laboratories" / "specimen.toml"


def wrong(tmp_path: Path, found: str, instead: str) -> str:
    text = SPECIMEN.read_text(encoding="utf-8")
    changed, times = re.subn(found, instead, text, count=1, flags=re.MULTILINE)
    assert times == 1
    path = tmp_path / "laboratory.toml"
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(PlanError) as told:
        load_laboratory(path)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_the_specimen_is_whole_and_says_that_it_is_one() -> None:
    found = load_laboratory(SPECIMEN)
    assert "Specimen" in found.laboratory.name.en
    assert found.environment.pressure_kpa is None
    assert found.environment.temperature_c is not None
    assert [one.requirement for one in found.deviations] == [None]


def test_it_survives_the_record_of_a_run() -> None:
    found = load_laboratory(SPECIMEN)
    assert LaboratoryFile.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(
    ("found", "instead", "says"),
    [
        (r"^authorisation_number = .*$", "", "'laboratory.authorisation_number' is missing"),
        (r"^authorisation_number", "authorization_number", "did you mean 'authorisation_number'?"),
        (r'"Specimen Authoriser"', '" "', "people.authoriser.en"),
        (r"样本授权人", "样本试验员", "operator and authoriser are the same person"),
        (r'^kind = "laboratory"', 'kind = "garage"', "place.kind"),
        (r"^received = .*$", 'received = "soon"', "item.received"),
        (r"^low = 21.5$", "low = 99", "low 99 is above high 23"),
        (r"^uncertainty = 0.5$", "uncertainty = -0.5", "environment.temperature_c.uncertainty"),
        (r'^# requirement = "EHC-TRM-010".*$', 'requirement = "TRM-10"', "deviations.0.requirement"),
        (r'^by = "customer".*$', 'by = "customer"\nday = 2026-11-03', "the item was received before it was sampled"),
        (r"^\[people\]", "[people", "is not TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, found: str, instead: str, says: str) -> None:
    assert says in wrong(tmp_path, found, instead)


def test_a_file_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"cannot be read.*--laboratory"):
        load_laboratory(tmp_path / "none.toml")
