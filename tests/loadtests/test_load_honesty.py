"""A load says what the platform did wrong, and when its own generator was not up to it."""

import json
import os
import signal
import subprocess
from contextlib import closing

import psutil
import pytest
from loads import command, offered, plan_for, workers_of
from lying_platform import (
    APP_ID,
    BABBLES,
    BUSY,
    CUTS,
    HANGS,
    HONEST,
    LIES,
    REFUSES,
    RESETS,
    SECRET,
    SILENTLY_BUSY,
    SLEEP_S,
    SLEEPS,
    TERMINALS,
    LyingPlatform,
)

from loadtests.honesty import BUSY_S, longest_busy, reasons
from loadtests.plan import Stage
from loadtests.record import SEND_DELAY, read_record
from loadtests.schedule import draw

VERIFICATIONS = {"verification": 1.0}
GONE_S = 30.0


@pytest.fixture
def credentials(tmp_path):
    file = tmp_path / "credentials.json"
    told = {"app_id": APP_ID, "app_secret": SECRET, "term_id": TERMINALS[0], "terminals": TERMINALS}
    file.write_text(json.dumps(told))
    return file


@pytest.fixture
def population(tmp_path):
    file = tmp_path / "cards.jsonl"
    file.write_text("".join(json.dumps({"card_id": f"{number:064X}"}) + "\n" for number in range(40)))
    return file


def verifying(platform, credentials, population, *stages, **changed):
    return plan_for(platform.url, credentials, *stages, mix=VERIFICATIONS, population=population, **changed)


def test_everything_a_platform_does_wrong_is_named(tmp_path, credentials, population):
    moods = (HONEST, LIES, BUSY, SILENTLY_BUSY, CUTS, RESETS, BABBLES, REFUSES, HONEST)
    with closing(LyingPlatform(moods)) as platform:
        plan = verifying(platform, credentials, population, Stage("hold", 45, 45, 2, "even"))
        record = offered(plan, tmp_path / "load")
        did = platform.did
    [stage] = record.stages
    assert stage.sent == 90 == did.total()
    assert stage.ok == did[HONEST] == 20
    assert stage.refused == {"code-301": 10, "http-503": 20}
    assert stage.without_retry_after == did[SILENTLY_BUSY] == 10
    assert stage.errors == {"malformed": 10, "reset": 10, "truncated": 10, "wrong-person": 10}
    assert record.totals.wrong_persons.count == did[LIES]
    assert len(set(record.totals.wrong_persons.examples)) == 10
    assert len(list(record.acknowledged())) == 20


def test_a_lost_answer_is_asked_for_again(tmp_path, credentials, population):
    with closing(LyingPlatform((HONEST, CUTS, HONEST, RESETS))) as platform:
        plan = verifying(platform, credentials, population, Stage("hold", 20, 20, 1, "even"), attempts=4)
        record = offered(plan, tmp_path / "load")
        did = platform.did
    [stage] = record.stages
    assert stage.sent == 20
    assert stage.ok + sum(stage.errors.values()) == 20
    assert stage.retried == did.total() - 20 > 0
    assert stage.ok == did[HONEST]


def test_a_code_accepted_once_more_after_its_answer_was_given_up_is_found(tmp_path, credentials, population):
    with closing(LyingPlatform((SLEEPS,))) as platform:
        plan = plan_for(
            platform.url,
            credentials,
            Stage("hold", 10, 10, 1, "even"),
            mix={"verification": 0.5, "generation": 0.5},
            population=population,
            timeout_s=SLEEP_S * 0.6,
            attempts=2,
            reuse_share=0.0,
        )
        record = offered(plan, tmp_path / "load")
    [stage] = record.stages
    verifications = int((draw(plan).kind == 0).sum())
    assert record.totals.double_accepted.count == verifications > 0
    assert stage.errors["timeout"] >= verifications
    assert not list(record.acknowledged())


def test_a_generator_that_stands_still_makes_its_load_invalid(tmp_path, credentials, population):
    with closing(LyingPlatform((HONEST,))) as platform:
        plan = verifying(platform, credentials, population, Stage("hold", 60, 60, 5, "even"), generator_defect="stalls")
        record = offered(plan, tmp_path / "load")
    # 150 ms of each 2.2 s are late.
    assert record.totals.late >= 0.03 * record.totals.sent
    assert any("late" in reason.en for reason in record.invalid)
    assert record.totals.sent == record.totals.offered


def most_late_ms(record):
    return max(ms for ms, _ in record.histogram(log=SEND_DELAY))


def test_a_platform_that_accepts_and_never_answers_is_not_excused(tmp_path, credentials, population):
    """Each of its callers is held for all its attempts; who is due meanwhile must not wait until one is free."""
    with closing(LyingPlatform((HANGS,))) as platform:
        plan = verifying(
            platform, credentials, population, Stage("hold", 40, 40, 6), workers=4, attempts=4, timeout_s=1.0
        )
        record = offered(plan, tmp_path / "load")
    [stage] = record.stages
    assert stage.errors == {"timeout": stage.sent}
    assert stage.sent == stage.offered
    assert stage.retried == 3 * stage.sent
    assert most_late_ms(record) < 1000 * plan.timeout_s


