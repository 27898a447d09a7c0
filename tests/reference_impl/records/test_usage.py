"""Use as institutions report it: each report once, each visit once, and nothing taken that does not fit."""

from threading import Thread

from sqlalchemy import insert, select

from reference_impl.records.china_time import moment_text
from reference_impl.records.usage import Report, take
from reference_impl.refusals import OUTCOMES
from reference_impl.storage.schema import CARDS
from reference_impl.storage.schema_records import FOREIGN_CARDS, USAGE_REPORTS, VISITS

METHOD = "ehc.usage.report"
ELSEWHERE = "0F" * 32


def report(bench, **fields):
    usual = {
        "seq_no": "1",
        "department_type": "内科",
        "time": moment_text(bench.now_ms(), "%Y%m%d%H%M%S"),
        "channel_code": "0100",
        "med_step_code": "010101",
    }
    return {name: value for name, value in (usual | fields).items() if value is not None}


def tell(bench, **fields):
    answer = bench.call(METHOD, report(bench, **fields))
    return answer.biz["counted"] if answer.success else OUTCOMES[answer.code].name


def rows(bench, table):
    with bench.platform.readers.connect() as connection:
        return connection.execute(select(table).order_by(*table.primary_key)).all()


def test_all_fields_are_kept_as_reported(bench):
    card_id = bench.register()
    fields = {"channel_sn": "SN-1", "payAmount": "12.5", "payChannel": "WeChat", "onlineOrOffline": "1"}
    assert tell(bench, ehealth_card_id=card_id, visit_no="V1", patient_no="P1", **fields) == "1"
    (row,) = rows(bench, USAGE_REPORTS)
    assert (row.scanner_serial, row.pay_fen, row.pay_channel, row.online) == ("SN-1", 1250, "WeChat", "1")
    assert (row.with_card, row.step, row.channel, row.department_type) == (1, "010101", "0100", "内科")
    assert row.at_ms == row.received_ms == bench.now_ms()
    (visit,) = rows(bench, VISITS)
    assert (visit.with_card, visit.first_ms) == (1, row.at_ms)
    assert "P1" not in visit.patient_key


def test_a_report_sent_again_counts_once_and_another_under_its_number_is_refused(bench):
    card_id = bench.register()
    assert tell(bench, ehealth_card_id=card_id, visit_no="V1") == "1"
    assert tell(bench, ehealth_card_id=card_id, visit_no="V1") == "0"
    assert tell(bench, ehealth_card_id=card_id, visit_no="V1", med_step_code="010105") == "report_differs"
    assert tell(bench, ehealth_card_id=card_id, visit_no="V1", med_step_code="010105", seq_no="2") == "1"
    assert (len(rows(bench, USAGE_REPORTS)), len(rows(bench, VISITS))) == (2, 1)


def test_numbers_of_two_applications_do_not_meet(bench, enrol):
    other = enrol("439900000002")
    assert tell(bench, visit_no="V1") == "1"
    assert tell(other, visit_no="V1") == "1"
    assert len(rows(bench, VISITS)) == 2


def test_a_visit_begun_without_the_card_and_continued_with_it_is_one_with_the_card(bench):
    card_id = bench.register()
    now = bench.clock.now
    assert tell(bench, visit_no="V1", has_card="0", seq_no="1") == "1"
    bench.clock.now = now - 60
    assert tell(bench, visit_no="V1", has_card="1", ehealth_card_id=card_id, seq_no="2") == "1"
    bench.clock.now = now + 60
    assert tell(bench, visit_no="V1", has_card="0", seq_no="3") == "1"
    (visit,) = rows(bench, VISITS)
    assert (visit.with_card, visit.first_ms) == (1, int((now - 60) * 1000))
    by_time = sorted(rows(bench, USAGE_REPORTS), key=lambda row: row.at_ms)
    assert [row.with_card for row in by_time] == [1, 0, 0]


def test_a_visit_is_one_persons(bench):
    mine, yours = bench.register(1), bench.register(2)
    assert tell(bench, visit_no="V1", ehealth_card_id=mine, patient_no="P1") == "1"
    assert tell(bench, visit_no="V1", ehealth_card_id=yours, seq_no="2") == "visit_mismatch"
    assert tell(bench, visit_no="V1", ehealth_card_id=mine, patient_no="P2", seq_no="3") == "visit_mismatch"
    assert len(rows(bench, USAGE_REPORTS)) == 1


def test_without_a_visit_number_a_holders_day_is_a_visit(bench):
    card_id = bench.register()
    # 2027-01-15 16:00 in China: the day ends eight hours on, when it is 16:00 in London.
    for hours, seq_no in ((0, "1"), (7.9, "2"), (8.1, "3")):
        bench.clock.now = 1_800_000_000.0 + hours * 3600
        assert tell(bench, ehealth_card_id=card_id, seq_no=seq_no) == "1"
    assert len(rows(bench, VISITS)) == 2


