"""Tables made and brought up to date: at every start, by one process at a time, or refused in plain words."""

import re
import threading

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, inspect, select, text

from reference_impl.errors import PlatformError
from reference_impl.platform import close_now, open_platform
from reference_impl.storage.engine import open_engine, sqlite_url
from reference_impl.storage.migrations import HEAD, upgrade
from reference_impl.storage.migrations.steps import configuration, known_versions
from reference_impl.storage.schema import KEYS, SCHEMA


@pytest.fixture
def empty_url(database, tmp_path, request):
    if database == "postgresql":
        return request.getfixturevalue("fresh_postgres")("template0")
    return sqlite_url(tmp_path / "empty.sqlite")


@pytest.fixture
def empty(empty_url):
    engine = open_engine(empty_url)
    yield engine
    engine.dispose()


def bring_up(engine):
    with engine.begin() as connection:
        upgrade(connection)


def test_the_steps_lead_to_the_tables_the_program_works_with(empty):
    bring_up(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, SCHEMA) == []
        assert context.get_current_revision() == HEAD == max(known_versions())


def test_tables_of_sqlite_are_those_of_the_program_word_for_word(tmp_path):
    """What alembic does not compare: tables without row ids, conditions of indexes, foreign keys."""
    by_steps, at_once = (open_engine(sqlite_url(tmp_path / name)) for name in ("steps.sqlite", "once.sqlite"))
    bring_up(by_steps)
    SCHEMA.create_all(at_once)
    words = [_words(engine) for engine in (by_steps, at_once)]
    by_steps.dispose()
    at_once.dispose()
    assert words[0] == words[1]
    assert "without rowid" in words[0]["spent"]
    assert "where state <> '3'" in words[0]["one_open_card_a_person"]


def _words(engine):
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    # Alembic writes the clauses of a table in an order of its own.
    return {
        name: sorted(part.strip() for part in re.split("[,()]", sql.lower().replace('"', "")))
        for name, sql in rows
        if name != "alembic_version"
    }


def test_a_second_start_changes_nothing(empty):
    bring_up(empty)
    before = inspect(empty).get_table_names()
    bring_up(empty)
    assert inspect(empty).get_table_names() == before


def test_a_step_that_is_not_finished_leaves_nothing(empty):
    def cut_short():
        with empty.begin() as connection:
            upgrade(connection)
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        cut_short()
    assert inspect(empty).get_table_names() == []
    bring_up(empty)


def test_tables_from_before_versions_are_refused(empty):
    SCHEMA.create_all(empty)
    with pytest.raises(PlatformError, match="before tables had versions") as caught:
        bring_up(empty)
    assert "empty" in caught.value.remedy


def test_tables_of_a_newer_program_are_refused(empty):
    bring_up(empty)
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(PlatformError, match="9999, which is newer"):
        bring_up(empty)


def test_the_platform_refuses_in_the_same_words_and_lets_go(empty, empty_url, tmp_path):
    SCHEMA.create_all(empty)
    with pytest.raises(PlatformError, match="before tables had versions"):
        open_platform(tmp_path / "data", database_url=empty_url)
    SCHEMA.drop_all(empty)
    close_now(open_platform(tmp_path / "data", database_url=empty_url))


def test_processes_that_start_at_once_make_one_platform(empty, empty_url, tmp_path):
    opened, errors = [], []
    start = threading.Barrier(4)

    def begin(number):
        start.wait()
        try:
            opened.append(open_platform(tmp_path / "data", database_url=empty_url, lane=f"w{number}"))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    try:
        assert errors == []
        assert len({platform.credentials for platform in opened}) == 1
        with empty.connect() as connection:
            versions = select(func.count()).select_from(KEYS).where(KEYS.c.purpose == "token")
            assert connection.scalar(versions) == 1
    finally:
        for platform in opened:
            close_now(platform)


def test_connections_that_open_a_new_file_at_once_wait_for_one_another(tmp_path):
    errors = []
    start = threading.Barrier(4)

    def connect(engine):
        start.wait()
        try:
            engine.connect().close()
        except Exception as error:
            errors.append(error)

    for number in range(200):
        engines = [open_engine(sqlite_url(tmp_path / f"{number}.sqlite")) for _ in range(4)]
        threads = [threading.Thread(target=connect, args=(engine,)) for engine in engines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        for engine in engines:
            engine.dispose()
    assert errors == []


BEFORE_OWNERS = """
    INSERT INTO institutions VALUES ('org', 'name', '3', 'hospital', '439900', 'authorised');
    INSERT INTO institutions VALUES ('other', 'name', '3', 'hospital', '439900', 'authorised');
    INSERT INTO apps VALUES ('desk', 'org', 'name', 'hn-a', 'usage', 'sealed', NULL, 'authorised');
    INSERT INTO apps VALUES ('phone', 'org', 'name', 'wechat', 'usage', 'sealed', NULL, 'authorised');
    INSERT INTO apps VALUES ('theirs', 'other', 'name', 'hn-a', 'usage', 'sealed', NULL, 'authorised');
    INSERT INTO terminals VALUES ('desk', 'T1', '01', 'FILED', 'HN-2019-1', 'authorised');
    INSERT INTO terminals VALUES ('desk', 'T2', '01', 'UNFILED', 'none', 'authorised');
    INSERT INTO terminals VALUES ('desk', 'T3', '01', 'FROZEN', 'HN-2019-1', 'frozen');
    INSERT INTO terminals VALUES ('theirs', 'T1', '01', 'THEIRS', 'HN-2019-1', 'authorised');
    INSERT INTO visits VALUES (1, 'org', 'n:1', 5, 1, 'holder', NULL)
"""
REPORTED = (
    ("desk", "1", "010102", "FILED"),
    ("desk", "2", "010101", "UNFILED"),
    ("desk", "3", "010101", "FROZEN"),
    ("desk", "4", "010101", "THEIRS"),
    ("desk", "5", "010101", ""),
    ("phone", "6", "010102", ""),
    ("phone", "7", "010101", ""),
)


def test_what_was_there_before_owners_and_scenes_is_kept_and_mended(empty):
    with empty.begin() as connection:
        command.upgrade(configuration(connection), "0001")
        for statement in BEFORE_OWNERS.split(";"):
            connection.execute(text(statement))
        for app_id, seq_no, step, serial in REPORTED:
            row = "VALUES (:app, :seq, 1, 5, 5, 1, :step, '0100', 'd', :serial, NULL, '', '', 'digest')"
            told = {"app": app_id, "seq": seq_no, "step": step, "serial": serial}
            connection.execute(text(f"INSERT INTO usage_reports {row}"), told)
    bring_up(empty)
    with empty.connect() as connection:
        owners = connection.scalars(text("SELECT ownership FROM institutions")).all()
        reports = connection.execute(text("SELECT step, scene, filed FROM usage_reports ORDER BY seq_no")).all()
    assert owners == ["public", "public"]
    assert [tuple(row) for row in reports] == [
        ("010102", "", 1),
        ("010101", "", 0),
        ("010101", "", 0),
        ("010101", "", 0),
        ("010101", "", 0),
        # WeChat's dialect reported no diagnosis: its one scene of these six digits is queueing.
        ("000000", "0101021", 0),
        ("010101", "", 0),
    ]
