"""A platform opened in this process under a clock the test turns, and one served by a process of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from postgres_server import PostgresServer, postgres_server
from softhsm import hsm_module, hsm_place

from reference_impl.cards.numbers.mod_11_2 import check_digit
from reference_impl.platform import Platform, open_platform
from reference_impl.storage.batch import Job
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import Credentials, Response, open_response, seal_request
from reference_impl.wire.exchange import HttpRequest
from reference_impl.wire.gateway import GatewayProfile

T = TypeVar("T")

__all__ = ["hsm_module", "hsm_place", "postgres_server"]

SERVE = """
import json, sys
from pathlib import Path
from reference_impl.door.options import PlatformOptions, options_from_json
from reference_impl.door.server import run
options = json.loads(PlatformOptions(Path()).as_json()) | json.loads(sys.argv[1])
run(options_from_json(json.dumps(options)))
"""

_NUMERALS = str.maketrans("0123456789", "零一二三四五六七八九")

UNLIMITED = {"app": 0, "terminal": 0, "address": 0, "wrong": 0}
"""Quotas for tests that ask more, and more wrongly, than any caller may."""

VISIT = {"medstepcode": "010101", "channelcode": "0100", "terminalcode": "window-1"}


def resident(serial: int) -> dict[str, str]:
    body = f"43990019900101{serial:03d}"
    name = "合成居民" + str(serial).translate(_NUMERALS)
    return {"id_type": "01", "id_no": body + check_digit(body), "name": name}


class Caller:
    """Speaks hn-a through ``post``; knows the platform's methods by the short names a test wants."""

    def __init__(
        self, credentials: Credentials, post: Callable[[bytes], Mapping[str, object]], now_ms: Callable[[], int]
    ) -> None:
        self.credentials = credentials
        self.post = post
        self.now_ms = now_ms
        self._stamped = 0

    def send(self, envelope: Mapping[str, object], method: str) -> Response:
        answer = self.post(json.dumps(envelope).encode())
        return open_response(HN_A, self.credentials, answer, method, self.now_ms())

    def call(self, method: str, biz: Mapping[str, str]) -> Response:
        # Two equal requests of one millisecond have one digest, which the platform takes for a replay.
        self._stamped = max(self.now_ms(), self._stamped + 1)
        return self.send(seal_request(HN_A, self.credentials, method, biz, self._stamped), method)

    def register(self, serial: int = 1) -> str:
        return str(self.call("ehc.ehealthcard.register", resident(serial)).biz["ehealth_card_id"])

    def dynamic(self, card_id: str) -> str:
        answer = self.call("ehc.ehealthcode.generate", {"ehealth_card_id": card_id, "ewmbs": "0"})
        return str(answer.biz["ehealth_code"])

    def dynamics(self, card_id: str, count: int) -> list[str]:
        biz = {"ehealth_card_id": card_id, "ewmbs": "0", "count": str(count)}
        return list(self.call("ehc.ehealthcode.generate", biz).biz["ehealth_codes"])

    def static(self, card_id: str) -> str:
        answer = self.call("ehc.ehealthcode.generate", {"ehealth_card_id": card_id, "ewmbs": "1"})
        return str(answer.biz["ehealth_code"])

    def verify(self, code: str) -> Response:
        return self.call("ehc.ehealthcode.verify", {**VISIT, "ehealth_code": code})

    def close(self, card_id: str) -> Response:
        return self.call("ehc.ehealthcard.close", {"ehealth_card_id": card_id, "revoke_no": "1"})


