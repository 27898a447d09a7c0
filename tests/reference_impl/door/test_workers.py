"""Several workers are one platform: one address, one time, one audit, one end; and a dead one is replaced."""

import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from reference_impl.door.listening import listen_shared
from reference_impl.door.options import PlatformOptions, TlsFiles, options_from_json
from reference_impl.door.reading import open_for_reading
from reference_impl.door.serving_lock import sole_use
from reference_impl.errors import PlatformError
from reference_impl.keys.hsm_root import HsmPlace
from reference_impl.records import audit


def workers_of(served):
    """The process ids of the workers of a served platform."""
    children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text().split()
    return [int(child) for child in children if b"door.worker" in Path(f"/proc/{child}/cmdline").read_bytes()]


def until(true, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@pytest.fixture
def served(serve):
    return serve(workers=2, test_clock=True)


def admin(served):
    return {"Authorization": f"Bearer {served.credentials['admin_token']}"}


def answered_by(served):
    """Which workers have answered, as the figures of any of them tell."""
    lines = served.client().get("/metrics").text.splitlines()
    return {line.partition('worker="')[2][:2] for line in lines if line.startswith("xiangka_api_answers_total")}


def test_both_serve_and_each_chains_a_lane_of_its_own(served, tmp_path):
    card_id = served.caller().register()
    for _ in range(24):
        assert served.caller().dynamic(card_id)
        served.client().get("/health")
    assert until(lambda: answered_by(served) == {"w0", "w1"})
    served.stop()
    with open_for_reading(PlatformOptions(tmp_path / "data")) as reading:
        found = audit.check(reading.connection, reading.keyring.audit_versions)
    assert found.first_bad is None
    assert set(found.lanes) == {"w0", "w1"}
    assert all(records > 0 for records, _ in found.lanes.values())


def test_what_one_changes_holds_for_the_next_request_at_any(served):
    code_of = {}
    card_id = served.caller().register()
    for caller in (served.caller() for _ in range(8)):
        code_of[caller] = caller.dynamic(card_id)
    turned = served.client().post("/api/v1/test/clock", json={"advance_s": 61}, headers=admin(served)).json()["now_ms"]
    assert turned > time.time() * 1000 + 60_000
    for caller, code in code_of.items():
        caller.now_ms = lambda: int(time.time() * 1000) + 61_000
        assert caller.verify(code).code == "405"
    frozen = {"state": "frozen", "reason": "test"}
    path = f"/api/v1/apps/{served.credentials['app_id']}/state"
    assert served.client().post(path, json=frozen, headers=admin(served)).status_code == 200
    for caller, code in code_of.items():
        assert caller.verify(code).code == "104"


def test_a_dead_worker_is_replaced_and_the_platform_goes_on(served, tmp_path):
    before = set(until(lambda: len(workers_of(served)) == 2 and workers_of(served)))
    card_id = served.caller().register()
    victim = sorted(before)[0]
    os.kill(victim, signal.SIGKILL)
    after = set(until(lambda: len(now := set(workers_of(served)) - {victim}) == 2 and now))
    assert len(after & before) == 1
    for _ in range(12):
        assert served.caller().dynamic(card_id)
    code, errors = served.stop()
    assert code == 0
    assert [json.loads(line)["event"] for line in errors.splitlines()] == ["a worker died; another takes its place"]
    with open_for_reading(PlatformOptions(tmp_path / "data")) as reading:
        assert audit.check(reading.connection, reading.keyring.audit_versions).first_bad is None


def test_workers_end_with_their_parent_however_it_ends(served):
    workers = until(lambda: len(workers_of(served)) == 2 and workers_of(served))
    served.process.kill()
    served.process.communicate(timeout=30)
    assert until(lambda: not [pid for pid in workers if Path(f"/proc/{pid}").exists()])


def test_what_makes_it_impossible_is_told_plainly(start_process, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "figures").write_text("a file where a folder should be")
    process = start_process({"data_dir": str(data), "workers": 2})
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert "figures cannot be used (File exists); remove whatever stands in its place" in errors.splitlines()[-1]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_platform_on_the_same_data_is_refused(serve, start_process, tmp_path, workers):
    served = serve(workers=workers)
    second = start_process({"data_dir": str(tmp_path / "data")})
    _, errors = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "another platform is using this data folder; stop that platform" in errors
    assert served.client().get("/health").status_code == 200


def test_the_lock_ends_with_its_holder(tmp_path):
    with sole_use(tmp_path), pytest.raises(PlatformError, match="another platform"), sole_use(tmp_path):
        pass
    with sole_use(tmp_path):
        pass


def test_a_shared_port_is_not_shared_with_strangers():
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(PlatformError, match="another program listens"):
            listen_shared("127.0.0.1", port, 2, allow_non_loopback=False)


def test_options_reach_a_worker_as_they_were(tmp_path):
    whole = PlatformOptions(
        tmp_path,
        credentials_file=tmp_path / "c.json",
        database_url="sqlite:///x",
        strict=0.1,
        tls=TlsFiles(tmp_path / "a", tmp_path / "b", tmp_path / "c"),
        quotas={"app": 3.0},
        hsm=HsmPlace(tmp_path / "m.so", "label", tmp_path / "pin"),
        request_log=True,
    )
    for options in (whole, PlatformOptions(tmp_path)):
        assert options_from_json(options.as_json()) == options
