"""``xiangka load``: Locust over real HTTP, and an exit code that says whether every answer was right."""

from __future__ import annotations

import json
import re
import signal
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from shell import one_line, until

METHODS = ("ehc.ehealthcard.register", "ehc.ehealthcode.generate", "ehc.ehealthcode.verify")


class Babbler(BaseHTTPRequestHandler):
    """Answers every request with something that is no envelope."""

    protocol_version = "HTTP/1.1"
    body = json.dumps({"code": "0", "msg": "好"}).encode()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def babbling():
    """A platform that answers nonsense; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Babbler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def table(said: str) -> dict[str, tuple[int, int]]:
    """Requests and failures of each method, from the table Locust prints."""
    rows = re.findall(r"^POST +(\S+) +(\d+) +(\d+)\(", said, re.MULTILINE)
    return {method: (int(requests), int(failures)) for method, requests, failures in rows}


def test_a_sound_platform_stands_the_load(shell):
    ended = shell.run("load", "--seconds", "2", "--users", "2")
    assert ended.exit_code == 0, ended.said
    counts = table(ended.out + ended.said)
    assert set(counts) == set(METHODS)
    assert all(requests > 0 and failures == 0 for requests, failures in counts.values())
    assert list(shell.temporary.iterdir()) == []


def test_a_platform_that_answers_nonsense_does_not(shell, platform):
    with babbling() as url:
        arguments = ("--target", url, "--credentials", platform.credentials, "--users", "2")
        ended = shell.run("load", "--seconds", "1", *arguments)
    assert ended.exit_code == 1, ended.said
    requests, failures = table(ended.out + ended.said)[METHODS[0]]
    assert requests == failures > 0
    assert "Traceback" not in ended.said


def test_a_platform_that_is_down_is_told_in_one_line(shell, platform):
    arguments = ("--target", "http://127.0.0.1:1", "--credentials", platform.credentials, "--users", "1")
    ended = shell.run("load", "--seconds", "1", *arguments)
    assert "http://127.0.0.1:1" in one_line(ended.said)
    assert ended.exit_code == 3


def test_a_load_that_is_stopped_leaves_no_process(shell, platform):
    arguments = ("--target", platform.url, "--credentials", platform.credentials, "--users", "1")
    running = shell.start("load", "--seconds", "600", *arguments)
    until(lambda: any("locust" in line for line in running.processes().values()))
    running.stop(signal.SIGTERM)


def over_the_limit(said: str) -> tuple[int, int] | None:
    """How many requests of how many were over the platform's limits, as told; None where nothing is told."""
    found = re.search(r"(\d+) of (\d+) requests were over the platform's limits", said)
    return (int(found[1]), int(found[2])) if found else None


def served_with(shell, *quotas):
    """A platform of its own with these quotas; its address and credentials as options of a load."""
    options = [word for quota in quotas for word in ("--quota", quota)]
    running = shell.start("platform", "serve", "--port", "0", "--data", shell.folder / "limited", *options)
    ready = json.loads(running.line())
    return "--target", ready["url"], "--credentials", ready["credentials"]


def test_what_is_over_the_limits_is_told(shell):
    target = served_with(shell, "terminal=5", "app=0", "address=0")
    ended = shell.run("load", "--seconds", "2", "--users", "2", *target)
    assert ended.exit_code == 1
    failures = sum(failed for _, failed in table(ended.out + ended.said).values())
    over, asked = over_the_limit(ended.said)
    assert 0 < over == failures < asked
    assert "--quota terminal=0" in ended.said


def test_an_address_over_its_limit_is_told_as_well(shell):
    target = served_with(shell, "terminal=0", "app=0", "address=5")
    ended = shell.run("load", "--seconds", "2", "--users", "2", *target)
    failures = sum(failed for _, failed in table(ended.out + ended.said).values())
    assert over_the_limit(ended.said)[0] == failures > 0


def test_users_take_the_terminals_in_turn(shell):
    """Each terminal has a quota of its own, so one alone would be refused most of what all of them ask."""
    target = served_with(shell, "terminal=0", "app=0", "address=0")
    ended = shell.run("load", "--seconds", "2", "--users", "4", *target)
    assert ended.exit_code == 0, ended.said
    assert over_the_limit(ended.said) is None
    told = json.loads((shell.folder / "limited" / "credentials.json").read_text())
    exported = shell.folder / "audit.ndjson"
    assert shell.run("platform", "audit", "--data", shell.folder / "limited", "--export", exported).exit_code == 0
    records = [json.loads(line) for line in exported.read_text().splitlines()]
    used = {record["term_id"] for record in records if record.get("op") == METHODS[2]}
    assert used == set(told["terminals"])
