"""Hunts on PostgreSQL: kills of the platform and of its server under load, and random programs."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from http import HTTPStatus
from itertools import islice
from random import Random

import psycopg
import pytest

from fixtures.gateway_grammar import questions
from fixtures.population import people
from rigs.bench_tables.platform import ReferencePlatformTable
from rigs.errors import RigError, SubjectFaultError
from rigs.flood import Flood
from rigs.journal import Journal
from rigs.own_database import PREFIX, own_database
from rigs.reference_platform import ReferencePlatform
from steps.platform.apart import UNLIMITED, Apart
from steps.platform.asking import dynamic_codes, register, verify
from steps.platform.durability import kill_under_load
from steps.platform.programs import Programs

BACK_S = 30.0


@pytest.fixture
def serve(postgres_server, tmp_path):
    """Serve a platform on a database of its own."""

    @contextmanager
    def served(defect=None):
        journal = Journal(None)
        with own_database(postgres_server.url("postgres")) as url:
            table = ReferencePlatformTable(database_url=url, test_clock=True)
            host = ReferencePlatform(
                table, tmp_path / f"{defect}", defect, subject=True, journal=journal, options=UNLIMITED
            )
            try:
                yield Apart(host.link, host.credentials, journal, host)
            finally:
                host.close()

    return served


def left_behind(server):
    with psycopg.connect(server.url("postgres")) as connection:
        found = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (PREFIX,))
        return found.fetchall()


class Campaign:
    """Kills of one platform, or of the server under it, while sixteen callers use codes."""

    def __init__(self, platform, server):
        self.platform = platform
        self.server = server
        self.chance = Random(7)
        with platform.lines(1) as [line]:
            self.held = [register(line, next(population)) for population in [people(1, 13)] * 8]

    def kill_platform(self):
        return kill_under_load(self.platform, self.held, self.chance)

    def kill_server(self):
        return kill_under_load(
            self.platform, self.held, self.chance, lambda: self.server.stop("immediate"), self.bring_back
        )

    def bring_back(self):
        """The platform finds its server again by itself."""
        self.server.start()
        deadline = time.monotonic() + BACK_S
        while not self.answers():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def answers(self):
        with self.platform.lines(1) as [line]:
            try:
                [code] = dynamic_codes(line, self.held[0], 1)
                return verify(line, code).accepted
            except SubjectFaultError:
                return False


def lost(kill, kills):
    """How many acknowledged uses the first of so many kills lost that lost any; most had something to lose."""
    found = []
    for _ in range(kills):
        found.append(kill())
        if found[-1].lost:
            return found[-1].lost
    assert sum(killed.acknowledged > 0 for killed in found) > kills / 4
    return 0


@pytest.mark.parametrize("victim", ["platform", "server"])
@pytest.mark.parametrize("kills", [2, pytest.param(300, marks=[pytest.mark.nightly, pytest.mark.timeout(7200)])])
def test_kills_under_load_lose_nothing_that_was_acknowledged(serve, postgres_server, victim, kills):
    with serve() as platform:
        campaign = Campaign(platform, postgres_server)
        assert lost(getattr(campaign, f"kill_{victim}"), kills) == 0


@pytest.mark.parametrize(("defect", "victim"), [("acknowledges-before-commit", "platform"), ("never-syncs", "server")])
def test_a_platform_that_answers_too_early_is_found_by_such_kills(serve, postgres_server, defect, victim):
    with serve(defect) as platform:
        campaign = Campaign(platform, postgres_server)
        assert lost(getattr(campaign, f"kill_{victim}"), 10) > 0


@pytest.mark.parametrize("defect", ["swallows-disk-errors", "loses-audit-records"])
def test_a_defect_of_the_database_file_says_so_in_one_line(serve, defect):
    with pytest.raises(RigError, match="one of the database file") as caught, serve(defect):
        pass
    assert "\n" not in str(caught.value)
    assert "postgresql://" not in str(caught.value)


def test_random_programs_agree_with_the_model(serve, postgres_server):
    with serve() as platform, platform.lines(1) as [line], closing(platform.api()) as api:
        programs = Programs(platform, line, api, 3, 16)
        # Under this seed the last three meet a revoked key, a rotation and a kill.
        numbers = [*range(12), 99, 199, 499]
        assert [programs.broken_at(number) for number in numbers] == [""] * len(numbers)
    assert left_behind(postgres_server) == []


@pytest.mark.parametrize(
    ("defect", "statuses"), [(None, {HTTPStatus.OK}), ("fails-on-missing-field", {HTTPStatus.OK, 500})]
)
def test_the_gateway_s_grammar_is_answered_as_described(serve, defect, statuses):
    residents = [next(population) for population in [people(1, 14)] * 5]
    with serve(defect) as platform:
        with platform.lines(1) as [line]:
            card_ids = [register(line, resident) for resident in residents]
        source = questions(Random(5), card_ids, [resident["id_no"] for resident in residents])
        bodies = [broken(platform.sealed(asked.method, asked.fields)) for asked, broken in islice(source, 500)]
        replies = Flood(platform.link, 8).send(bodies, platform.journal)
    assert {reply.status for reply in replies} == statuses
    assert all(reply.code for reply in replies if reply.status == HTTPStatus.OK)


def test_a_server_that_is_not_there_is_the_bench_s_fault_and_its_password_stays_untold():
    with (
        pytest.raises(RigError, match="cannot be used") as caught,
        own_database("postgresql://someone:hidden@127.0.0.1:1/postgres"),
    ):
        pass
    assert "hidden" not in str(caught.value)
