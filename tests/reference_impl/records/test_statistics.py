"""The statistics against a truth counted by hand from the reports themselves."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from reference_impl.records.china_time import DAY_MS, day_number, day_text, start_of
from reference_impl.records.figures import COLUMNS, Figure
from reference_impl.records.statistics import figures, period
from reference_impl.records.usage import Report, take
from reference_impl.storage.engine import open_engine
from reference_impl.storage.schema import CARDS, INSTITUTIONS, PERSONS, SCHEMA
from reference_impl.storage.schema_records import ISSUANCES, USAGE_REPORTS, VISITS

FROM_MS = start_of(date(2026, 11, 1))
TO_MS = FROM_MS + 3 * DAY_MS
EDGES = (FROM_MS - 1, FROM_MS, TO_MS - 1, TO_MS)

HOSPITALS = {
    "h3": ("3", "hospital", "430100", "public"),
    "h2": ("2", "hospital", "430200", "public"),
    "h1": ("1", "hospital", "430200", "public"),
    "p3": ("3", "hospital", "430100", "private"),
    "c2": ("2", "primary-care", "430300", "public"),
    "t": ("township", "hospital", "430300", "public"),
}
ELIGIBLE = {"h3", "h2"}


@dataclass(frozen=True)
class Told:
    """A report in the test's own words: who came is a number, None without the card; a visit is a number too."""

    org: str
    person: int | None
    visit: int | None
    patient: int | None
    at_ms: int
    step: str
    channel: str
    scene: str = ""


@st.composite
def told(draw):
    person = draw(st.none() | st.integers(0, 3))
    return Told(
        draw(st.sampled_from(sorted(HOSPITALS))),
        person,
        draw(st.integers(0, 5) if person is None else st.none() | st.integers(0, 5)),
        draw(st.none() | st.integers(0, 2)),
        draw(st.sampled_from(EDGES) | st.integers(FROM_MS - DAY_MS, TO_MS + DAY_MS)),
        draw(st.sampled_from(("010101", "010105"))),
        draw(st.sampled_from(("0100", "0401"))),
        draw(st.sampled_from(("", "0101021", "0201032"))),
    )


def consistent(reports):
    """Drop reports that would make one visit two persons' or give it two patient numbers: those are refused."""
    kept, person_of, patient_of = [], {}, {}
    for report in reports:
        key = visit_key(report)
        if person_of.get(key, report.person) != report.person and None not in (person_of.get(key), report.person):
            continue
        if None not in (patient_of.get(key), report.patient) and patient_of[key] != report.patient:
            continue
        person_of[key] = report.person if person_of.get(key) is None else person_of[key]
        patient_of[key] = report.patient if patient_of.get(key) is None else patient_of[key]
        kept.append(report)
    return kept


def visit_key(report):
    if report.visit is not None:
        return report.org, "no", report.visit
    return report.org, "day", report.person, (report.at_ms + 8 * 3_600_000) // DAY_MS


def truth(reports, organisations):
    """Count visits and persons of some institutions in the period, from the reports alone."""
    visits = defaultdict(list)
    for report in reports:
        visits[visit_key(report)].append(report)
    chosen = {
        key: steps
        for key, steps in visits.items()
        if key[0] in organisations and FROM_MS <= min(step.at_ms for step in steps) < TO_MS
    }
    persons, patients = {}, {}
    met = defaultdict(set)
    for key, steps in chosen.items():
        persons[key] = next((step.person for step in steps if step.person is not None), None)
        patients[key] = next((step.patient for step in steps if step.patient is not None), None)
        if persons[key] is not None and patients[key] is not None:
            met[key[0], patients[key]].add(persons[key])
    who = {}
    for key in chosen:
        known = met[key[0], patients[key]]
        if persons[key] is not None:
            who[key] = ("person", persons[key])
        elif patients[key] is None:
            who[key] = ("visit", key)
        elif len(known) == 1:
            who[key] = ("person", *known)
        else:
            who[key] = ("patient", key[0], patients[key])
    with_card = {key for key in chosen if persons[key] is not None}
    return {
        "visits": len(chosen),
        "visits_with_card": len(with_card),
        "persons": len(set(who.values())),
        "persons_with_card": len({who[key] for key in with_card}),
    }


def fill(connection, persons=4):
    connection.execute(
        insert(INSTITUTIONS),
        [
            {
                "org_code": org,
                "name": org,
                "level": level,
                "kind": kind,
                "prefecture": place,
                "ownership": owner,
                "state": "authorised",
            }
            for org, (level, kind, place, owner) in HOSPITALS.items()
        ],
    )
    for number in range(1, persons + 1):
        key = number.to_bytes(32)
        connection.execute(
            insert(PERSONS),
            {
                "person_no": number,
                "person_key": key,
                "mindex_id": str(number),
                "sealed_identity": b"",
                "registered_ms": 1,
            },
        )
        card = {"card_id": key, "person_no": number, "state": "2", "active_since_ms": 1, "channel": "0403"}
        connection.execute(insert(CARDS), {**card, "card_no": number, "changed_ms": 1})


