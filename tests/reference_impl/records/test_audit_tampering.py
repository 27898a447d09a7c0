"""Whatever is done to the audit without its key is found, and where it was done is told."""

import hashlib
import json

import pytest
from audit_ledger import KEY, LANE_RECORDS, entry
from sqlalchemy import BigInteger, LargeBinary, delete, insert, select, update

from reference_impl.errors import PlatformError
from reference_impl.records import audit
from reference_impl.records.audit_chain import canonical, end_seal, record_hash
from reference_impl.storage.schema import AUDIT, AUDIT_LANES, KEYS
from reference_impl.storage.schema_records import AUDIT_REGISTER

LAST = LANE_RECORDS
W0 = AUDIT.c.lane == "w0"


def here(seq):
    return W0 & (AUDIT.c.seq == seq)


def other(column, value):
    if isinstance(column.type, LargeBinary):
        return bytes(32)
    if isinstance(column.type, BigInteger):
        return value + 1_000_000
    return '{"number":"99"}' if column.name == "detail" else value + "x"


def test_what_was_written_is_whole(written):
    found = written.check()
    assert found.first_bad is None
    assert found.records == 2 * LANE_RECORDS
    assert [(lane, count) for lane, (count, _) in found.lanes.items()] == [("w0", LAST), ("w1", LAST)]


def test_the_hash_is_sm3_over_the_canonical_json_of_the_rest(written):
    with written.engine.connect() as connection:
        line = audit.page(connection, KEY, None).lines.splitlines()[1]
    record = json.loads(line)
    told = record.pop("hash")
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.new("sm3", text.encode()).hexdigest() == told
    assert record["seq"] == 2
    assert record["detail"] == {"number": "1", "文": "é"}


def test_a_changed_column(written):
    with written.engine.connect() as connection:
        for seq in (1, 5, LAST):
            for column in AUDIT.c:
                value = connection.execute(select(column).where(here(seq))).scalar_one()
                connection.execute(update(AUDIT).where(here(seq)).values({column: other(column, value)}))
                bad = audit.check(connection, KEY).first_bad
                connection.rollback()
                # A record moved to a lane that is not there is found in that lane first.
                assert (bad.lane, bad.seq) == ("w0x" if column is AUDIT.c.lane else "w0", seq), column
        assert audit.check(connection, KEY).first_bad is None


@pytest.mark.parametrize("seq", [1, 5, LAST])
def test_a_deleted_record(written, seq):
    written.do(delete(AUDIT).where(here(seq)))
    bad = written.check().first_bad
    assert (bad.lane, bad.seq) == ("w0", seq)
    assert "missing" in bad.fault


def test_a_record_put_in_before_the_beginning_or_after_the_end(written):
    with written.engine.connect() as connection:
        row = dict(connection.execute(select(AUDIT).where(here(5))).one()._mapping)
    for seq in (0, LAST + 1):
        written.do(insert(AUDIT).values(row | {"seq": seq}))
        bad = written.check().first_bad
        assert (bad.lane, bad.seq) == ("w0", seq)
        written.do(delete(AUDIT).where(here(seq)))
    assert written.check().first_bad is None


def test_two_records_that_changed_places(written):
    for seq, to in ((4, 1000), (5, 4), (1000, 5)):
        written.do(update(AUDIT).where(here(seq)).values(seq=to))
    assert written.check().first_bad.seq == 4


def test_a_record_changed_with_every_hash_after_it_made_anew(written):
    with written.engine.begin() as connection:
        rows = connection.execute(select(AUDIT).where(W0).order_by(AUDIT.c.seq)).all()
        head = bytes(32)
        for row in rows:
            told = audit.entry_of(row) if row.seq != 3 else entry(99)
            head = record_hash(canonical("w0", row.seq, told, head))
            connection.execute(update(AUDIT).where(here(row.seq)).values(detail=told.detail, hash=head))
    bad = written.check().first_bad
    assert (bad.lane, bad.seq) == ("w0", LAST + 1)