@dataclass
class TurnableClock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Bench(Caller):
    """A platform of this process, asked past the web; its event loop runs in a thread of its own."""

    def __init__(self, platform: Platform, clock: TurnableClock) -> None:
        super().__init__(platform.credentials, self._answer, lambda: int(clock.now * 1000))
        self.platform = platform
        self.clock = clock
        self.profile = GatewayProfile(HN_A)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def wait(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Let the platform's event loop do something, and wait for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def do(self, job: Job[T]) -> T:
        """Let the platform's writer do a job."""

        async def submit() -> T:
            return await self.platform.writer.submit(job)

        return self.wait(submit())

    def _answer(self, body: bytes) -> Mapping[str, object]:
        http = HttpRequest("/gateway", "application/json", body)
        answer = self.wait(self.platform.gateway.answer(self.profile, http, "127.0.0.1"))
        fields: dict[str, object] = json.loads(answer.body)
        return fields

    def stop(self) -> None:
        """Close the platform and its loop."""
        self.wait(self.platform.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass
class Served:
    """A platform in a process of its own."""

    process: subprocess.Popen[str]
    ready: dict[str, object]
    credentials: dict[str, str]
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self) -> httpx.Client:
        client = httpx.Client(base_url=self.credentials["url"], trust_env=False, timeout=60)
        self.clients.append(client)
        return client

    def caller(self) -> Caller:
        """Return a caller with a connection of its own."""
        client = self.client()

        def post(body: bytes) -> Mapping[str, object]:
            response = client.post("/gateway", content=body)
            assert response.status_code == 200
            return response.json()

        names = ("app_id", "app_secret", "term_id")
        return Caller(
            Credentials(**{name: self.credentials[name] for name in names}), post, lambda: int(time.time() * 1000)
        )

    def stop(self) -> tuple[int, str]:
        """End the process; return its exit code and what it wrote to stderr."""
        for client in self.clients:
            client.close()
        self.process.terminate()
        _, errors = self.process.communicate(timeout=10)
        return self.process.returncode, errors


def start(options: Mapping[str, object]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, json.dumps(options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def begin_serving(options: Mapping[str, object]) -> Served:
    process = start(options)
    line = process.stdout.readline()
    if not line:
        pytest.fail(f"it did not begin to serve: {process.communicate(timeout=10)[1]}")
    ready = json.loads(line)
    return Served(process, ready, json.loads(Path(ready["credentials"]).read_text()))


@pytest.fixture
def start_process() -> Callable[[Mapping[str, object]], subprocess.Popen[str]]:
    return start


@pytest.fixture
def person() -> Callable[[int], dict[str, str]]:
    return resident


@pytest.fixture
def fresh_postgres(postgres_server: PostgresServer) -> Iterator[Callable[..., str]]:
    """Make databases of PostgreSQL, the platform's tables in them unless another template is named; give their URLs."""
    with postgres_server.databases() as make:
        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Name the kind of database; every test of an open platform runs on each."""
    return str(request.param)


@pytest.fixture
def database_url(database: str, request: pytest.FixtureRequest) -> str | None:
    """Return the URL of this test's database, None for the file in the data folder."""
    return request.getfixturevalue("fresh_postgres")() if database == "postgresql" else None


@pytest.fixture
def open_bench(tmp_path: Path, database_url: str | None) -> Iterator[Callable[..., Bench]]:
    """Open the platform of this test's folder and database; opening again is a restart."""
    clock = TurnableClock()
    benches: list[Bench] = []

    def opened(**options: object) -> Bench:
        while benches:
            benches.pop().stop()
        benches.append(
            Bench(open_platform(tmp_path / "data", clock=clock, **{"database_url": database_url, **options}), clock)
        )
        return benches[-1]

    yield opened
    for bench in benches:
        bench.stop()


@pytest.fixture
def bench(open_bench: Callable[..., Bench]) -> Bench:
    return open_bench()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Served]:
    options = {"data_dir": str(tmp_path_factory.mktemp("platform")), "quotas": UNLIMITED}
    with ExitStack() as stack:
        if request.param == "postgresql":
            databases = request.getfixturevalue("postgres_server").databases()
            options["database_url"] = stack.enter_context(databases)()
        platform = begin_serving(options)
        yield platform
        if platform.process.poll() is None:
            platform.stop()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serve a platform of this test's folder with these options; whatever still runs is ended with the test."""
    begun: list[Served] = []

    def served_with(**options: object) -> Served:
        begun.append(begin_serving({"data_dir": str(tmp_path / "data"), "quotas": UNLIMITED, **options}))
        return begun[-1]

    yield served_with
    for platform in begun:
        if platform.process.poll() is None:
            platform.stop()
