"""Seeded people are people as registration would have made them: the same for the same seed, and never twice."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select

from reference_impl.cards.documents import read_document
from reference_impl.cards.holding import find_by_document
from reference_impl.cards.issuance import complete_identity
from reference_impl.cards.persons import person_key
from reference_impl.cards.real_name import authenticate
from reference_impl.door.serving_lock import sole_use
from reference_impl.errors import PlatformError
from reference_impl.records import audit
from reference_impl.storage import seeding
from reference_impl.storage.schema import AUDIT, CARDS, PERSONS
from reference_impl.storage.schema_records import ISSUANCES
from reference_impl.storage.seeded_people import PEOPLE, seeded_person
from reference_impl.storage.seeding import seed_cards

TESTS = Path(__file__).parents[1]
KILLED = """
import json, os, signal, sys
from pathlib import Path
options = json.loads(sys.argv[1])
sys.path.insert(0, options["tests"])
from conftest import TurnableClock, open_platform
from reference_impl.door.serving_lock import sole_use
from reference_impl.storage import seeded_rows, seeding
seeding._FEW, seeded_rows.CHUNK = 0, 10
people = []
def progress(more):
    people.append(more)
    if sum(people) >= options["at"]:
        os.kill(os.getpid(), signal.SIGKILL)
data = Path(options["data"])
with sole_use(data):
    seeding.seed_cards(
        open_platform(data, clock=TurnableClock(), database_url=options["url"]), 200, 1, progress, stage=80
    )
"""


@pytest.fixture
def platform(bench):
    return bench.platform


@pytest.fixture
def by_load(monkeypatch):
    """Let even a few people be loaded with the indexes away."""
    monkeypatch.setattr(seeding, "_FEW", 0)


def seed(platform, count, number=1, **options):
    told = []
    made = seed_cards(platform, count, number, told.append, **options)
    assert sum(told) == count
    return made


def counts(platform):
    with platform.readers.connect() as connection:
        return [connection.scalar(select(func.count()).select_from(table)) for table in (PERSONS, CARDS, ISSUANCES)]


def card_ids(platform):
    with platform.readers.connect() as connection:
        return set(connection.scalars(select(CARDS.c.card_id)))


def test_a_seeded_person_is_stored_as_a_registered_one(bench, platform):
    now = bench.now_ms()
    seed(platform, 30)
    for number in range(30):
        person = seeded_person(1, number)
        document = read_document("01", person.id_no, now)
        assert (document.person_text, document.born) == (person.text, person.born)
        known = authenticate(platform.parts.real_name, document, person.name)
        with platform.readers.connect() as connection:
            held = find_by_document(connection, platform.parts.keyring, document)
        assert held.identity == complete_identity(known, {})
        assert held.state == "2"


def test_a_seeded_card_is_used_like_any_other(bench, platform):
    seed(platform, 3)
    person = seeded_person(1, 2)
    asked = {"id_type": "01", "id_no": person.id_no}
    card_id = bench.call("ehc.ehealthcode.query", asked).biz["ehealth_card_id"]
    assert bench.verify(bench.dynamic(card_id)).success
    assert bench.call("ehc.ehealthcard.register", {**asked, "name": person.name}).biz["ehealth_card_id"] == card_id
    assert counts(platform) == [3, 3, 3]


def test_people_are_all_different_and_follow_from_the_seed():
    people = [seeded_person(1, number) for number in range(20_000)]
    assert len({person.id_no for person in people}) == 20_000
    assert people == [seeded_person(1, number) for number in range(20_000)]
    assert people[0] != seeded_person(2, 0)
    assert seeded_person(1, PEOPLE) == people[0]
    assert not {person.name[-1] for person in people} & set("冒无停")


class TestAgain:
    @pytest.mark.parametrize("load", [False, True])
    def test_what_is_there_stays_and_the_rest_is_added(self, platform, load, request):
        if load:
            request.getfixturevalue("by_load")
        assert seed(platform, 40) == 40
        first = card_ids(platform)
        assert seed(platform, 100, stage=25) == 60
        assert counts(platform) == [100, 100, 100]
        assert first < card_ids(platform)
        assert seed(platform, 100) == 0
        assert seed(platform, 50) == 0

    def test_an_interruption_costs_no_more_than_its_stage(self, platform, by_load):
        class StopError(Exception):
            pass

        def stop_at(people):
            seen.append(people)
            if sum(seen) > 25:
                raise StopError

        seen = []
        with pytest.raises(StopError):
            seed_cards(platform, 100, 1, stop_at, stage=20)
        assert counts(platform) == [20, 20, 20]
        assert _indexes(platform) == _indexes_wanted()
        assert seed(platform, 100) == 80

    def test_a_kill_in_mid_stage_leaves_nothing_in_the_way(self, open_bench, database_url, tmp_path, by_load):
        """The processes that share the work hold the folder's lock and the line to the database with the one killed."""
        options = {"tests": str(TESTS), "data": str(tmp_path / "data"), "url": database_url, "at": 110}
        ended = subprocess.run([sys.executable, "-c", KILLED, json.dumps(options)], check=False, timeout=60)
        assert ended.returncode == -signal.SIGKILL
        _until_free(tmp_path / "data")
        platform = open_bench().platform
        assert counts(platform) == [80, 80, 80]
        assert _indexes(platform) == _indexes_wanted()
        assert seed(platform, 200) == 120
        assert counts(platform) == [200, 200, 200]

    @pytest.mark.parametrize("load", [False, True])
    def test_who_has_a_card_already_gets_no_second(self, bench, platform, load, request):
        if load:
            request.getfixturevalue("by_load")
        person = seeded_person(1, 7)
        card_id = bench.call(
            "ehc.ehealthcard.register", {"id_type": "01", "id_no": person.id_no, "name": person.name}
        ).biz["ehealth_card_id"]
        assert seed(platform, 20) == 19
        assert counts(platform)[:2] == [20, 20]
        assert bytes.fromhex(card_id) in card_ids(platform)
        assert _indexes(platform) == _indexes_wanted()

    def test_seeds_that_overlap_share_their_people(self, platform, monkeypatch):
        monkeypatch.setattr("reference_impl.storage.seeded_people._SEED_STEP", 10)
        assert seed(platform, 30, number=1) == 30
        assert seed(platform, 30, number=0) == 10
        assert counts(platform) == [40, 40, 40]


