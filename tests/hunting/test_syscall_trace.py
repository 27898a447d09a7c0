from __future__ import annotations

from rigs.syscall_trace import acknowledgements, hit, mended

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


def test_a_later_sync_mends_a_failed_one():
    assert hit([SYNC, FAILED])
    assert not hit([SYNC])
    assert not mended([SYNC, FAILED])
    assert mended([FAILED, SYNC])


def test_what_the_log_holds_on_the_disk_may_fail_to_be_carried_over():
    assert mended([LOG, SYNC, CARRIED_OVER])
    assert not mended([LOG, CARRIED_OVER])
    assert not mended([CARRIED_OVER])
    assert not mended([LOG, SYNC, NOT_LOGGED])
    assert not mended([LOG, SYNC, CARRIED_OVER, LOG, FAILED])
    assert mended([NOT_LOGGED, LOG, SYNC])
