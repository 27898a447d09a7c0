"""``xiangka platform``: a platform made, served, filled, counted and checked from the command line."""

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise

import httpx
import pytest

from xiangka.cli import main


@dataclass
class Done:
    """How a command ended and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def xiangka(*arguments):
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as errors:
        code = main(["platform", *map(str, arguments)])
    return Done(code, out.getvalue(), errors.getvalue())


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a platform of 300 cards."""
    folder = tmp_path_factory.mktemp("made") / "data"
    assert xiangka("init", "--data", folder).returncode == 0
    done = xiangka("seed", "--data", folder, "--cards", 300, "--seed", 7)
    assert (done.returncode, done.stdout) == (0, "300 cards made, 0 were there\n")
    return folder


def refused(*arguments, code=3):
    done = xiangka(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    return line


def test_a_platform_is_made_once(made):
    told = json.loads((made / "credentials.json").read_text())
    assert {"admin_token", "auditor_token", "officer_tokens", "app_secret"} <= set(told)
    assert "there is a platform already; serve it" in refused("init", "--data", made)


def test_seeding_again_makes_the_rest(made):
    done = xiangka("seed", "--data", made, "--cards", 310, "--seed", 7)
    assert done.stdout == "10 cards made, 300 were there\n"


def test_a_list_of_cards_is_spread_over_all_of_them(made, tmp_path):
    listed = tmp_path / "cards.jsonl"
    done = xiangka("seed", "--data", made, "--cards", 310, "--seed", 7, "--list", listed, "--sample", 31)
    assert done.stdout.endswith(f"31 of them listed: {listed}\n")
    told = [json.loads(line) for line in listed.read_text().splitlines()]
    assert all(set(one) == {"card_id"} for one in told)
    with closing(sqlite3.connect(made / "platform.sqlite")) as database:
        numbers = dict(database.execute("SELECT hex(card_id), card_no FROM cards"))
    places = [numbers[one["card_id"]] for one in told]
    assert {later - sooner for sooner, later in pairwise(places)} == {10}
    assert xiangka("seed", "--data", made, "--cards", 310, "--seed", 7, "--list", listed).returncode == 0
    assert len(listed.read_text().splitlines()) == 310
    assert [path.name for path in tmp_path.iterdir()] == ["cards.jsonl"]


def test_a_list_that_cannot_be_written_is_told_before_anything_is_done(tmp_path):
    new = ("seed", "--data", tmp_path / "new", "--cards", 3)
    assert "nobody can write" in refused(*new, "--list", tmp_path / "none" / "cards.jsonl")
    assert "4 of 3 cards" in refused(*new, "--list", tmp_path / "cards.jsonl", "--sample", 4)
    assert "name the file with --list" in refused(*new, "--sample", 2)
    assert list(tmp_path.iterdir()) == []


def test_statistics_are_printed_with_their_definitions(made):
    told = xiangka("stats", "--data", made).stdout
    assert told.startswith("TEST · 测试平台")
    assert "按日发卡量 / cards issued by day" in told
    assert "日期 day" in told
    assert "期间内新发的电子健康卡张数" in told
    document = json.loads(xiangka("stats", "--data", made, "--json").stdout)
    assert document["mode"] == "TEST"
    figures = {f["name"]: f["rows"] for f in document["figures"]}
    assert sum(row["cards"] for row in figures["issued_by_day"]) >= 300
    past = xiangka("stats", "--data", made, "--json", "--from", "2001-01-01", "--to", "2001-01-31").stdout
    assert {f["name"]: f["rows"] for f in json.loads(past)["figures"]}["issued_by_day"] == []
    assert "ends before it begins" in refused(
        "stats", "--data", made, "--from", "2002-01-01", "--to", "2001-01-01", code=4
    )


def test_an_audit_that_is_whole_and_one_that_is_not(made, tmp_path):
    done = xiangka("audit", "--data", made, "--export", tmp_path / "audit.ndjson")
    assert done.returncode == 0
    assert "every one as it was written" in done.stdout
    *records, statement = (tmp_path / "audit.ndjson").read_text().splitlines()
    assert {json.loads(record)["op"] for record in records} >= {"platform.seed"}
    assert json.loads(statement)["statement"]["records"] == len(records)
    with sqlite3.connect(made / "platform.sqlite") as database:
        database.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 1")
    database.close()
    done = xiangka("audit", "--data", made)
    assert done.returncode == 1
    assert "first bad record: lane w0, number 1: the record or one before it was changed" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("audit", "--data", "{0}/none"), 3, "there is no platform in this folder"),
        (("stats", "--data", "{0}/none"), 3, "there is no platform in this folder"),
        (("audit", "--data", "{0}", "--database", "mysql://x/y"), 3, "the database cannot be read"),
        (("serve", "--data", "{0}/prod"), 3, "named like one of a production deployment"),
        (("serve", "--data", "{0}/d", "--strict", "1.5"), 3, "cannot refuse the share 1.5"),
        (("serve", "--data", "{0}/d", "--workers", "0"), 3, "0 workers cannot serve"),
        (("serve", "--data", "{0}/d", "--capacity", "0"), 3, "a machine that takes 0 requests a second"),
        (("serve", "--data", "{0}/d", "--quota", "wind=3"), 3, "these quotas cannot be kept"),
        (
            ("serve", "--data", "{0}/d", "--port", "0", "--code-life", "0"),
            3,
            "--code-life: a dynamic code cannot live 0 s",
        ),
        (
            ("init", "--data", "{0}/d", "--database", "postgresql://u:p@127.0.0.1:1/x"),
            3,
            "opened: no server answers there",
        ),
        (("init", "--data", "{0}/d", "--database", "postgresql://u@h:port/x"), 3, "--database: the database cannot be"),
        (("serve", "--data", "{0}/d", "--quota", "app"), 4, "not of the form NAME=NUMBER"),
        (("serve", "--data", "{0}/d", "--defect", "none-such"), 3, "there is no defect"),
        (("serve", "--data", "{0}/d", "--tls-cert", "a.pem"), 4, "TLS needs a certificate and its key"),
        (("serve", "--data", "{0}/d", "--hsm-token", "x"), 4, "a root key in an HSM needs all of its options"),
        (("seed", "--data", "{0}/d", "--cards", "-1"), 3, "different synthetic people"),
        (("stats", "--data", "{0}/d", "--from", "yesterday"), 4, "not a day of the form"),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path, arguments, code, told):
    assert told in refused(*(argument.format(tmp_path) for argument in arguments), code=code)


def test_what_is_served_is_ready_strict_and_alone(made):
    command = [sys.executable, "-m", "xiangka", "platform", "serve", "--data", str(made), "--port", "0", "--strict"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            ready = json.loads(process.stdout.readline())
            assert ready["pid"] == process.pid
            assert httpx.get(ready["url"] + "/health", timeout=60).json()["strict"]["share"] == 0.05
            assert "another platform is using this data folder" in refused("seed", "--data", made, "--cards", 1)
            assert xiangka("stats", "--data", made).returncode == 0
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
