"""What ``xiangka platform serve`` says when it is ready: one line for programs, and a word to whoever sits there."""

import json
import os
import signal
import subprocess
import sys

import httpx
import pytest


@pytest.fixture
def serving(tmp_path):
    """Starts a platform with its errors going to a descriptor; whatever still runs ends with the test."""
    started = []

    def start(errors):
        serve = ("platform", "serve", "--data", str(tmp_path / "data"), "--port", "0")
        command = [sys.executable, "-m", "xiangka", *serve]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(60)
        process.stdout.close()


def ended(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    return process.stdout.read()


def test_at_a_terminal_it_says_where_the_page_is(serving):
    near, terminal = os.openpty()
    process = serving(terminal)
    os.close(terminal)
    ready = json.loads(process.stdout.readline())
    said = os.read(near, 4096).decode()
    assert said.strip() == f"管理页面 / administration page: {ready['url']}/admin"
    assert httpx.get(said.split()[-1], timeout=60).status_code == 200
    assert ended(process) == "", "standard output has one line, for programs"
    os.close(near)


def test_to_a_program_it_says_one_line(serving, tmp_path):
    with (tmp_path / "errors").open("w") as errors:
        process = serving(errors)
        assert json.loads(process.stdout.readline())["ready"] is True
        assert ended(process) == ""
    assert (tmp_path / "errors").read_text() == ""
