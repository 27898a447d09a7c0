"""The session that listens to every link, with a scanner whose codes stay in view."""

from __future__ import annotations

import threading
import time

import pytest

from rigs.drivers.card_readers import CardLinks, MultiInOneReaders
from rigs.drivers.overheard import Overheard
from rigs.errors import RigError
from rigs.roles.cards import CardRecord
from rigs.roles.terminal import Delivery


class StaringScanner:
    """Delivers whatever is in view, once for each trigger, and a second time where two overlap."""

    def __init__(self) -> None:
        self.in_view = b""
        self.triggers = 0
        self._lock = threading.Lock()
        self._open = 0
        self.gone = False
        self.broken = False
        self.unasked: list[bytes] = []

    def arm(self) -> None:
        if self.gone:
            raise RigError("gone", where="scanner", remedy="plug it in")
        with self._lock:
            self._open += 1
            self.triggers += 1

    def disarm(self) -> None:
        with self._lock:
            self._open = 0

    def delivery(self, timeout_s):
        if self.broken:
            raise KeyError("a fault of ours")
        if self.unasked:
            return Delivery(self.unasked.pop(0), 0, 0, (1, 1))
        deadline = time.monotonic() + timeout_s
        while True:
            with self._lock:
                if self._open and self.in_view:
                    self._open -= 1
                    return Delivery(self.in_view, 0, 0, (1, 1))
            if time.monotonic() >= deadline:
                return None
            time.sleep(0.002)


@pytest.fixture
def scanner():
    return StaringScanner()


@pytest.fixture
def session(scanner):
    readers = MultiInOneReaders(CardLinks({}, None, None, scanner, 0.3, Overheard()))
    with readers.session() as listening:
        yield listening


def test_a_code_that_stays_in_view_is_one_record_for_each_time_it_is_asked_for(scanner, session):
    for content in (b"first", b"second", b"third"):
        session.ready()
        scanner.in_view = content
        found = session.next(5)
        assert isinstance(found, CardRecord)
        assert found.parts == {"number": content.decode()}
        assert session.next(0.7) is None
        scanner.in_view = b""


def test_a_scanner_asked_long_before_the_code_comes_is_never_asked_twice_at_once(scanner, session):
    for _ in range(3):
        session.ready()
        time.sleep(0.8)
        session.ready()
        scanner.in_view = b"late"
        assert session.next(5) is not None
        scanner.in_view = b""
        assert session.next(0.5) is None
    assert scanner.triggers >= 6


def test_a_scanner_that_rests_hands_over_nothing_until_it_is_asked_again(scanner, session):
    for _ in range(5):
        session.ready()
        time.sleep(0.1)
        session.rest()
        scanner.in_view = b"too late"
        assert session.next(0.3) is None
        scanner.in_view = b""
    session.ready()
    scanner.in_view = b"asked for"
    assert session.next(5) is not None


def test_a_scanner_that_goes_away_is_told(scanner, session):
    scanner.gone = True
    session.ready()
    with pytest.raises(RigError, match="gone"):
        session.next(5)


def test_a_listener_that_dies_of_a_fault_of_ours_is_no_medium_that_was_not_read(scanner, session):
    scanner.broken = True
    session.ready()
    with pytest.raises(KeyError, match="a fault of ours"):
        session.next(5)


def test_what_the_scanner_says_unasked_is_heard_though_it_is_no_record(scanner):
    readers = MultiInOneReaders(CardLinks({}, None, None, scanner, 0.3, Overheard()))
    with readers.overhear() as heard:
        with readers.session() as session:
            scanner.unasked.append(b"before")
            session.ready()
            scanner.in_view = b"asked for"
            assert session.next(5).parts == {"number": "asked for"}
            scanner.in_view = b""
            scanner.unasked.append(b"after")
        assert heard == [("scanner", b"before"), ("scanner", b"asked for"), ("scanner", b"after")]
