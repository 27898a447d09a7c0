"""Keeping, dropping and writing out the audit; key versions; a check while others write."""

import asyncio
import json
import stat

import pytest
from audit_ledger import KEY, LANE_RECORDS, NOW_MS, Ledger, entry
from sqlalchemy import func, select, update
from sqlalchemy.exc import SQLAlchemyError

from reference_impl.errors import PlatformError
from reference_impl.keys.keyring import CheckingKeys
from reference_impl.records import audit, audit_check, audit_export
from reference_impl.records.audit_retention import FORGET_AT_ONCE, PURGE_EVERY_S
from reference_impl.storage.schema import AUDIT, AUDIT_LANES
from reference_impl.storage.schema_records import AUDIT_REGISTER

DAY = audit.DAY_MS


def aged(days):
    return entry(days, NOW_MS - days * DAY)


@pytest.fixture
def old(ledger):
    """One lane whose records are 200, 190, 181, 179 and 0 days old, and one that is wholly old."""
    ledger.write("w0", [aged(days) for days in (200, 190, 181, 179, 0)])
    ledger.write("w9", [aged(300), aged(299)])
    return ledger


def forget(ledger, **options):
    with ledger.engine.begin() as connection:
        gone = audit.forget(connection, KEY, NOW_MS, **options)
        told = [json.loads(entry.detail) for entry in audit.pending(connection)]
        audit.pending(connection).clear()
    return gone, told


@pytest.mark.parametrize("days", [179, 0, -1])
def test_less_than_the_law_asks_is_refused(old, days):
    with pytest.raises(PlatformError, match="may not be dropped"):
        forget(old, days=days)
    assert old.check().records == 7


def test_only_what_was_kept_long_enough_goes_and_the_rest_is_whole(old):
    gone, told = forget(old)
    assert gone == 5
    assert told == [
        {"lane": "w0", "from_seq": "1", "records": "3", "days": "180"},
        {"lane": "w9", "from_seq": "1", "records": "2", "days": "180"},
    ]
    found = old.check()
    assert (found.records, found.first_bad) == (2, None)
    assert forget(old) == (0, [])
    old.write("w9", [entry(1)])
    old.write("w0", [entry(2)])
    assert (old.check().records, old.check().first_bad) == (4, None)


def test_longer_is_allowed(old):
    assert forget(old, days=195)[0] == 3


def test_dropping_goes_in_portions(old):
    assert [forget(old, limit=2)[0] for _ in range(4)] == [2, 2, 1, 0]
    assert old.check().first_bad is None


def test_a_young_record_keeps_what_stands_behind_it(ledger):
    ledger.write("w0", [aged(200), aged(1), aged(200)])
    assert forget(ledger)[0] == 1
    assert ledger.check().records == 2


def test_a_beginning_moved_without_the_key_is_found(old):
    old.do(
        AUDIT.delete().where(AUDIT.c.lane == "w0", AUDIT.c.seq < 3),
        update(AUDIT_REGISTER).values(lanes=func.replace(AUDIT_REGISTER.c.lanes, '"w0":[1', '"w0":[3')),
    )
    assert old.check().first_bad.lane == ""
    with pytest.raises(PlatformError, match="changed"):
        forget(old)


def test_a_changed_record_is_not_dropped_with_its_evidence(old):
    old.do(update(AUDIT).where(AUDIT.c.lane == "w0", AUDIT.c.seq == 2).values(actor="nobody"))
    with pytest.raises(PlatformError, match="was changed"):
        forget(old)
    assert old.check().first_bad == audit.BadRecord("w0", 2, "the record or one before it was changed")


def test_purging_goes_on_until_nothing_is_left_and_then_waits():
    found, pauses = [FORGET_AT_ONCE, FORGET_AT_ONCE, 3, 0], []

    async def write(job):
        return found.pop(0)

    async def pause(seconds):
        pauses.append(seconds)
        if not found:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(audit.keep_purging(write, lambda: KEY, lambda: 0.0, pause=pause))
    assert pauses == [0, 0, PURGE_EVERY_S, PURGE_EVERY_S]


@pytest.mark.parametrize("error", [PlatformError("changed", where="w0", remedy="check"), SQLAlchemyError("away")])
def test_purging_outlives_what_hinders_it(error):
    tries = []

    async def write(job):
        tries.append(job)
        if len(tries) == 3:
            raise asyncio.CancelledError
        raise error

    async def pause(seconds):
        pass

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(audit.keep_purging(write, lambda: KEY, lambda: 0.0, pause=pause))
    assert len(tries) == 3


def test_purging_does_its_job_in_the_writer(old):
    async def once(seconds):
        raise asyncio.CancelledError

    async def write(job):
        with old.engine.begin() as connection:
            gone = job(connection)
            audit.pending(connection).clear()
        return gone

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(audit.keep_purging(write, lambda: KEY, lambda: NOW_MS / 1000, pause=once))
    assert old.check().records == 2


def test_lanes_sealed_before_a_rotation_of_the_key_go_on_after_it(written):
    new = Ledger(written.engine, CheckingKeys(2, {1: KEY, 2: b"n" * 32}))
    assert new.check().first_bad is None
    new.write("w0", [entry(1)])
    new.write("w2", [entry(1)])
    assert (new.check().records, new.check().first_bad) == (2 * LANE_RECORDS + 2, None)
    # Sealed with the new key now, so the old one alone no longer vouches for it.
    assert written.check().first_bad is not None


