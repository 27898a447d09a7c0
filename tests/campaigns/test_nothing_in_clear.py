"""Whole runs, signed, told on paper and published: nothing of all that holds a number or a key in clear."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from certifying import certify

from evidence.clear_text import scan
from rigs.pcsc_daemon import missing_programs
from xiangka.cli import main

ROOT = Path(__file__).parents[2]
LABORATORY = ROOT / "fixtures" / "laboratories" / "specimen.toml"
missing = [*missing_programs(), *([] if importlib.util.find_spec("smartcard") else ["pyscard"])]


def on_paper_and_published(run, keys):
    """Sign a run, issue its report, make its twin; returns the twin's folder."""
    passwords = ["--password-file", str(keys / "password")]
    for role in ("laboratory", "authoriser"):
        assert main(["report", "sign", str(run), "--keys", str(keys / role), *passwords]) == 0
    both = [str(keys / "laboratory"), str(keys / "authoriser")]
    assert main(["report", "pdf", str(run), "--keys", *both, *passwords, passwords[1]]) == 0
    twin = run.with_name("twin")
    assert main(["report", "redact", str(run), "--out", str(twin)]) == 0
    return twin


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "bench",
    [
        pytest.param("emulated-multi-in-one", marks=pytest.mark.skipif(bool(missing), reason=f"needs {missing}")),
        "reference-platform",
    ],
)
def test_a_quick_run_and_all_that_is_made_of_it_tell_nothing(bench, tmp_path):
    keys = tmp_path / "keys"
    assert main(["keys", "specimen", str(keys)]) == 0
    options = ("--bench", str(ROOT / "rigs" / "benches" / f"{bench}.toml"), "--laboratory", str(LABORATORY))
    ended = certify(tmp_path / "run", *options, timeout_s=3500)
    assert ended.exit_code == 0, ended.said
    (tmp_path / "said").write_text(ended.said, encoding="utf-8")
    twin = on_paper_and_published(ended.folder, keys)
    assert len(list(ended.folder.glob("report-*.pdf"))) == 2
    for path in (ended.folder, twin, tmp_path / "said"):
        assert scan(path) == ()