def test_a_stall_longer_than_patience_is_the_platforms(tmp_path, credentials, population):
    """For the first seconds nothing is answered, neither what is due nor what is tried again."""
    hung, timeout_s, rate = 240, 1.0, 40
    moods = (*[HANGS] * hung, *[HONEST] * 10_000)
    with closing(LyingPlatform(moods)) as platform:
        plan = verifying(
            platform, credentials, population, Stage("hold", rate, rate, 10), attempts=4, timeout_s=timeout_s
        )
        record = offered(plan, tmp_path / "load")
    [stage] = record.stages
    assert stage.retried >= rate * timeout_s
    assert record.percentile(99) > 1000 * timeout_s
    assert most_late_ms(record) < 1000 * timeout_s


def test_a_machine_without_connections_is_no_fault_of_the_platform(tmp_path, credentials, population):
    with closing(LyingPlatform((SLEEPS,))) as platform:
        plan = verifying(platform, credentials, population, Stage("hold", 60, 60, 2, "even"))
        limited = ["sh", "-c", 'ulimit -n 60; exec "$@"', "sh", *command(plan, tmp_path / "load")]
        ended = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert ended.returncode == 3
    assert "no more connections" in json.loads(ended.stdout.splitlines()[-1])["error"]["what"]
    assert not (tmp_path / "load" / "load.json").exists()


def test_a_lost_worker_makes_a_load_invalid(tmp_path, credentials, population):
    killed = []

    def kill(process, second):
        if second["t"] >= 1 and not killed:
            killed.append(workers_of(process.pid)[0])
            killed[0].kill()

    with closing(LyingPlatform((HONEST,))) as platform:
        plan = verifying(platform, credentials, population, Stage("hold", 30, 30, 6, "even"), workers=2)
        record = offered(plan, tmp_path / "load", kill)
    assert any("lost" in reason.en for reason in record.invalid)
    assert record.totals.sent < record.totals.offered


def test_a_load_ends_with_whoever_asked_for_it(tmp_path, credentials, population):
    with closing(LyingPlatform((HONEST,))) as platform:
        plan = verifying(platform, credentials, population, Stage("hold", 20, 20, 600))
        folder = tmp_path / "load"
        shell = subprocess.Popen(["sh", "-c", '"$@"; true', "sh", *command(plan, folder)], stdout=subprocess.PIPE)
        assert shell.stdout is not None
        assert b'"t"' in shell.stdout.readline()
        [run] = psutil.Process(shell.pid).children()
        everybody = [run, *workers_of(run.pid)]
        os.kill(shell.pid, signal.SIGKILL)
        shell.wait()
        shell.stdout.read()
        shell.stdout.close()
        _, alive = psutil.wait_procs(everybody, GONE_S)
        assert not alive
    record = read_record(folder)
    assert record.totals.ended_early
    assert 0 < record.totals.sent <= record.totals.offered < 600


def test_a_load_that_is_interrupted_leaves_what_there_is(tmp_path, credentials, population):
    with closing(LyingPlatform((HONEST,))) as platform:
        plan = verifying(platform, credentials, population, Stage("hold", 20, 20, 600))
        folder = tmp_path / "load"
        run = subprocess.Popen(command(plan, folder), stdout=subprocess.PIPE, start_new_session=True)
        assert run.stdout is not None
        assert b'"t"' in run.stdout.readline()
        os.killpg(run.pid, signal.SIGINT)
        run.stdout.read()
        run.stdout.close()
        assert run.wait() == 0
    totals = read_record(folder).totals
    assert totals.ended_early
    assert 0 < totals.sent <= totals.offered < 600
    assert totals.stages[0].ok == totals.sent
    assert not any("lost" in reason.en for reason in totals.invalid)


def test_a_load_can_be_ended_while_it_waits_for_workers(tmp_path, credentials, population):
    with closing(LyingPlatform((HONEST,))) as platform:
        plan = verifying(platform, credentials, population, Stage("hold", 1, 1, 1), expect_workers=2)
        run = subprocess.Popen([*command(plan, tmp_path / "load"), "--port", "0"], stdout=subprocess.PIPE)
        while not workers_of(run.pid):
            assert run.poll() is None
        run.terminate()
        said, _ = run.communicate()
    assert run.returncode == 3
    assert "before it began" in json.loads(said.splitlines()[-1])["error"]["what"]


def test_workers_end_with_their_master(tmp_path, credentials, population):
    with closing(LyingPlatform((HONEST,))) as platform:
        plan = verifying(platform, credentials, population, Stage("hold", 20, 20, 600))
        run = subprocess.Popen(command(plan, tmp_path / "load"), stdout=subprocess.PIPE)
        assert run.stdout is not None
        assert b'"t"' in run.stdout.readline()
        workers = workers_of(run.pid)
        run.kill()
        run.wait()
        run.stdout.close()
        _, alive = psutil.wait_procs(workers, GONE_S)
        assert not alive


def test_only_what_the_generator_did_makes_a_load_invalid():
    assert not reasons(10_000, 10_000, 10, {"w0": [0.5, 0.95] * 20}, [])
    assert len(reasons(10_000, 10_000, 11, {}, [])) == 1
    assert len(reasons(10_000, 9_999, 0, {}, [])) == 1
    assert len(reasons(10_000, 10_000, 0, {"w0": [0.95] * BUSY_S, "w1": [0.1]}, [])) == 1
    assert len(reasons(10_000, 10_000, 0, {}, ["w1", "w2"])) == 2
    assert longest_busy([0.95] * 4 + [0.5] + [0.95] * 3) == 4
