"""Tokens: who may ask, what is kept of them, how they reach whoever runs the platform."""

import json
import stat

import pytest

from reference_impl.door import credentials
from reference_impl.door.access_tokens import SUBJECTS, digest
from reference_impl.door.credentials import hand_out
from reference_impl.door.options import PlatformOptions
from reference_impl.errors import PlatformError

OPERATIONS = {
    "admin": ("POST", "/keys/token/rotation", {"grace_s": 1}),
    "auditor": ("GET", "/audit/check", None),
    "officer": (
        "POST",
        "/key-requests",
        {"operation": "revoke-key", "argument": {"purpose": "national-link", "version": 1}},
    ),
}


@pytest.fixture
def database():
    return "sqlite"


@pytest.fixture
def options(tmp_path):
    return PlatformOptions(tmp_path / "data")


def handed(options):
    return json.loads((options.data_dir / "credentials.json").read_text())


@pytest.mark.parametrize("role", OPERATIONS)
def test_each_role_may_do_its_own_and_no_other(api, role):
    for name, held in SUBJECTS.items():
        status = api.ask(*OPERATIONS[role], by=name).status_code
        assert (status < 300) == (held == role), name
        assert held == role or status == 403


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Bearer wrong", "Basic {admin}", "{admin}", "Bearer {admin}x", "Bearer é"],
)
def test_nobody_else_may_do_anything(api, authorization):
    headers = {"Authorization": authorization.format(admin=api.tokens["admin"]).encode()}
    answer = api.ask("GET", "/keys", by="", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthenticated"


def test_whose_token_it_is(api):
    for name, role in SUBJECTS.items():
        assert api.ask("GET", "/me", by=name).json() == {"name": name, "role": role}


def test_tokens_are_kept_as_digests_only(bench, options):
    hand_out(bench.platform, options, "http://platform")
    told = handed(options)
    for file in options.data_dir.glob("platform.sqlite*"):
        content = file.read_bytes()
        for token in (told["admin_token"], told["auditor_token"], *told["officer_tokens"]):
            assert token.encode() not in content
    assert len(digest(told["admin_token"])) == 32


def test_a_restart_keeps_the_tokens_and_tells_the_new_address(bench, options, tmp_path):
    hand_out(bench.platform, options, "http://first")
    before = handed(options)
    elsewhere = tmp_path / "elsewhere" / "bench.json"
    file = hand_out(bench.platform, PlatformOptions(options.data_dir, credentials_file=elsewhere), "http://second")
    assert file == elsewhere
    assert json.loads(elsewhere.read_text()) == before | {"url": "http://second"} == handed(options)
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o600


def test_tokens_of_another_platform_are_not_handed_on(bench, options):
    hand_out(bench.platform, options, "http://platform")
    own = options.data_dir / "credentials.json"
    own.write_text(json.dumps(handed(options) | {"admin_token": "of-another-platform"}))
    hand_out(bench.platform, options, "http://platform")
    assert "admin_token" not in handed(options)
    assert "auditor_token" in handed(options)


def test_new_tokens_end_the_old_ones(bench, options, make_api):
    api = make_api(bench)
    hand_out(bench.platform, options, "http://platform", renew=True)
    assert api.ask("GET", "/me").status_code == 401
    api.tokens["admin"] = handed(options)["admin_token"]
    assert api.ask("GET", "/me").status_code == 200


def test_no_token_is_valid_that_nobody_was_told(bench, options, monkeypatch):
    def fails(*_):
        raise PlatformError("no room", where="x", remedy="y")

    monkeypatch.setattr(credentials, "write_credentials", fails)
    with pytest.raises(PlatformError, match="no room"):
        hand_out(bench.platform, options, "http://platform")
    monkeypatch.undo()
    hand_out(bench.platform, options, "http://platform")
    assert {"admin_token", "auditor_token", "officer_tokens"} <= set(handed(options))
