"""The platform as a process of its own, over real HTTP."""

import json
import random
import socket
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reference_impl.door.listening import listen
from reference_impl.errors import PlatformError
from reference_impl.refusals import OUTCOMES
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import seal_request
from reference_impl.wire.errors import WireError

ANY = "0.0.0.0"  # noqa: S104 - refused unless allowed, which is what is tested


def test_the_ready_line_and_the_credentials(served):
    assert served.ready["ready"] is True
    assert served.ready["url"] == served.credentials["url"]
    names = {"url", "dialect", "app_id", "app_secret", "term_id", "terminals"}
    assert set(served.credentials) == names | {"admin_token", "auditor_token", "officer_tokens"}
    assert served.ready["pid"] == served.process.pid
    assert served.credentials["dialect"] == "hn-a"
    assert stat.S_IMODE(Path(served.ready["credentials"]).stat().st_mode) == 0o600


def test_health(served):
    answer = served.client().get("/health").json()
    assert (answer["status"], answer["mode"]) == ("ok", "TEST")
    assert answer["version"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/gateway", 405), ("POST", "/health", 405)]
)
def test_outside_the_dialect_a_problem_is_a_problem(served, method, path, status):
    answer = served.client().request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_a_body_too_large_is_a_problem(served):
    answer = served.client().post("/gateway", content=b"x" * (256 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_no_body_makes_the_platform_fail(served):
    client, chance = served.client(), random.Random(7)
    for _ in range(100):
        body = chance.randbytes(chance.randrange(200))
        assert client.post("/gateway", content=body).status_code == 200
    assert client.post("/gateway", content=b"{" * 200_000).json()["code"] == "101"


def test_one_of_two_windows_wins(served):
    windows = [served.caller(), served.caller()]
    card_id = windows[0].register()
    for code in windows[0].dynamics(card_id, 20):
        start = threading.Barrier(2)

        def show(window, code=code, start=start):
            start.wait()
            return window.verify(code)

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(show, windows))
        # Two equal requests of one millisecond have one digest, so the loser may be refused as a replay.
        assert sum(answer.success for answer in answers) == 1
        assert {OUTCOMES[answer.code].name for answer in answers} <= {"ok", "reused_code", "replayed_request"}


def test_a_thousand_flipped_bits_are_a_thousand_refusals(served):
    caller, chance = served.caller(), random.Random(11)
    code = caller.dynamic(caller.register())
    raw = code.encode()
    refused = set()
    for _ in range(1000):
        bit = chance.randrange(len(raw) * 8)
        forged = bytearray(raw)
        forged[bit // 8] ^= 1 << bit % 8
        # What is no UTF-8 any more reaches the platform as the text a terminal would make of it.
        answer = caller.verify(forged.decode("utf-8", "replace"))
        assert not answer.success
        refused.add(OUTCOMES[answer.code].name)
    assert refused == {"malformed_code", "forged_code"}
    assert caller.verify(code).success


def test_a_flipped_bit_of_a_request_is_never_accepted(served):
    caller, chance = served.caller(), random.Random(13)
    method = "ehc.ehealthcode.query"
    card_id = caller.register()
    raw = json.dumps(
        seal_request(HN_A, caller.credentials, method, {"ehealth_card_id": card_id}, caller.now_ms())
    ).encode()
    for _ in range(300):
        bit = chance.randrange(len(raw) * 8)
        forged = bytearray(raw)
        forged[bit // 8] ^= 1 << bit % 8
        assert caller.post(bytes(forged))["code"] != "000"


class TestStarting:
    def start(self, start_process, tmp_path, **options):
        return start_process({"data_dir": str(tmp_path / "data"), **options})

    def failure(self, process):
        try:
            _, errors = process.communicate(timeout=10)
        finally:
            process.kill()
        assert process.returncode == 1
        return errors.strip().splitlines()[-1]

    def test_a_busy_port(self, start_process, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            told = self.failure(self.start(start_process, tmp_path, port=port))
        assert "PlatformError" in told
        assert f"127.0.0.1:{port}: another program listens on this port; stop that program" in told

    def test_another_host_only_when_allowed(self, start_process, tmp_path):
        told = self.failure(self.start(start_process, tmp_path, host=ANY))
        assert "listens on this machine only" in told

    @pytest.mark.parametrize(
        ("host", "port", "what"), [("127.0.0.1", 70000, "no such port"), ("no host.invalid", 0, "names no address")]
    )
    def test_an_address_that_is_none(self, host, port, what):
        with pytest.raises(PlatformError, match=what):
            listen(host, port, allow_non_loopback=True)

    @pytest.mark.parametrize("host", [ANY, "::1"])
    def test_term_stops_it_and_leaves_nothing(self, start_process, tmp_path, host):
        process = self.start(start_process, tmp_path, host=host, allow_non_loopback=True, credentials_file=None)
        ready = json.loads(process.stdout.readline())
        port = int(str(ready["url"]).rpartition(":")[2])
        address = "127.0.0.1" if host == ANY else host
        with socket.create_connection((address, port)):
            process.terminate()
            out, errors = process.communicate(timeout=10)
        assert (process.returncode, out, errors) == (0, "", "")
        with pytest.raises(OSError, match=r"."), socket.create_connection((address, port), timeout=1):
            pass


def test_the_log_says_nothing_of_what_was_sent(served, person):
    caller = served.caller()
    caller.register(3)
    caller.verify("nonsense")
    with pytest.raises(WireError):
        caller.send({"method": "x"}, "x")
    assert served.stop() == (0, "")
