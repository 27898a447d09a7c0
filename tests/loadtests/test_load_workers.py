"""Workers and their master: as many as are expected, where they can be listened for, and told of what fails."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from loads import command, plan_for
from lying_platform import APP_ID, HONEST, SECRET, TERMINALS, LyingPlatform

from loadtests.plan import LoadPlan, Stage
from loadtests.record import read_record

FAILED = 3
VERIFICATIONS = {"verification": 1.0}


@pytest.fixture
def credentials(tmp_path):
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps({"app_id": APP_ID, "app_secret": SECRET, "term_id": TERMINALS[0]}))
    return file


@pytest.fixture
def population(tmp_path):
    file = tmp_path / "cards.jsonl"
    file.write_text("".join(json.dumps({"card_id": f"{number:064X}"}) + "\n" for number in range(40)))
    return file


@pytest.fixture
def platform():
    with closing(LyingPlatform((HONEST,))) as platform:
        yield platform


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


def run_at(port: int, plan: LoadPlan, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([*command(plan, folder), "--port", str(port)], stdout=subprocess.PIPE, text=True)


def test_a_worker_that_is_one_too_many_is_sent_back_and_takes_nothing_from_the_others(
    tmp_path, platform, credentials, population
):
    """Locust would end users of the others in the middle of what they do, to have the newcomer's in their place."""
    stage, port, said = Stage("hold", 20, 20, 600), free_port(), ""
    plan = plan_for(platform.url, credentials, stage, mix=VERIFICATIONS, population=population)
    worker = [sys.executable, "-m", "loadtests", "worker", "--credentials", credentials]
    with run_at(port, plan, tmp_path / "load") as run:
        assert run.stdout is not None
        assert '"t"' in run.stdout.readline()
        stranger = subprocess.run(
            [*worker, "--master", f"127.0.0.1:{port}"], stderr=subprocess.PIPE, text=True, check=False
        )
        run.terminate()
        said = run.stdout.read()
    assert run.returncode == 0, said
    assert stranger.returncode == FAILED
    assert "expects 1 workers and has them" in stranger.stderr
    assert "Traceback" not in stranger.stderr
    totals = read_record(tmp_path / "load").totals
    assert totals.sent == totals.stages[0].ok > 0
    assert not any("lost" in reason.en for reason in totals.invalid)


@pytest.mark.parametrize("bind", ["127.0.0.1", "192.0.2.1"], ids=["taken", "not of this machine"])
@pytest.mark.parametrize("free", [True, False], ids=["any port", "one port"])
def test_where_nobody_can_listen_is_told_with_a_remedy(bind, free, tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = 0 if free else taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-c", LISTEN, bind, str(port)], capture_output=True, text=True, check=False
        )
    if free and bind == "127.0.0.1":
        assert ended.stdout == "listening"
    else:
        where, remedy = ended.stdout.splitlines()
        assert where == f"{bind}:{port}"
        assert "--bind" in remedy
    assert "Traceback" not in ended.stderr


LISTEN = """
import locust  # patches the standard library, which is why this is a process of its own
import sys
from loadtests.errors import GeneratorError
from loadtests.listening import listen
from loadtests.users import LoadEnvironment

try:
    listen(LoadEnvironment(), sys.argv[1], int(sys.argv[2]), 1)
    print("listening", end="")
except GeneratorError as error:
    print(error.where, error.remedy, sep="\\n", end="")
"""

LEARN = """
import locust  # patches the standard library, which is why this is a process of its own
import sys
from pathlib import Path
from types import SimpleNamespace
from loadtests import worker
from loadtests.users import LoadEnvironment

class Runner:
    user_greenlets = None

    def __init__(self):
        self.told = []

    def register_message(self, *_):
        pass

    def send_message(self, name, content):
        self.told.append((name, content))

def fail(plan):
    raise ArithmeticError("no such schedule")

worker.draw = fail
runner = Runner()
one = worker._Worker(LoadEnvironment(), runner, Path(sys.argv[1]))
plan = {"plan": Path(sys.argv[2]).read_text(), "worker": 0, "workers": 1}
one._learn(SimpleNamespace(data=plan))
print(runner.told[-1])
"""


def test_a_worker_that_cannot_make_itself_ready_says_so_and_nobody_waits_for_it(tmp_path, credentials):
    plan = tmp_path / "plan.json"
    plan.write_text(plan_for("http://127.0.0.1:1", credentials, Stage("hold", 1, 1, 1), mix=VERIFICATIONS).to_json())
    ended = subprocess.run(
        [sys.executable, "-c", LEARN, credentials, plan], capture_output=True, text=True, check=False
    )
    assert "load-problem" in ended.stdout, ended.stderr
    assert "ArithmeticError: no such schedule" in ended.stdout
