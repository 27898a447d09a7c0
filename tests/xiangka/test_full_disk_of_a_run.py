"""A disk that fills up in mid-run: told in words, the evidence whole, and the run gone on with once there is room."""

import json
import shutil
import subprocess
import sys

import pytest

from evidence.chain import follow
from evidence.manifest import chain_heads, read_manifest

pytestmark = pytest.mark.nightly

FILLING = """
import sys
from reports import html_report
from steps.sampling import Sampler
from xiangka.cli import main

when, filler, out = sys.argv[1:]
step, write_report = Sampler.step, html_report.write_report

def fill():
    with open(filler, "wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass

def in_a_row(self, planned):
    if when == "in a row" and self.requirement.id == "EHC-TRM-003" and self.done == 5:
        fill()
    return step(self, planned)

def at_the_report(folder):
    if when == "at the report":
        fill()
    return write_report(folder)

Sampler.step, html_report.write_report = in_a_row, at_the_report

if __name__ == "__main__":
    sys.exit(main(["certify", "--only", "EHC-TRM-001", "EHC-TRM-003", "--out", out]))
"""
ON_A_SMALL_DISK = """
mount -t tmpfs -o size=24m tmpfs "$1/small" || exit 99
"$2" "$1/filling.py" "$3" "$1/small/filler" "$1/small/run" 2>"$1/first.said"; echo $? >"$1/first.code"
cp -r "$1/small/run" "$1/first"
rm "$1/small/filler"
"$2" -m xiangka certify --resume "$1/small/run" 2>"$1/second.said"; echo $? >"$1/second.code"
cp -r "$1/small/run" "$1/second"
"""


@pytest.fixture(scope="module", params=["in a row", "at the report"])
def ran(request, tmp_path_factory):
    """A run on a disk of its own that fills up, and the same run gone on with."""
    folder = tmp_path_factory.mktemp("disk")
    (folder / "small").mkdir()
    (folder / "filling.py").write_text(FILLING)
    own = [shutil.which("unshare") or "unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run(
        [*own, "mount", "-t", "tmpfs", "tmpfs", folder / "small"], capture_output=True, check=False
    ).returncode:
        pytest.skip("this machine lets no user mount a disk of its own")
    subprocess.run(
        [*own, "sh", "-c", ON_A_SMALL_DISK, "sh", folder, sys.executable, request.param], check=True, timeout=240
    )
    return folder


def test_a_disk_that_fills_up_is_the_benchs_fault_and_told_in_words(ran):
    said = (ran / "first.said").read_text()
    assert (ran / "first.code").read_text() == "3\n", said
    assert "no room is left to write" in said
    assert "go on with `xiangka certify --resume`" in said
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said
    assert "the harness itself failed" not in said


def test_what_was_recorded_until_then_is_a_valid_beginning(ran):
    run = json.loads((ran / "first" / "run.json").read_text())
    for name in chain_heads(ran / "first", run["run"]):
        lines = (ran / "first" / name).read_bytes()
        assert lines.endswith(b"\n")
        assert follow(name, lines.splitlines(), run=run["run"]).records > 5
    assert run["state"] in ("running", "finished", "aborted")
    assert not (ran / "first" / "report.html").exists()
    assert not (ran / "first" / "manifest.json").exists()


def test_the_run_goes_on_once_there_is_room(ran):
    assert (ran / "second.code").read_text() == "0\n", (ran / "second.said").read_text()
    run = json.loads((ran / "second" / "run.json").read_text())
    assert (run["state"], run["overall"]) == ("finished", "PASS")
    manifest = read_manifest(ran / "second")
    for name, head in manifest.chains.items():
        assert follow(name, (ran / "second" / name).read_bytes().splitlines(), run=run["run"]).head.hex() == head.head
        assert (ran / "second" / name).read_bytes().startswith((ran / "first" / name).read_bytes())
