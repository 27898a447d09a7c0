"""The recipe of docs/verifying.md, as it stands there: it accepts a sound run, and stops at whatever was changed."""

import base64
import json
import os
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.chain import dumped
from evidence.signed import sign
from tests.evidence.sealed_runs import NAME, REPORT, SIGNED, VALID, add_report, make_run, make_signers, seal, sign_run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "verifying.md"
CERTIFICATE = "certificate-2026-0001.pdf"

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing: apt-get install openssl")


@pytest.fixture(scope="module")
def recipe():
    """The commands, in their order."""
    section = PAGE.read_text(encoding="utf-8").split("## With OpenSSL alone")[1].split("\n## ")[0]
    commands = "".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))
    assert "centre=/media/usb/centre.pem " in commands
    return commands


@pytest.fixture
def run(tmp_path, signers):
    """A run signed by both, with a report and a certificate added, and the centre's file beside its folder."""
    folder = sign_run(seal(make_run(tmp_path / "run")), *signers.both)
    add_report(folder, *signers.both)
    add_report(folder, signers.authoriser, name=CERTIFICATE)
    (tmp_path / "centre.pem").write_bytes(signers.centre)
    return folder


def follow(recipe, run):
    """Type the commands until one fails; returns whether none did, and what was shown."""
    typed = recipe.replace("/media/usb/centre.pem", str(run.parent / "centre.pem"))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", typed],
        cwd=run,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(run.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode == 0, done.stdout


def test_a_sound_run_passes_with_all_signatures(recipe, run):
    passed, shown = follow(recipe, run)
    assert passed, shown
    assert shown.count("signer.pem: OK") == shown.count("Verified OK") == 5
    assert shown.count("OU=laboratory, CN=甲") == 2
    assert shown.count("OU=authoriser, CN=乙") == 3
    assert [line for line in shown.splitlines() if line.startswith("added: ")] == [
        f"added: {CERTIFICATE}",
        f"added: {REPORT}",
    ]
    assert "not signed" not in shown


def test_a_run_without_additions_passes(recipe, tmp_path, signers):
    run = sign_run(seal(make_run(tmp_path / "run")), *signers.both)
    (tmp_path / "centre.pem").write_bytes(signers.centre)
    passed, shown = follow(recipe, run)
    assert passed, shown
    assert "added: " not in shown


def change(file, old, new):
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new, 1))


def link(file):
    file.symlink_to(file.parent.parent / "r")


@pytest.mark.parametrize(
    ("harm", "shown_then"),
    [
        (lambda run: change(run / "run.json", b"finished", b"Finished"), "Verified OK"),
        (lambda run: (run / "report.html").unlink(), "Verified OK"),
        (lambda run: change(run / "report.html", b"title", b"tit1e"), "Verified OK"),
        (lambda run: (run / "more.txt").write_text("added"), "more.txt"),
        (lambda run: (run / "manifest.json.withdrawn.pdf").write_text("added"), "manifest.json.withdrawn.pdf"),
        (lambda run: (run / "manifest.d").mkdir(), "manifest.d (no file)"),
        (lambda run: (run / "more").symlink_to("run.json"), "more (no file)"),
        (lambda run: (run / "run.json").rename(run.parent / "r") and link(run / "run.json"), "run.json (no file)"),
        (lambda run: change(run / "manifest.json", b"2026-03-02", b"2026-03-03"), "Verified OK"),
        (lambda run: change(run / "manifest.sig", "甲".encode(), "乙".encode()), "Verification failure"),
        (lambda run: change(run / "manifest.sig", b"10:30:00", b"10:30:01"), "Verification failure"),
        (lambda run: change(run / "manifest.sig", b'"follows": null', b'"follows": true'), "Verification failure"),
    ],
)
def test_what_was_changed_stops_it(recipe, run, harm, shown_then):
    harm(run)
    passed, shown = follow(recipe, run)
    assert not passed
    assert shown_then in shown


def sig(file):
    return file.with_name(f"{file.name}.sig")


def test_every_added_file_without_its_signatures_is_named(recipe, run, tmp_path, signers):
    both, strangers = signers.both, make_signers(tmp_path / "strangers").both
    change(add_report(run, *both, name="report-changed.pdf"), b"1.7", b"1.6")
    change(sig(add_report(run, *both, name="report-later.pdf")), b"11:30:00", b"11:30:01")
    shutil.copy(run / "manifest.sig", sig(add_report(run, name="report-as-the-manifest.pdf")))
    sig(add_report(run, *both, name="report-alone.pdf")).unlink()
    add_report(run, *both, name="report-gone.pdf").unlink()
    shutil.copy(run / REPORT, run / "report-renamed.pdf")
    shutil.copy(sig(run / REPORT), run / "report-renamed.pdf.sig")
    add_report(run, *both[:1], name="report-by-one.pdf")
    add_report(run, *both[::-1], name="report-in-disorder.pdf")
    add_report(run, *both, name="report-of-another-run.pdf", run="another")
    add_report(run, *strangers, name="report-of-another-centre.pdf")
    change(add_report(run, signers.authoriser, name="certificate-changed.pdf"), b"1.7", b"1.6")
    add_report(run, signers.laboratory, name="certificate-by-the-laboratory.pdf")
    named = {file.name.removesuffix(".sig") for file in run.glob("*-*.pdf*")} - {REPORT, CERTIFICATE}
    passed, shown = follow(recipe, run)
    assert not passed
    assert shown.splitlines()[-len(named) :] == sorted(named)
    assert len(named) == 12


def test_a_name_that_looks_like_two_stops_it(recipe, run):
    (run / f"{REPORT}\n{REPORT}.sig").write_text("hidden")
    passed, shown = follow(recipe, run)
    assert not passed
    assert REPORT in shown.splitlines()[-1]


def test_a_run_of_another_centre_stops_it(recipe, tmp_path, signers):
    others = make_signers(tmp_path / "others")
    run = sign_run(seal(make_run(tmp_path / "run")), *others.both)
    (tmp_path / "centre.pem").write_bytes(signers.centre)
    passed, shown = follow(recipe, run)
    assert not passed
    assert "verification failed" in shown


def test_a_signature_after_the_certificates_end_stops_it(recipe, tmp_path, signers):
    run = seal(make_run(tmp_path / "run"))
    (tmp_path / "centre.pem").write_bytes(signers.centre)
    place = sign(run / "manifest.json", signers.laboratory, SIGNED, run=NAME)
    document = json.loads(place.read_bytes())
    statement = document["signatures"][0]["statement"]
    statement["signed_at"] = (VALID.end + timedelta(days=1)).isoformat()
    late = signers.laboratory.sign(dumped(statement).encode())
    document["signatures"][0]["signature"] = base64.b64encode(late).decode()
    place.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    passed, shown = follow(recipe, run)
    assert not passed
    assert "certificate has expired" in shown