def report_all(connection, reports):
    for number, report in enumerate(reports):
        card_id = "" if report.person is None else (report.person + 1).to_bytes(32).hex().upper()
        visit_no = "" if report.visit is None else str(report.visit)
        patient = "" if report.patient is None else f"patient{report.patient}"
        counts = take(
            connection,
            Report(
                "app",
                report.org,
                str(number),
                card_id,
                visit_no,
                patient,
                report.at_ms,
                report.step,
                report.channel,
                "department",
                scene=report.scene,
            ),
            TO_MS,
        )
        assert counts


def row(figure, **named):
    (found,) = [
        dict(zip(figure.columns, cells, strict=True))
        for cells in figure.rows
        if all(cells[figure.columns.index(name)] == value for name, value in named.items())
    ]
    return found


def agrees(counted, expected):
    assert {name: counted[name] for name in expected} == expected
    for kind in ("visit", "person"):
        whole, part = expected[f"{kind}s"], expected[f"{kind}s_with_card"]
        assert counted[f"{kind}_share"] == (part / whole if whole else None)


@pytest.fixture(scope="module")
def memory():
    engine = open_engine("sqlite://")
    SCHEMA.create_all(engine)
    with engine.begin() as connection:
        fill(connection)
    yield engine
    engine.dispose()


@given(st.lists(told(), max_size=40).map(consistent))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_figure_is_the_truth(memory, reports):
    with memory.connect() as connection, connection.begin() as transaction:
        report_all(connection, reports)
        counted = figures(connection, FROM_MS, TO_MS)
        transaction.rollback()
    total = counted.figure("share_total")
    agrees(row(total, scope="kpi"), truth(reports, ELIGIBLE))
    agrees(row(total, scope="all"), truth(reports, set(HOSPITALS)))
    hospitals = counted.figure("share_by_hospital")
    seen = {org for org in ELIGIBLE if truth(reports, {org})["visits"]}
    assert {cells[0] for cells in hospitals.rows} == seen
    for org in seen:
        agrees(row(hospitals, org_code=org), truth(reports, {org}))
    inside = [report for report in reports if FROM_MS <= report.at_ms < TO_MS]
    for name in ("step", "channel", "scene"):
        figure = counted.figure(f"use_by_{name}")
        assert {cells[0]: cells[2] for cells in figure.rows} == Counter(getattr(report, name) for report in inside)
        with_card = Counter(getattr(report, name) for report in inside if report.person is not None)
        assert {cells[0]: cells[3] for cells in figure.rows if cells[3]} == with_card


def test_both_databases_count_alike(engine):
    random = Random(11)
    reports = consistent(
        Told(
            random.choice(sorted(HOSPITALS)),
            person,
            random.choice((None, random.randrange(60))) if person is not None else random.randrange(60),
            random.choice((None, random.randrange(9))),
            FROM_MS + random.randrange(-DAY_MS, 4 * DAY_MS),
            "010101",
            "0100",
        )
        for person in random.choices((None, 0, 1, 2, 3), k=400)
    )
    with engine.begin() as connection:
        fill(connection)
        report_all(connection, reports)
        total = figures(connection, FROM_MS, TO_MS).figure("share_total")
    assert truth(reports, ELIGIBLE)["visits"] > 30
    agrees(row(total, scope="kpi"), truth(reports, ELIGIBLE))
    agrees(row(total, scope="all"), truth(reports, set(HOSPITALS)))


def test_a_hundred_thousand_visits(engine):
    random = Random(5)
    visits, holders, with_card = [], set(), 0
    anonymous = set()
    for number in range(100_000):
        org = random.choice(("h3", "h2"))
        holder = random.randrange(40_000) if random.random() < 0.8137 else None
        patient = random.randrange(10_000) if holder is None else None
        if holder is None:
            anonymous.add((org, patient))
        else:
            with_card += 1
            holders.add(holder)
        visits.append(
            {
                "org_code": org,
                "visit": f"n:{number}",
                "first_ms": FROM_MS + number * 2,
                "with_card": int(holder is not None),
                "holder": None if holder is None else str(holder),
                "patient_key": None if patient is None else str(patient),
            }
        )
    with engine.begin() as connection:
        fill(connection)
        connection.execute(insert(VISITS), visits)
        counted = row(figures(connection, FROM_MS, TO_MS).figure("share_total"), scope="kpi")
    persons = len(holders) + len(anonymous)
    agrees(
        counted,
        {
            "visits": 100_000,
            "visits_with_card": with_card,
            "persons": persons,
            "persons_with_card": len(holders),
        },
    )
    assert counted["target_share"] == 0.8
    assert counted["visit_share"] > 0.8 > counted["person_share"]


