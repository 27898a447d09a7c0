"""Use through filed terminals: the serial number a report tells, held against the register of the moment it came in."""

from itertools import count

import pytest
from sqlalchemy import select

from reference_impl.access import standing, terminals
from reference_impl.access.standing import Act, Standing
from reference_impl.access.terminals import Terminal
from reference_impl.records.china_time import moment_text
from reference_impl.records.statistics import figures, period
from reference_impl.storage.schema_records import USAGE_REPORTS

THEIRS = "439900000002"
OWN = "439900000001"
FILED = "HN-2019-001"


class Desk:
    """Enrols scanners and reports use through them."""

    def __init__(self, bench):
        self.bench = bench
        self.card_id = bench.register()
        self.numbers = count(1)
        self.act = Act("tests", bench.now_ms(), "needed by a test")

    def enrol(self, serial, filing_number=FILED, state=Standing.AUTHORISED, app_id=None):
        """Enrol a scanner; return its name."""
        term_id = f"S{next(self.numbers)}"
        app = app_id or self.bench.credentials.app_id
        device = Terminal(app, term_id, "01", serial, filing_number, state)
        self.bench.do(lambda connection: terminals.create(connection, device, self.act))
        return standing.terminal(app, term_id)

    def bring(self, subject, state):
        self.bench.do(lambda connection: standing.change(connection, subject, state, self.act))

    def read(self, serial, channel="0100", with_card=True):
        """Report one step; return the answer."""
        number = str(next(self.numbers))
        told = {
            "seq_no": number,
            "department_type": "内科",
            "time": moment_text(self.bench.now_ms(), "%Y%m%d%H%M%S"),
            "channel_code": channel,
            "med_step_code": "010101",
            "channel_sn": serial,
            "visit_no": number,
        }
        return self.bench.call("ehc.usage.report", told | ({"ehealth_card_id": self.card_id} if with_card else {}))

    def filed(self):
        """Tell of each serial number whether it was filed, in the order of the reports."""
        with self.bench.platform.readers.connect() as connection:
            kept = select(USAGE_REPORTS.c.scanner_serial, USAGE_REPORTS.c.filed).order_by(USAGE_REPORTS.c.visit_no)
            return [tuple(row) for row in connection.execute(kept)]

    def figure(self):
        with self.bench.platform.readers.connect() as connection:
            counted = figures(connection, *period(None, None, self.bench.now_ms()))
        return counted.figure("use_through_filed_terminals")


@pytest.fixture
def desk(bench):
    return Desk(bench)


def test_only_an_authorised_and_filed_terminal_of_the_institution_is_one(desk, enrol):
    theirs = enrol(THEIRS).credentials.app_id
    desk.enrol("FILED")
    desk.enrol("NOT-FILED", "none")
    desk.enrol("NOT-FILED-ZH", "无")
    desk.enrol("APPLIED", state=Standing.APPLIED)
    desk.enrol("THEIRS", app_id=theirs)
    for serial in ("FILED", "NOT-FILED", "NOT-FILED-ZH", "APPLIED", "THEIRS", "NOBODYS", "filed", ""):
        assert desk.read(serial).success
    assert [serial for serial, filed in desk.filed() if filed] == ["FILED"]


def test_what_counts_is_the_register_when_the_report_came_in(desk):
    terminal = desk.enrol("S-1")
    desk.read("S-1")
    desk.bring(terminal, Standing.FROZEN)
    desk.read("S-1")
    desk.bring(terminal, Standing.DELETED)
    desk.read("S-1")
    desk.enrol("S-1")
    desk.read("S-1")
    assert desk.filed() == [("S-1", 1), ("S-1", 0), ("S-1", 0), ("S-1", 1)]


def test_a_terminal_of_another_application_of_the_institution_is_its_own(desk, bench, enrol):
    other = enrol(THEIRS)
    desk.enrol("S-1", app_id=other.credentials.app_id)
    mine, bench.credentials = bench.credentials, other.credentials
    desk.read("S-1")
    bench.credentials = mine
    desk.read("S-1")
    assert [filed for _, filed in desk.filed()] == [1, 0]


def test_a_long_serial_number_is_taken_where_a_terminal_has_it(desk):
    long = "20190415000123"
    assert desk.read(long).message.endswith(": channel_sn")
    desk.enrol(long)
    assert desk.read(long).success
    assert desk.filed() == [(long, 1)]


def test_the_share_is_of_steps_with_the_card_at_a_desk(desk):
    desk.enrol("S-1")
    for serial, channel in (("S-1", "0100"), ("S-1", "0200"), ("S-9", "0300"), ("", "0100"), ("", "0401")):
        assert desk.read(serial, channel).success
    assert desk.read("S-1", with_card=False).success
    figure = desk.figure()
    (told,) = figure.as_json()["rows"]
    assert told["name"]
    expected = {"org_code": OWN, "reads": 4, "filed": 2, "not_filed": 1, "no_serial": 1, "filed_share": 0.5}
    assert told.items() >= expected.items()
    for word in ("0100", "0200", "0300"):
        assert word in figure.definition_zh
        assert word in figure.definition_en
