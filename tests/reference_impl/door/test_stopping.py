"""A platform that is told to stop under load loses nothing that it has answered."""

import itertools
import json
import os
import signal
import socket
import threading
import time

import httpx
import pytest

from reference_impl.door.live_log import TICK_S
from reference_impl.door.options import PlatformOptions
from reference_impl.door.reading import open_for_reading
from reference_impl.door.worker import GRACE_S
from reference_impl.records import audit
from reference_impl.storage.schema import AUDIT

VERIFY = "ehc.ehealthcode.verify"
CALLERS = 6


@pytest.fixture
def database():
    return "sqlite"


def verified_terminals(data_dir):
    """Terminal codes of the accepted verifications on the audit, which is found whole."""
    with open_for_reading(PlatformOptions(data_dir)) as reading:
        assert audit.check(reading.connection, reading.keyring.audit_versions).first_bad is None
        rows = reading.connection.execute(AUDIT.select().where(AUDIT.c.op == VERIFY, AUDIT.c.outcome == "000"))
        return [json.loads(row.detail)["terminalcode"] for row in rows]


class Load:
    """Callers that verify a code again and again, each time as another terminal, until they are cut off."""

    def __init__(self, served, code):
        self.answered = []
        self.cut_off = []
        self._numbers = itertools.count()
        self._threads = [
            threading.Thread(target=self._call, args=(served.caller(), code), daemon=True) for _ in range(CALLERS)
        ]
        for thread in self._threads:
            thread.start()

    def _call(self, caller, code):
        visit = {"medstepcode": "010101", "channelcode": "0100", "ehealth_code": code}
        while True:
            terminal = f"t{next(self._numbers)}"
            try:
                answer = caller.call(VERIFY, {**visit, "terminalcode": terminal})
            except (httpx.TransportError, OSError) as error:
                self.cut_off.append(type(error).__name__)
                return
            assert answer.success
            self.answered.append(terminal)

    def until(self, answers):
        deadline = time.monotonic() + 60
        while len(self.answered) < answers and time.monotonic() < deadline:
            time.sleep(0.01)

    def end(self):
        for thread in self._threads:
            thread.join(30)
        assert not [thread for thread in self._threads if thread.is_alive()]


@pytest.mark.parametrize(("workers", "number"), [(1, signal.SIGTERM), (1, signal.SIGINT), (2, signal.SIGTERM)])
def test_what_was_answered_is_on_the_audit(serve, tmp_path, workers, number):
    served = serve(workers=workers)
    first = served.caller()
    load = Load(served, first.static(first.register()))
    load.until(60)
    os.kill(served.process.pid, number)
    load.end()
    served.process.wait(30)
    assert served.stop() == (0, "")
    assert len(load.cut_off) == CALLERS
    kept = verified_terminals(tmp_path / "data")
    assert len(kept) == len(set(kept))
    assert len(load.answered) >= 60
    assert not set(load.answered) - set(kept)


@pytest.mark.parametrize("workers", [1, 2])
def test_whoever_only_watches_or_waits_delays_nothing(serve, workers):
    served = serve(workers=workers)
    token = {"Authorization": f"Bearer {served.credentials['auditor_token']}"}
    idle = socket.create_connection(_address(served))
    with idle, served.client().stream("GET", "/api/v1/live", headers=token) as live:
        assert next(live.iter_text()).startswith("data: {")
        begun = time.monotonic()
        served.process.terminate()
        _, errors = served.process.communicate(timeout=30)
        took = time.monotonic() - begun
    assert (served.process.returncode, errors) == (0, "")
    assert took < GRACE_S + 10 * TICK_S


def _address(served):
    url = httpx.URL(served.credentials["url"])
    return url.host, url.port


def test_nobody_is_let_in_any_more(serve):
    served = serve(workers=2)
    address = _address(served)
    served.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(address, timeout=5)
