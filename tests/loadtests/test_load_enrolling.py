"""The copy of the credentials that a load makes for itself opens no more doors than it needs, and stays nowhere."""

from __future__ import annotations

import json
import subprocess
import tempfile

from loads import plan_for

from loadtests import enrolling
from loadtests.callers import read_applications
from loadtests.plan import Stage

OWN = {"app_id": "own", "app_secret": "0123456789abcdef", "term_id": "T01"}
FURTHER = {"dialect": "hn-s", "app_id": "further", "app_secret": "fedcba9876543210", "terminals": ["T02"]}
TOKENS = {"admin_token": "the administrator's", "auditor_token": "the auditor's"}


def test_only_what_the_workers_need_is_copied_and_nothing_of_it_is_on_a_disk(tmp_path, monkeypatch):
    file, temporary = tmp_path / "credentials.json", tmp_path / "temporary"
    temporary.mkdir()
    file.write_text(json.dumps({**OWN, **TOKENS}))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(enrolling, "_enrolled", lambda *_: [FURTHER])
    plan = plan_for("http://127.0.0.1:1", file, Stage("hold", 1, 1, 1), dialects=("hn-a", "hn-s"))
    with enrolling.credentials_for(plan) as copy:
        # As a worker does: from a process of its own.
        read = subprocess.run(["cat", copy], capture_output=True, text=True, check=True).stdout
        assert [one.app_id for one in read_applications(copy)] == ["own", "further"]
        assert copy.readlink().name.startswith("memfd:")
    assert json.loads(read) == {**OWN, "applications": [FURTHER]}
    assert list(temporary.iterdir()) == []
    assert not copy.exists()


def test_credentials_that_have_everything_are_used_as_they_are(tmp_path):
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps({**OWN, **TOKENS}))
    with enrolling.credentials_for(plan_for("http://127.0.0.1:1", file, Stage("hold", 1, 1, 1))) as used:
        assert used == file