def test_an_end_cut_off_and_the_lane_rewritten_without_the_key(written):
    with written.engine.connect() as connection:
        head = connection.execute(select(AUDIT.c.hash).where(here(5))).scalar_one()
    for seal in (bytes(32), end_seal(b"b" * 32, "w0", 6, head)):
        written.do(
            delete(AUDIT).where(W0 & (AUDIT.c.seq > 5)) if seal == bytes(32) else select(1),
            update(AUDIT_LANES).where(AUDIT_LANES.c.lane == "w0").values(next_seq=6, head=head, seal=seal),
        )
        bad = written.check().first_bad
        assert bad.lane == "w0"
        assert "not sealed" in bad.fault
        with pytest.raises(PlatformError, match="changed"):
            written.write("w0", [entry(1)])


def test_a_lane_taken_away_whole(written):
    written.do(delete(AUDIT).where(W0), delete(AUDIT_LANES).where(AUDIT_LANES.c.lane == "w0"))
    bad = written.check().first_bad
    assert (bad.lane, bad.seq) == ("w0", 1)
    # Beginning it again under its old name would hide that it was ever there.
    with pytest.raises(PlatformError, match="taken away"):
        written.write("w0", [entry(1)])


def test_a_lane_taken_away_with_its_name_in_the_register(written):
    written.do(
        delete(AUDIT).where(W0),
        delete(AUDIT_LANES).where(AUDIT_LANES.c.lane == "w0"),
        update(AUDIT_REGISTER).values(lanes=json.dumps({"w1": [1, "00" * 32]}, separators=(",", ":"))),
    )
    assert written.check().first_bad == audit.BadRecord("", 0, "the register of audit lanes was changed")


def test_everything_taken_away_from_a_platform_that_has_keys(written):
    key = {"purpose": "p", "owner": "", "version": 1, "sealed_key": b"s", "state": "active", "created_ms": 1}
    written.do(insert(KEYS).values(key), delete(AUDIT), delete(AUDIT_LANES), delete(AUDIT_REGISTER))
    assert written.check().first_bad == audit.BadRecord("", 0, "the register of audit lanes was taken away")
    with pytest.raises(PlatformError, match="register"):
        written.write("w0", [entry(1)])


def test_a_lane_that_nobody_opened(written):
    with written.engine.connect() as connection:
        row = dict(connection.execute(select(AUDIT).where(here(1))).one()._mapping)
    written.do(insert(AUDIT).values(row | {"lane": "a0"}))
    bad = written.check().first_bad
    assert (bad.lane, bad.seq) == ("a0", 1)


def test_a_lane_set_back_with_its_old_seal_is_found_only_by_a_statement_made_before(written, signing):
    with written.engine.connect() as connection:
        old = connection.execute(select(AUDIT_LANES).where(AUDIT_LANES.c.lane == "w0")).one()._mapping
    written.write("w0", [entry(n) for n in range(3)])
    with written.engine.connect() as connection:
        line = audit.anchors(connection, KEY, signing, 5)
        statement = audit.read_statement(line, signing.public, "anchors")
        assert audit.contradiction(connection, KEY, statement) is None
    written.do(
        delete(AUDIT).where(W0 & (AUDIT.c.seq > LAST)),
        update(AUDIT_LANES).where(AUDIT_LANES.c.lane == "w0").values(dict(old)),
    )
    assert written.check().first_bad is None
    with written.engine.connect() as connection:
        assert audit.contradiction(connection, KEY, statement) == audit.BadRecord(
            "w0", LAST + 3, "the record is not the one that was stated"
        )


def test_a_statement_somebody_else_made_or_changed(written, signing):
    with written.engine.connect() as connection:
        line = audit.anchors(connection, KEY, signing, 5)
    audit.read_statement(line, signing.public, "anchors")
    for spoilt in (line.replace(b'"seq":12', b'"seq":11'), line.replace(b'"made_ms":5', b'"made_ms":6'), b"{}", b""):
        assert spoilt != line
        with pytest.raises(PlatformError):
            audit.read_statement(spoilt, signing.public, "anchors")