def test_a_patient_number_that_met_two_holders_is_taken_for_neither(engine):
    def visit(number, person, patient):
        return Told("h3", person, number, patient, FROM_MS + number, "010101", "0100")

    reports = [visit(1, 0, 1), visit(2, 1, 1), visit(3, None, 1)]
    with engine.begin() as connection:
        fill(connection)
        report_all(connection, reports[::2])
        one = row(figures(connection, FROM_MS, TO_MS).figure("share_total"), scope="kpi")
        report_all(connection, [])
    assert (one["persons"], one["persons_with_card"], one["visits"], one["visits_with_card"]) == (1, 1, 2, 1)
    with engine.begin() as connection:
        connection.execute(USAGE_REPORTS.delete())
        connection.execute(VISITS.delete())
        report_all(connection, reports)
        both = row(figures(connection, FROM_MS, TO_MS).figure("share_total"), scope="kpi")
    assert (both["persons"], both["persons_with_card"]) == (3, 2)


def test_issuance_by_channel_day_and_prefecture(engine):
    issued = [
        (1, FROM_MS, "0403", "h3"),
        (2, FROM_MS + DAY_MS - 1, "0403", "h2"),
        (3, FROM_MS + DAY_MS, "0100", "h2"),
        (4, TO_MS, "0100", "nobody"),
    ]
    with engine.begin() as connection:
        fill(connection)
        names = ("card_no", "issued_ms", "channel", "org_code")
        connection.execute(insert(ISSUANCES), [dict(zip(names, one, strict=True)) for one in issued])
        counted = figures(connection, FROM_MS, TO_MS)
        later = figures(connection, TO_MS, TO_MS + 1)
    assert counted.figure("issued_by_channel").rows == (("0100", "window", 1), ("0403", "app", 2))
    assert counted.figure("issued_by_day").rows == (("2026-11-01", 2), ("2026-11-02", 1))
    assert counted.figure("issued_by_prefecture").rows == (("430100", 1), ("430200", 2))
    assert later.figure("issued_by_prefecture").rows == (("", 1),)
    assert counted.figure("cards_by_state").rows == (("2", "active", 4),)


def test_a_platform_counts_what_it_issued_once(bench, person):
    bench.register(1)
    bench.register(1)
    card_id = bench.register(2)
    bench.close(card_id)
    bench.register(2)
    new = {**person(3), "name": person(1)["name"]}
    first = bench.register(1)
    assert bench.call("ehc.ehealthcard.alterinfo", {"ehealth_card_id": first, **new}).success
    with bench.platform.readers.connect() as connection:
        counted = figures(connection, *period(None, None, bench.now_ms()))
    # Two persons, and the card that took the place of the first one's.
    assert [cells[-1] for cells in counted.figure("issued_by_channel").rows] == [3]
    assert counted.figure("issued_by_prefecture").rows == (("439900", 3),)
    assert counted.figure("issued_by_day").rows == ((day_text(day_number(bench.now_ms())), 3),)
    assert counted.figure("cards_by_state").rows == (("2", "active", 2), ("3", "closed", 1))


def test_a_hospital_that_is_no_public_one_counts_among_all_and_not_for_the_target(engine):
    with engine.begin() as connection:
        fill(connection)
        report_all(connection, [Told(org, 0, None, None, FROM_MS, "010101", "0100") for org in ("h3", "p3")])
        counted = figures(connection, FROM_MS, TO_MS)
        total = counted.figure("share_total")
    assert [row(total, scope=scope)["visits"] for scope in ("kpi", "all")] == [1, 2]
    assert [cells[0] for cells in counted.figure("share_by_hospital").rows] == ["h3"]


def test_of_nothing_there_is_no_share(engine):
    with engine.connect() as connection:
        counted = figures(connection, FROM_MS, TO_MS)
    total = counted.figure("share_total")
    assert row(total, scope="kpi")["visit_share"] is None
    assert total.text_rows()[0] == ["kpi", "0", "0", "–", "0", "0", "–", "80.00%"]


def test_every_figure_travels_with_its_definition_in_both_languages(engine):
    with engine.connect() as connection:
        counted = figures(connection, FROM_MS, TO_MS)
    document = counted.as_json()
    assert {column for figure in counted.figures for column in figure.columns} <= set(COLUMNS)
    assert (document["from_ms"], document["to_ms"]) == (FROM_MS, TO_MS)
    assert len({figure["name"] for figure in document["figures"]}) == len(document["figures"]) == 14
    for figure in document["figures"]:
        assert min(len(figure["definition"]["zh"]), len(figure["definition"]["en"])) > 10


def test_rows_have_the_columns_they_are_named_by():
    figure = Figure("f", "", "", "", "", ("org", "visit_share"), (("o", 0.81375), ("p", None)))
    assert figure.as_json()["rows"] == [{"org": "o", "visit_share": 0.81375}, {"org": "p", "visit_share": None}]
    assert figure.text_rows() == [["o", "81.38%"], ["p", "–"]]


def test_a_period_is_whole_days_in_china():
    assert period(date(2026, 11, 1), date(2026, 11, 3), 0) == (FROM_MS, TO_MS)
    assert period(None, None, 7) == (0, 8)
    assert period(date.min, date.max, 0)[0] < 0
    with pytest.raises(ValueError, match="ends before"):
        period(date(2026, 11, 3), date(2026, 11, 2), 0)
