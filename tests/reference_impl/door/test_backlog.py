"""Who may still wait is decided by time: a fast writer's long queue is soon gone, a slow one's short queue is not."""

import pytest

from reference_impl.door.backlog import MAX_WAIT_S, MAX_WAITING, TRANSACTIONS, Backlog


class Writer:
    """Serves at a rate, in transactions of a size, in time that the test makes pass."""

    def __init__(self):
        self.now, self.waiting = 0.0, 0
        self.backlog = Backlog(lambda: self.waiting, lambda: self.now)

    def serve(self, per_second, seconds, together=1, keeps=None):
        """Serve what waits; ``keeps`` holds the number of those who wait where it is."""
        until = self.now + seconds
        while self.now < until and (self.waiting or keeps):
            self.now += together / per_second
            served = min(together, self.waiting)
            self.waiting = keeps or self.waiting - served
            self.backlog.served(served)


@pytest.fixture
def writer():
    return Writer()


@pytest.mark.parametrize("per_second", [20, 300, 1500])
@pytest.mark.parametrize("together", [1, 10])
def test_a_queue_of_more_than_a_second_is_refused_whatever_its_length(writer, per_second, together):
    writer.waiting = 2 * per_second
    writer.serve(per_second, 4, together, keeps=per_second)
    for share, refused in ((0.7, False), (1.3, True)):
        writer.waiting = round(share * per_second)
        assert (writer.backlog.refuses() is not None) is refused
        assert writer.backlog.wait_s == pytest.approx(share * MAX_WAIT_S, rel=0.1)


def test_whoever_is_refused_is_told_to_come_when_the_queue_will_be_gone(writer):
    writer.serve(10, 5, keeps=45)
    assert writer.backlog.refuses() == "5"
    assert writer.backlog.refused == 1


def test_before_anything_was_served_only_the_number_counts(writer):
    writer.waiting = MAX_WAITING
    assert writer.backlog.refuses() is None
    writer.waiting += 1
    assert writer.backlog.refuses() == "1"


def test_a_fast_writer_s_queue_is_bounded_by_number(writer):
    writer.serve(100_000, 0.5, 256, keeps=MAX_WAITING)
    assert writer.backlog.refuses() is None
    writer.waiting = MAX_WAITING + 1
    assert writer.backlog.refuses() == "1"


def test_time_in_which_nobody_waited_is_not_taken_for_slowness(writer):
    for _ in range(20):
        writer.now += 3
        writer.waiting = 1
        writer.serve(1000, 1)
    writer.waiting = 500
    assert writer.backlog.refuses() is None


def test_a_writer_that_is_faster_again_is_believed_within_seconds(writer):
    writer.serve(10, 5, keeps=20)
    assert writer.backlog.refuses() is not None
    writer.serve(1000, 4, keeps=20)
    assert writer.backlog.refuses() is None


def test_what_was_slow_once_is_forgotten_when_the_queue_is_empty(writer):
    writer.serve(1, 8, keeps=3)
    assert writer.backlog.refuses() is not None
    writer.serve(1000, 1)
    assert writer.waiting == 0
    writer.waiting = 3
    assert writer.backlog.refuses() is None


def test_a_pause_of_the_disk_refuses_nobody(writer):
    """Those who came meanwhile share the next transaction, whatever the one before took for the one it served."""
    writer.waiting = 36
    writer.backlog.served(1)
    for _ in range(TRANSACTIONS - 1):
        writer.now += 0.3
        writer.backlog.served(1)
        assert writer.backlog.refuses() is None
    writer.now += 0.3
    writer.backlog.served(1)
    assert writer.backlog.refuses() is not None