def test_idle_lanes_are_sealed_anew_so_that_an_old_key_may_go(written):
    both, new = CheckingKeys(2, {1: KEY, 2: b"n" * 32}), CheckingKeys(2, {2: b"n" * 32})
    assert Ledger(written.engine, new).check().first_bad is not None
    with written.engine.begin() as connection:
        assert audit.reseal(connection, both) == 2
    assert Ledger(written.engine, new).check().first_bad is None
    assert written.check().first_bad is not None


def test_what_was_changed_is_not_sealed_anew(written):
    written.do(update(AUDIT_LANES).where(AUDIT_LANES.c.lane == "w1").values(next_seq=6))
    with pytest.raises(PlatformError, match="w1"), written.engine.begin() as connection:
        audit.reseal(connection, CheckingKeys(2, {1: KEY, 2: b"n" * 32}))
    assert written.check().first_bad.lane == "w1"


def export(ledger, signing, path, *span):
    with ledger.engine.connect() as connection:
        return audit.export_file(connection, KEY, signing, path, NOW_MS, *span)


def test_an_exported_file_is_checked_without_the_platform(written, signing, tmp_path, monkeypatch):
    monkeypatch.setattr(audit_export, "PAGE_ROWS", 5)
    path = tmp_path / "audit.ndjson"
    statement = export(written, signing, path)
    assert statement.records == 2 * LANE_RECORDS
    assert audit.check_file(path, signing.public) == statement
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 2 * LANE_RECORDS + 1
    order = [(record["lane"], record["seq"]) for record in map(json.loads, lines[:-1])]
    assert order == [(lane, seq + 1) for lane in ("w0", "w1") for seq in range(LANE_RECORDS)]


@pytest.mark.parametrize("line", [0, 7, LANE_RECORDS, -2, -1])
def test_a_file_with_a_line_changed_taken_out_or_doubled(written, signing, tmp_path, line):
    path = tmp_path / "audit.ndjson"
    export(written, signing, path)
    lines = path.read_bytes().splitlines(keepends=True)
    changed = lines[line].replace(b"1", b"2", 1)
    assert changed != lines[line]
    for put in ([changed], [], [lines[line]] * 2):
        spoilt = list(lines)
        place = line % len(lines)
        spoilt[place : place + 1] = put
        path.write_bytes(b"".join(spoilt))
        with pytest.raises(PlatformError):
            audit.check_file(path, signing.public)
    path.write_bytes(b"".join(lines))
    audit.check_file(path, signing.public)


def test_a_span_of_time(old, signing, tmp_path):
    path = tmp_path / "audit.ndjson"
    statement = export(old, signing, path, NOW_MS - 190 * DAY, NOW_MS)
    assert statement.records == 3
    assert audit.check_file(path, signing.public) == statement


def test_what_is_left_after_dropping_still_tells_the_hash_before_it(old, signing, tmp_path):
    forget(old)
    path = tmp_path / "audit.ndjson"
    export(old, signing, path)
    audit.check_file(path, signing.public)
    assert json.loads(path.read_bytes().splitlines()[0])["seq"] == 4


def test_a_file_that_cannot_be_written_leaves_nothing_behind(written, signing, tmp_path, monkeypatch):
    with pytest.raises(PlatformError) as caught:
        export(written, signing, tmp_path / "nowhere" / "audit.ndjson")
    assert caught.value.remedy

    def fails(*arguments):
        raise OSError(28, "No space left on device")

    folder = tmp_path / "there"
    folder.mkdir()
    path = folder / "audit.ndjson"
    path.write_text("as it was")
    monkeypatch.setattr(audit_export.os, "fsync", fails)
    with pytest.raises(PlatformError, match="No space"):
        export(written, signing, path)
    assert [found.name for found in folder.iterdir()] == ["audit.ndjson"]
    assert path.read_text() == "as it was"


def test_records_written_and_dropped_during_a_check_are_no_fault(old, monkeypatch):
    monkeypatch.setattr(audit_check, "_BATCH_ROWS", 1)
    read, done = audit_check._rows, []

    def meanwhile(connection, lane, before):
        for row in read(connection, lane, before):
            yield row
            if not done:
                done.append(lane)
                connection.commit()
                old.write("w0", [entry(7)])
                forget(old)

    monkeypatch.setattr(audit_check, "_rows", meanwhile)
    found = old.check()
    assert done == ["w0"]
    assert found.first_bad is None
    with old.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(AUDIT)) == 3


def test_an_operation_that_is_undone_leaves_no_record(bench):
    class StopError(Exception):
        pass

    def job(connection):
        audit.append(connection, entry(1))
        raise StopError

    def count():
        with bench.platform.readers.connect() as connection:
            return connection.scalar(select(func.count()).select_from(AUDIT))

    before = count()
    with pytest.raises(StopError):
        bench.do(job)
    assert count() == before
    bench.do(lambda connection: audit.append(connection, entry(1)))
    assert count() == before + 1


def test_every_operation_of_a_running_platform_is_there_and_whole_after_a_restart(bench, open_bench):
    card_id = bench.register()
    for _ in range(5):
        bench.verify(bench.dynamic(card_id))
    again = open_bench()
    again.verify("nonsense")
    with again.platform.readers.connect() as connection:
        found = audit.check(connection, again.platform.parts.keyring.audit_versions)
        lines = audit.page(connection, again.platform.parts.keyring.audit_versions, None)
    assert found.first_bad is None
    # 1 registration, 5 codes made and used, 1 refused.
    assert found.records == 12
    assert lines.records <= found.records
