"""A chained file being written: nothing but whole lines ever stands in it, on a full disk too."""

import contextlib
import json
import resource
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from certification.observations import Observation
from evidence.chain import Chain, bare, follow, published
from evidence.chained_file import ChainedFile
from fixtures.evidence import Evidence
from rigs.disk import NoRoomError
from rigs.journal import Journal

RECORD = {"n": 1, "t_ns": 5, "channel": "scanner", "dir": "rx", "hex": "ab" * 60}


@pytest.fixture
def small_disk():
    """No file of this process grows beyond 20,000 bytes, as if its disk were full; lifted by calling it."""
    earlier = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def lifted():
        resource.setrlimit(resource.RLIMIT_FSIZE, earlier)

    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, earlier[1]))
    yield lifted
    lifted()
    signal.signal(signal.SIGXFSZ, handler)


def followed(path, name="journal.jsonl") -> Chain:
    data = path.read_bytes()
    assert data == b"" or data.endswith(b"\n")
    return follow(name, data.splitlines(), run="")


def test_what_is_told_to_be_on_the_disk_is_what_was_brought_there(tmp_path):
    """A run that was killed is held to it: to tell more than a power cut leaves would refuse a sound one."""
    begun = Chain("journal.jsonl", run="")
    journal = Journal(tmp_path / "first", chain=begun)
    evidence = Evidence(tmp_path, journal=journal)
    nothing = (0, begun.head.hex())
    for kept in (journal, evidence):
        assert (kept.on_disk.records, len(kept.on_disk.head)) == (0, 64)
    journal.event("run", "first")
    journal.flush()
    journal.move_to(tmp_path / "journal.jsonl")
    assert (journal.on_disk.records, journal.on_disk.head) == nothing
    journal.sync()
    one = followed(tmp_path / "journal.jsonl")
    assert (journal.on_disk.records, journal.on_disk.head) == (1, one.head.hex())
    journal.event("run", "second")
    evidence.add(Observation("EHC-TRM-001", "read", "exact", journal=(2, 2)))
    assert (journal.on_disk.records, evidence.on_disk.records) == (1, 0)
    evidence.close()
    journal.close()
    for kept, name in ((journal, "journal.jsonl"), (evidence, "observations.jsonl")):
        whole = followed(tmp_path / name, name)
        assert (kept.on_disk.records, kept.on_disk.head) == (whole.records, whole.head.hex())
    assert (journal.on_disk.records, evidence.on_disk.records) == (2, 1)


def test_a_full_disk_leaves_whole_lines_and_room_lets_the_chain_go_on_without_a_gap(tmp_path, small_disk):
    file = ChainedFile(tmp_path / "journal.jsonl", "journal.jsonl", Chain("journal.jsonl", run=""))
    written = refused = 0
    for number in range(200):
        try:
            file.write({**RECORD, "n": number})
        except OSError:
            refused += 1
        written += 1
    assert refused > 0
    assert 0 < followed(tmp_path / "journal.jsonl").records < written
    with pytest.raises(OSError, match="too large"):
        file.sync()
    small_disk()
    file.write({**RECORD, "n": written})
    file.close()
    assert followed(tmp_path / "journal.jsonl").records == written + 1


def test_a_file_that_cannot_be_finished_is_closed_and_whole(tmp_path, small_disk):
    file = ChainedFile(tmp_path / "journal.jsonl", "journal.jsonl", Chain("journal.jsonl", run=""))
    for _ in range(200):
        with contextlib.suppress(OSError):
            file.write(RECORD)
    with pytest.raises(OSError, match="too large"):
        file.close()
    file.close()
    assert followed(tmp_path / "journal.jsonl").records > 0


def test_a_journal_that_cannot_be_moved_leaves_the_other_file_as_it_was(tmp_path, small_disk):
    earlier = ChainedFile(tmp_path / "journal.jsonl", "journal.jsonl", Chain("journal.jsonl", run=""))
    for _ in range(50):
        earlier.write(RECORD)
    earlier.close()
    before = (tmp_path / "journal.jsonl").read_bytes()
    (tmp_path / "opening").mkdir()
    journal = Journal(tmp_path / "opening" / "journal.jsonl", 50, followed(tmp_path / "journal.jsonl"))
    for _ in range(40):
        journal.wire("scanner", "rx", b"\xab" * 60)
    with pytest.raises(NoRoomError, match="no room is left"):
        journal.move_to(tmp_path / "journal.jsonl")
    assert (tmp_path / "journal.jsonl").read_bytes() == before


def test_the_runs_own_thread_is_told_of_a_full_disk_and_one_that_listens_is_not(tmp_path, small_disk):
    journal = Journal(tmp_path / "journal.jsonl")
    with ThreadPoolExecutor(1) as listener:
        numbers = [listener.submit(journal.wire, "scanner", "rx", b"\xab" * 60).result() for _ in range(200)]
    assert numbers == list(range(1, 201))
    with pytest.raises(NoRoomError) as told:
        journal.event("run", "end")
    assert told.value.where == str(tmp_path)
    assert "certify --resume" in told.value.remedy
    with pytest.raises(NoRoomError):
        journal.sync()


