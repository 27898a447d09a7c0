"""Which rates a load that was asked for means, on the bench it was asked for."""

from __future__ import annotations

import pytest

from certification.catalogue import load_catalogue
from certification.errors import PlanError
from loadtests.plan import profiles
from rigs.bench_file import load_bench
from rigs.bench_tables.load import LoadTable
from steps.load.schedule import USUAL, stages_of
from xiangka.load_choice import LoadChoice, asked_profile, rates, rows_of
from xiangka.load_run import LOADED, LoadOptions, _chosen
from xiangka.shrunk_load import of_a_shrunk_load

CATALOGUE = load_catalogue()
OWN = load_bench(LOADED)


def offered(requirement: str, **asked) -> dict[str, float]:
    """Rates by stage of a row under a load that was asked for."""
    file = _chosen(LoadOptions(**asked)).applied_to(OWN)
    return {stage.name: stage.rate_to for stage in stages_of(file.load, CATALOGUE[requirement])}


@pytest.mark.parametrize(
    ("asked", "requirement", "expected"),
    [
        ({"profile": "reference"}, "EHC-PRF-001", {"hold": 200}),
        ({"profile": "province"}, "EHC-PRF-001", {"hold": 350}),
        ({"profile": "province", "rate": 50}, "EHC-PRF-001", {"hold": 50}),
        ({"profile": "province", "rate": 50}, "EHC-PRF-005", {"hold": 50}),
        ({"profile": "peak"}, "EHC-PRF-002", {"base": 40, "ramp": 200, "hold": 200, "after": 40}),
        ({"profile": "peak", "rate": 100}, "EHC-PRF-002", {"base": 20, "ramp": 100, "hold": 100, "after": 20}),
        ({"profile": "faults"}, "EHC-PRF-006", {"hold": 100}),
        ({"profile": "faults", "rate": 30}, "EHC-PRF-006", {"hold": 30}),
        ({"profile": "burst"}, "EHC-PRF-005", {"steady": 350, "burst": 1000}),
        ({"profile": "honesty"}, "EHC-PRF-005", {"hold": 200}),
    ],
)
def test_a_rate_is_that_of_the_main_stages_of_the_load_asked_for(asked, requirement, expected):
    assert offered(requirement, **asked) == expected


def test_what_the_bench_declares_of_the_reference_platform_says_nothing_of_somebody_elses(tmp_path):
    asked = LoadOptions("overload", target="http://127.0.0.1:1", credentials=tmp_path / "c.json")
    table = _chosen(asked).applied_to(OWN).load
    assert (table.rate, table.base_rate, table.capacity) == (None, None, None)
    peak = LoadOptions("peak", target="http://127.0.0.1:1", credentials=tmp_path / "c.json")
    assert _chosen(peak).applied_to(OWN).load.base_rate is None
    assert LoadChoice(load=rates("overload", 600, None)).applied_to(OWN).load.capacity == 300


def test_a_load_decides_its_rows_and_whether_it_was_honest():
    assert rows_of(asked_profile("peak")) == ("EHC-PRF-002", "EHC-PRF-005")
    assert rows_of(asked_profile("burst")) == ("EHC-PRF-005",)
    with pytest.raises(PlanError, match="choose one of"):
        asked_profile("capacity")


def test_every_row_on_load_has_a_load_that_decides_it():
    for row, name in USUAL.items():
        assert row in profiles()[name].requirements
    assert set(USUAL) == {row.id for row in CATALOGUE.values() if row.subject == "load"}


def test_the_table_that_comes_of_a_choice_is_checked():
    with pytest.raises(PlanError) as caught:
        LoadChoice(load={"workers": 0}).applied_to(OWN)
    assert caught.value.where == "load.workers"


REGISTERED = [("reference", "EHC-PRF-001"), ("peak", "EHC-PRF-002"), ("overload", "EHC-PRF-003")]
REGISTERED += [("cards", "EHC-PRF-004"), ("honesty", "EHC-PRF-005"), ("faults", "EHC-PRF-006")]


def shrunk(requirement: str, **asked) -> bool:
    table = _chosen(LoadOptions(**asked)).applied_to(OWN).load
    return of_a_shrunk_load(table, CATALOGUE[requirement]) is not None


@pytest.mark.parametrize(("profile", "requirement"), REGISTERED)
def test_only_a_load_as_long_and_as_high_as_registered_can_pass_its_row(profile, requirement):
    length, rate = sum(stage.seconds for stage in main_stages(profile)), max(s.rate_to for s in main_stages(profile))
    assert not shrunk(requirement, profile=profile)
    assert not shrunk(requirement, profile=profile, seconds=2 * length, rate=2 * rate)
    assert shrunk(requirement, profile=profile, seconds=length - 1)
    assert shrunk(requirement, profile=profile, rate=5)


def main_stages(name: str):
    chosen = profiles()[name]
    return [stage for stage, main in zip(chosen.stages, chosen.main, strict=True) if main]


def test_a_bench_that_declares_less_than_the_named_rate_or_a_shorter_load_passes_no_row_either():
    row = CATALOGUE["EHC-PRF-001"]
    assert of_a_shrunk_load(LoadTable(rate=199), row) is not None
    assert of_a_shrunk_load(LoadTable(rate=200), row) is None
    assert of_a_shrunk_load(LoadTable(profile="province", rate=349), row) is not None
    assert of_a_shrunk_load(LoadTable(seconds=60), row) is not None
    assert of_a_shrunk_load(LoadTable(seconds=60), CATALOGUE["EHC-PRF-005"]) is None
    assert of_a_shrunk_load(LoadTable(base_rate=20, capacity=50), CATALOGUE["EHC-PRF-003"]) is None
    assert of_a_shrunk_load(LoadTable(seconds=5), CATALOGUE["EHC-PLT-001"]) is None
    assert of_a_shrunk_load(None, row) is None


@pytest.mark.parametrize(
    ("row", "declared", "passes"),
    [
        ("EHC-PRF-002", {}, True),
        ("EHC-PRF-002", {"rate": 200, "base_rate": 40}, True),
        ("EHC-PRF-002", {"rate": 200, "base_rate": 39}, False),
        ("EHC-PRF-002", {"rate": 350, "base_rate": 40}, False),
        ("EHC-PRF-002", {"rate": 5, "base_rate": 1}, False),
        ("EHC-PRF-002", {"base_rate": 1}, False),
        ("EHC-PRF-005", {}, True),
        ("EHC-PRF-005", {"rate": 200}, True),
        ("EHC-PRF-005", {"rate": 51}, False),
    ],
)
def test_a_peak_is_no_lower_than_what_the_platform_is_declared_to_sustain_nor_that_than_the_reference(
    row, declared, passes
):
    assert (of_a_shrunk_load(LoadTable(**declared), CATALOGUE[row]) is None) is passes
