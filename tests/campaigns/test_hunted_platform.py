"""The harness on trial where it hunts: forgeries, floods, tampering, kills, odd requests, random programs, searches."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from certifying import certify
from test_platform_defects import BENCH

from certification.plan import plan_names
from reference_impl.defects.table import DEFECTS
from rigs.own_database import PREFIX

HUNTED = {f"EHC-PLT-{number:03d}" for number in (8, 9, *range(12, 19))}
OF_HUNTED_ROWS = sorted(
    name for name, defect in DEFECTS.items() if len(defect.fails) == 1 and defect.fails[0] in HUNTED
)
PANEL = "EHC-PLT-018"
"""A row cheap enough to stand beside every defect."""
SOON_FOUND = (
    "accepts-truncated-proof",
    "crashes-on-odd-payload",
    "fails-on-missing-field",
    "never-syncs",
    "resurrects-closed-card",
)
"""Defects whose rows end with the first proof, after seconds."""


def beside_the_panel(name, folder) -> None:
    [named] = DEFECTS[name].fails
    ended = certify(folder, *BENCH, "--defect", name, "--only", *sorted({named, PANEL}))
    assert ended.planned() == {PANEL: "PASS", named: "FAIL"}, ended.said


@pytest.mark.parametrize("name", SOON_FOUND)
def test_a_hunt_finds_the_defect_it_is_for_and_no_other_row_fails(name, tmp_path):
    beside_the_panel(name, tmp_path / "run")


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", [name for name in OF_HUNTED_ROWS if name not in SOON_FOUND])
def test_a_longer_hunt_finds_its_defect_too(name, tmp_path):
    beside_the_panel(name, tmp_path / "run")


@pytest.mark.nightly
@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize("row", sorted(HUNTED))
def test_a_sound_platform_passes_each_hunt(row, tmp_path):
    ended = certify(tmp_path / "run", *BENCH, "--plan", "full", "--only", row, timeout_s=6 * 3600)
    assert ended.planned() == {row: "PASS"}, ended.said


@pytest.fixture
def on_postgres(postgres_server, tmp_path):
    """The bench, with a database of that server for each platform that a row starts for itself."""
    bench = tmp_path / "on-postgres.toml"
    shipped = Path(BENCH[1]).read_text(encoding="utf-8")
    bench.write_text(f'{shipped}apart_server_url = "{postgres_server.url("postgres")}"\n', encoding="utf-8")
    yield "--bench", str(bench)
    with psycopg.connect(postgres_server.url("postgres")) as connection:
        left = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (PREFIX,))
        assert left.fetchall() == []


def certify_on_postgres(folder, *arguments, **options):
    ended = certify(folder, *arguments, **options)
    journal = (folder / "journal.jsonl").read_text(encoding="utf-8")
    assert '"database":"postgresql"' in journal
    assert "postgresql://" not in journal + (folder / "run.json").read_text(encoding="utf-8")
    return ended


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("name", "row"), [("fails-on-missing-field", "EHC-PLT-014"), ("resurrects-closed-card", "EHC-PLT-016")]
)
def test_a_hunt_on_postgresql_finds_its_defect(name, row, on_postgres, tmp_path):
    ended = certify_on_postgres(tmp_path / "run", *on_postgres, "--defect", name, "--only", row)
    assert ended.planned() == {row: "FAIL"}, ended.said


@pytest.mark.nightly
@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize("row", ["EHC-PLT-014", "EHC-PLT-016"])
def test_a_sound_platform_passes_the_hunt_on_postgresql_too(row, on_postgres, tmp_path):
    asked = (*on_postgres, "--plan", "full", "--only", row)
    ended = certify_on_postgres(tmp_path / "run", *asked, timeout_s=6 * 3600)
    assert ended.planned() == {row: "PASS"}, ended.said


def test_a_row_about_the_disk_says_that_it_cannot_be_asked_of_postgresql(on_postgres, tmp_path):
    ended = certify(tmp_path / "run", *on_postgres, "--only", "EHC-PLT-013")
    assert (ended.planned(), ended.exit_code) == ({"EHC-PLT-013": "RIG_ERROR"}, 3), ended.said
    assert "leave `apart_server_url` out" in ended.said


def test_every_hunted_row_has_a_defect_of_its_own():
    assert {DEFECTS[name].fails[0] for name in OF_HUNTED_ROWS} == HUNTED


def test_the_quick_plan_leaves_long_hunts_out_whole():
    assert HUNTED - {PANEL} <= set(plan_names()["quick"])
