"""What the tests run for real is there before they run, or CI says that it is not; nobody skips there unseen."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / ".ci" / "test-programs"
TRACER = "/usr/bin/strace"


@pytest.fixture
def wanted(tmp_path):
    """Where the script looks for the tracer, which is the one program that may be missing here."""
    return tmp_path / "strace"


def run(tmp_path, wanted, apt, **environment):
    """Run the script as root, with an apt-get that does this."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, does in {"apt-get": apt, "id": "echo 0"}.items():
        (programs / name).write_text(f"#!/bin/sh\n{does}\n")
        (programs / name).chmod(0o755)
    script = tmp_path / "test-programs"
    text = SCRIPT.read_text()
    for line in text.splitlines():
        # Of all programs but one it makes no difference whether this machine has them.
        if line.strip().startswith("need ") and TRACER not in line:
            text = text.replace(line, "    :")
    script.write_text(text.replace(TRACER, str(wanted)))
    path = {"PATH": f"{programs}:/usr/bin:/bin"}
    known = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        ["/bin/sh", str(script)], env=known | path | environment, capture_output=True, text=True, check=False
    )


def test_in_ci_a_program_that_cannot_be_installed_ends_the_run(tmp_path, wanted):
    ended = run(tmp_path, wanted, "exit 100", CI="true")
    assert ended.returncode == 1
    assert "must not skip" in ended.stderr
    assert "sudo apt-get install strace" in ended.stderr


def test_in_ci_an_installation_that_brings_nothing_ends_the_run_too(tmp_path, wanted):
    assert run(tmp_path, wanted, "exit 0", CI="true").returncode == 1


def test_elsewhere_the_tests_that_need_it_will_skip(tmp_path, wanted):
    ended = run(tmp_path, wanted, "exit 100")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "tests that need one of strace will skip" in ended.stdout


@pytest.mark.parametrize("ci", ["true", ""])
def test_what_can_be_installed_is(tmp_path, wanted, ci):
    ended = run(tmp_path, wanted, f"touch {wanted}", CI=ci)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "will skip" not in ended.stdout


@pytest.mark.parametrize("ci", ["true", ""])
def test_where_nothing_is_missing_nothing_is_done(tmp_path, wanted, ci):
    wanted.touch()
    ended = run(tmp_path, wanted, "exit 100", CI=ci)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_the_run_of_ci_says_that_it_is_one():
    assert "export CI=true\nmake test" in (SCRIPT.parent / "run").read_text()
