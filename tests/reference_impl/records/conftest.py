"""A database with the platform's tables, and an audit of a known number of records in two lanes."""

from copy import copy
from random import Random

import pytest
from audit_ledger import LANE_RECORDS, Ledger, entry

from reference_impl.access import applications, institutions, terminals
from reference_impl.access.applications import Application
from reference_impl.access.institutions import Institution
from reference_impl.access.scopes import SCOPES
from reference_impl.access.standing import Act, Standing
from reference_impl.access.terminals import Terminal
from reference_impl.storage.engine import open_engine, sqlite_url
from reference_impl.storage.schema import SCHEMA
from reference_impl.wire.exchange import Credentials
from reference_impl.wire.sm2 import generate


@pytest.fixture
def engine(tmp_path, database_url):
    engine = open_engine(database_url or sqlite_url(tmp_path / "records.sqlite"))
    SCHEMA.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine):
    return Ledger(engine)


@pytest.fixture
def written(ledger):
    """Two lanes of ``LANE_RECORDS`` records each."""
    for lane in ("w0", "w1"):
        for first in range(0, LANE_RECORDS, 4):
            ledger.write(lane, [entry(first + n) for n in range(4)])
    return ledger


@pytest.fixture(scope="session")
def signing():
    return generate(Random(3).randbytes)


@pytest.fixture
def enrol(bench):
    """Enrol another institution with an application and a terminal; return a caller that is it."""

    def enrolled(org_code, level="2", kind="hospital", scopes=SCOPES):
        act = Act("tests", bench.now_ms(), "needed by a test")
        parts = bench.platform.parts

        def job(connection):
            wanted = Institution(org_code, "合成测试机构", level, kind, "439900", Standing.AUTHORISED)
            institutions.create(connection, parts.keyring, wanted, parts.random, act)
            app = Application("", org_code, "合成测试应用", "hn-a", scopes, None, Standing.AUTHORISED)
            made = applications.create(connection, parts.keyring, app, parts.random, act)
            app_id = made.application.app_id
            device = Terminal(app_id, "T1", "01", f"SYN-{org_code}", "none", Standing.AUTHORISED)
            terminals.create(connection, device, act)
            return app_id

        app_id = bench.do(job)
        other = copy(bench)
        other.credentials = Credentials(app_id, bench.platform.accounts.find(app_id).secret, "T1")
        return other

    return enrolled