SCENES = (
    ({"scene": "0101021"}, ("000000", "0101021")),
    ({"scene": "0101011"}, ("010101", "0101011")),
    ({"scene": "0101082", "med_step_code": "010104"}, ("010104", "0101082")),
    ({"med_step_code": "010102"}, ("010102", "")),
)


def test_a_scene_is_kept_as_reported_and_gives_the_step_that_is_not_said(bench):
    for number, (fields, _) in enumerate(SCENES):
        said = {"med_step_code": None, "visit_no": "V1", "seq_no": str(number), **fields}
        assert [tell(bench, **said) for _ in range(2)] == ["1", "0"]
        assert tell(bench, **said | {"scene": "0201091"}) == "report_differs"
    kept = {row.seq_no: (row.step, row.scene) for row in rows(bench, USAGE_REPORTS)}
    assert sorted(kept.values()) == sorted(expected for _, expected in SCENES)


MISFITS = (
    ({"seq_no": None}, "seq_no"),
    ({"seq_no": "1 2"}, "seq_no"),
    ({"seq_no": "x" * 65}, "seq_no"),
    ({"visit_no": None}, "visit_no"),
    ({"has_card": "1"}, "has_card"),
    ({"has_card": "x"}, "has_card"),
    ({"ehealth_card_id": "ab" * 32}, "ehealth_card_id"),
    ({"ehealth_card_id": ELSEWHERE, "has_card": "0"}, "has_card"),
    ({"time": None}, "time"),
    ({"time": "20270115"}, "time"),
    ({"time": "20270230000000"}, "time"),
    ({"time": "20990101000000"}, "time"),
    ({"time": "00010101000000"}, "time"),
    ({"channel_code": "0500"}, "channel_code"),
    ({"med_step_code": "10101"}, "med_step_code"),
    ({"med_step_code": None}, "med_step_code"),
    ({"scene": "010102"}, "scene"),
    ({"scene": "0101099", "med_step_code": None}, "scene"),
    ({"department_type": None}, "department_type"),
    ({"department_type": "a\x00"}, "department_type"),
    ({"payAmount": "-1"}, "payAmount"),
    ({"payAmount": "1.234"}, "payAmount"),
    ({"payAmount": "1e3"}, "payAmount"),
    ({"onlineOrOffline": "2"}, "onlineOrOffline"),
    ({"patient_no": "\t"}, "patient_no"),
)


def test_a_field_that_does_not_fit_is_named(bench):
    for fields, name in MISFITS:
        answer = bench.call(METHOD, report(bench, **{"visit_no": "V1", **fields}))
        assert (OUTCOMES[answer.code].name, answer.message.rpartition(": ")[2]) == ("bad_field", name), fields
    assert not rows(bench, VISITS)


def test_amounts_are_exact(bench):
    for amount, fen in (("0", 0), ("0.1", 10), ("1.23", 123), ("999999999.99", 99_999_999_999)):
        assert tell(bench, visit_no="V1", payAmount=amount, seq_no=str(fen)) == "1"
    assert {row.pay_fen for row in rows(bench, USAGE_REPORTS)} == {0, 10, 123, 99_999_999_999}


def test_a_card_nobody_knows_and_one_of_another_province(bench):
    assert tell(bench, ehealth_card_id=ELSEWHERE) == "unknown_card"
    foreign = {"card_id": bytes.fromhex(ELSEWHERE), "province": "11", "seen_ms": 1}
    bench.do(lambda connection: connection.execute(insert(FOREIGN_CARDS), foreign))
    assert tell(bench, ehealth_card_id=ELSEWHERE) == "1"
    assert rows(bench, VISITS)[0].holder == ELSEWHERE


def test_an_application_without_the_scope(bench, enrol):
    other = enrol("439900000002", scopes=("verify",))
    assert tell(other, visit_no="V1") == "out_of_scope"


def test_the_same_report_from_many_threads_counts_once(engine):
    told = Report("app", "org", "1", "", "V1", "", 1_800_000_000_000, "010101", "0100", "d")
    counted, wrong = [], []

    def once():
        try:
            with engine.begin() as connection:
                counted.append(take(connection, told, 1))
        except Exception as error:
            wrong.append(error)

    threads = [Thread(target=once) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert sorted(counted) == [False] * 11 + [True]
    with engine.connect() as connection:
        assert len(connection.execute(select(USAGE_REPORTS)).all()) == 1
        assert len(connection.execute(select(VISITS)).all()) == 1


def test_a_card_replaced_by_another_is_the_same_persons(bench, person):
    card_id = bench.register(1)
    new = {**person(2), "name": person(1)["name"]}
    changed = bench.call("ehc.ehealthcard.alterinfo", {"ehealth_card_id": card_id, **new}).biz["ehealth_card_id"]
    assert changed != card_id
    assert tell(bench, visit_no="V1", ehealth_card_id=card_id) == "1"
    assert tell(bench, visit_no="V1", ehealth_card_id=str(changed), seq_no="2") == "1"
    with bench.platform.readers.connect() as connection:
        assert len(set(connection.scalars(select(CARDS.c.person_no)))) == 1