def test_records_of_many_threads_are_one_chain(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: journal.event("run", "told", place=number), range(400)))
    journal.close()
    assert followed(tmp_path / "journal.jsonl").records == 400
    records = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_bytes().splitlines()]
    assert [record["n"] for record in records] == list(range(1, 401))


LONG_ENOUGH = 2000
"""Rounds in which an interrupt has come, unless it fell where Python lets none out, such as in a finaliser."""


@pytest.fixture
def interrupt():
    """Ctrl-C after some seconds, wherever this process is by then."""

    def pressed(_number, _frame):
        raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGALRM, pressed)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, earlier)


@pytest.mark.parametrize("times", [250, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_no_interrupt_loses_or_doubles_a_record(times, interrupt, tmp_path):
    chance = Random(times)
    journal = Journal(tmp_path / "journal.jsonl")
    evidence = Evidence(tmp_path, journal=journal)
    observed = Observation("EHC-TRM-001", "outcome", "exact", detail={"shown": "x" * 200})
    for _ in range(times):
        with contextlib.suppress(KeyboardInterrupt):
            interrupt(chance.uniform(1e-5, 2e-3))
            for number in range(1, LONG_ENOUGH):
                journal.wire("scanner", "rx", b"x" * 200)
                evidence.add(observed)
                if number % 16 == 0:
                    evidence.sync()
    evidence.close()
    journal.close()
    assert followed(tmp_path / "observations.jsonl", "observations.jsonl").records > times / 4
    chain = followed(tmp_path / "journal.jsonl")
    numbers = [json.loads(line)["n"] for line in (tmp_path / "journal.jsonl").read_bytes().splitlines()]
    assert numbers == list(range(1, chain.records + 1))
    assert journal.count == chain.records


@pytest.mark.parametrize("times", [40, pytest.param(1_000, marks=pytest.mark.nightly)])
def test_no_interrupt_breaks_a_journal_that_is_being_moved(times, interrupt, tmp_path):
    chance, moved = Random(times), tmp_path / "journal.jsonl"
    for number in range(times):
        opening = tmp_path / f"{number}.jsonl"
        journal = Journal(opening)
        for _ in range(40):
            journal.wire("scanner", "rx", b"x" * 200)
        with contextlib.suppress(KeyboardInterrupt):
            interrupt(chance.uniform(1e-5, 4e-4))
            journal.move_to(moved)
            for _ in range(1000 * LONG_ENOUGH):
                pass
        journal.close()
        assert any(followed(path).records == 40 for path in (opening, moved) if path.exists())
        opening.unlink(missing_ok=True)
        moved.unlink(missing_ok=True)


def test_a_kill_leaves_a_valid_beginning(tmp_path):
    killed = (
        "import os, signal, sys; from pathlib import Path; from rigs.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "for _ in range(300): journal.wire('scanner', 'rx', bytes(60))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = tmp_path / "journal.jsonl"
    ended = subprocess.run([sys.executable, "-c", killed, str(path)], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert 100 < followed(path).records < 300


def test_what_was_received_stands_in_the_file_and_not_in_its_twin(tmp_path):
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.wire("scanner", "rx", b"439900200001011234")
        journal.event("presenter", "frame shown", seq=3, shows=["439900200001011234"])
    lines = (tmp_path / "journal.jsonl").read_bytes().splitlines()
    twin = [published(line) for line in lines]
    assert bare(json.loads(lines[0]))["hex"] == b"439900200001011234".hex()
    assert follow("journal.jsonl", twin, run="").head == follow("journal.jsonl", lines, run="").head
    assert json.loads(twin[1])["seq"] == 3
    for line in twin:
        assert b"439900200001011234" not in line
        assert b"439900200001011234".hex().encode() not in line


def test_no_observation_stands_in_its_file_before_the_records_it_cites(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    evidence = Evidence(tmp_path, journal=journal)
    observations = tmp_path / "observations.jsonl"
    while not observations.stat().st_size:
        number = journal.wire("scanner", "rx", b"x")
        evidence.add(Observation("EHC-TRM-003", "read", "exact", journal=(number, number)))
    cited = [json.loads(line)["journal"][1] for line in observations.read_bytes().splitlines()]
    assert followed(tmp_path / "journal.jsonl").records >= max(cited)
    journal.close()
    evidence.close()


def test_no_observation_is_written_of_records_a_journal_was_closed_without(tmp_path, small_disk):
    journal = Journal(tmp_path / "journal.jsonl")
    evidence = Evidence(tmp_path, journal=journal)
    with contextlib.suppress(NoRoomError):
        while True:
            evidence.add(Observation("EHC-TRM-003", "read", "exact", journal=(journal.count, journal.count)))
            journal.wire("scanner", "rx", b"\xab" * 200)
    for kept in (journal, evidence):
        with pytest.raises(NoRoomError):
            kept.close()
    cited = [json.loads(line)["journal"][1] for line in (tmp_path / "observations.jsonl").read_bytes().splitlines()]
    assert followed(tmp_path / "journal.jsonl").records >= max(cited, default=0)
