from __future__ import annotations

import threading

from rigs.syscall_trace import Watched, acknowledgements, hit

ASK = '7 read(21<TCP:[127.0.0.1:1->127.0.0.1:2]>, "POST /gateway HTTP/1.1\\r\\n"..., 256000) = 627'
LOG = '7 pwrite64(7</d/platform.sqlite-wal>, "\\r\\0"..., 4096, 32) = 4096'
SYNC = "7 fdatasync(7</d/platform.sqlite-wal>) = 0"
FAILED = "7 fdatasync(7</d/platform.sqlite-wal>) = -1 EIO (Input/output error) (INJECTED)"
ANSWER = '7 write(21<TCP:[127.0.0.1:1->127.0.0.1:2]>, "HTTP/1.1 200 OK\\r\\n"..., 123) = 123'
BEGUN = "7 fdatasync(7</d/platform.sqlite-wal> <unfinished ...>"
ENDED = "7 <... fdatasync resumed>) = 0"


CARRIED_OVER = (
    '7 pwrite64(6</d/platform.sqlite>, "\\r\\0"..., 4096, 32) = -1 ENOSPC (No space left on device) (INJECTED)'
)
NOT_LOGGED = '7 pwrite64(7</d/platform.sqlite-wal>, "\\r\\0"..., 4096, 32) = -1 ENOSPC (No space left) (INJECTED)'


def judged(*lines: str) -> list[bool]:
    return list(acknowledgements(lines))


def test_an_answer_after_its_record_was_synced_is_durable():
    assert judged(ASK, LOG, SYNC, ANSWER) == [True]


def test_an_answer_before_the_sync_is_not():
    assert judged(ASK, LOG, ANSWER, SYNC) == [False]


def test_a_sync_before_the_question_does_not_count():
    assert judged(SYNC, ASK, ANSWER) == [False]


def test_a_sync_that_failed_does_not_count():
    assert judged(ASK, LOG, FAILED, ANSWER) == [False]


def test_what_is_written_after_the_sync_must_be_synced_too():
    assert judged(ASK, LOG, SYNC, LOG, ANSWER) == [False]


def test_a_sync_counts_when_it_has_ended():
    assert judged(ASK, LOG, BEGUN, ANSWER, ENDED) == [False]
    assert judged(ASK, LOG, BEGUN, ENDED, ANSWER) == [True]


def test_answers_to_anything_else_are_no_acknowledgements():
    assert judged(ANSWER, LOG, ANSWER) == []


def test_a_call_that_failed_on_demand_is_seen():
    assert hit([SYNC, FAILED])
    assert not hit([SYNC])


def test_errors_of_upkeep_and_checkpoints_are_not_the_answers():
    assert judged(ASK, LOG, SYNC, CARRIED_OVER, ANSWER) == [True]
    assert judged(ASK, LOG, SYNC, FAILED, ANSWER) == [True]
    assert judged(ASK, LOG, SYNC, ANSWER, LOG, FAILED) == [True]
    assert judged(ASK, FAILED, LOG, SYNC, ANSWER) == [True]


def test_an_error_before_the_answer_was_logged_is_the_answers():
    assert judged(ASK, LOG, FAILED, ANSWER) == [False]
    assert judged(ASK, NOT_LOGGED, ANSWER) == [False]
    assert judged(ASK, NOT_LOGGED, CARRIED_OVER, ANSWER) == [False]


def test_an_answer_is_waited_for_until_its_line_is_written(tmp_path):
    trace = tmp_path / "trace"
    trace.write_text("\n".join((ASK, LOG, SYNC, "")))
    watched = Watched(trace)

    def write_late():
        with trace.open("a") as file:
            file.write(ANSWER + "\n")

    late = threading.Timer(0.05, write_late)
    late.start()
    assert watched.answered() == [f"{line}\n" for line in (ASK, LOG, SYNC, ANSWER)]
    late.join()
    watched.close()