def test_after_a_load_everything_is_as_before(bench, platform, by_load):
    seed(platform, 50)
    assert _indexes(platform) == _indexes_wanted()
    card_id = bench.register(1)
    assert bench.register(1) == card_id
    assert counts(platform)[:2] == [51, 51]
    with platform.readers.connect() as connection:
        found = audit.check(connection, platform.parts.keyring.audit)
        told = connection.scalars(select(AUDIT.c.detail).where(AUDIT.c.op == seeding.OPERATION)).all()
    assert found.first_bad is None
    assert [json.loads(detail) for detail in told] == [{"seed": "1", "first": "0", "cards": "50"}]


def test_many_are_shared_out_among_processes_and_stay_in_order(platform, monkeypatch, by_load):
    monkeypatch.setattr("reference_impl.storage.seeded_rows.CHUNK", 10)
    assert seed(platform, 95) == 95
    with platform.readers.connect() as connection:
        stored = connection.scalars(select(PERSONS.c.person_key).order_by(PERSONS.c.person_no)).all()
        nonces = {sealed[:13] for sealed in connection.scalars(select(PERSONS.c.sealed_identity))}
    assert [bytes(key) for key in stored] == [
        person_key(platform.parts.keyring, seeded_person(1, number).text) for number in range(95)
    ]
    assert len(nonces) == 95


@pytest.mark.parametrize(("count", "number"), [(-1, 1), (PEOPLE + 1, 1), (1, -1)])
def test_what_cannot_be_seeded(platform, count, number):
    with pytest.raises(PlatformError):
        seed_cards(platform, count, number, print)


def _until_free(folder):
    for _ in range(200):
        try:
            with sole_use(folder):
                return
        except PlatformError:
            time.sleep(0.05)
    pytest.fail("a process of the killed seeding still holds the folder")


def _indexes(platform):
    inspector = inspect(platform.engine)
    return {
        (index["name"], bool(index["unique"]))
        for table in ("persons", "cards")
        for index in inspector.get_indexes(table)
    }


def _indexes_wanted():
    return {(index.name, bool(index.unique)) for table in (PERSONS, CARDS) for index in table.indexes}
