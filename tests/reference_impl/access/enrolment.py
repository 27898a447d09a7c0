"""A database with the platform's tables, an institution's keys under a key that only these tests hold."""

from dataclasses import dataclass, field
from random import Random

from sqlalchemy import insert

from reference_impl.access import applications, institutions, standing, terminals
from reference_impl.access.accounts import Accounts
from reference_impl.access.applications import Application
from reference_impl.access.institutions import Institution
from reference_impl.access.standing import Act, Standing
from reference_impl.access.terminals import Terminal
from reference_impl.keys.sealing import SealingKeys
from reference_impl.refusals import RefusalError
from reference_impl.storage import epoch
from reference_impl.storage.engine import open_engine, open_readers, sqlite_url
from reference_impl.storage.schema import APPS, SCHEMA, TERMINALS

NOW_MS = 1_800_000_000_000
ORG = "439900000001"


@dataclass(frozen=True)
class Keys:
    """The one key access works with; the platform's keyring has more."""

    app_secret: SealingKeys = field(default_factory=lambda: SealingKeys(1, {1: b"s" * 32}))


class Enrolment:
    """Calls the functions under test with the arguments that seldom matter filled in."""

    def __init__(self, engine, readers):
        self.engine = engine
        self.readers = readers
        self.keys = Keys()
        self.random = Random(7).randbytes
        self.accounts = Accounts(readers, lambda: self.keys)

    def close(self):
        self.engine.dispose()
        self.readers.dispose()

    def act(self, reason="test", actor="tester", at_ms=NOW_MS):
        return Act(actor, at_ms, reason)

    def institution(self, connection, org_code=ORG, state=Standing.AUTHORISED, **said):
        fields = {"name": "合成医院", "level": "3", "kind": "hospital", "prefecture": "439900"} | said
        wanted = Institution(org_code, state=state, **fields)
        return institutions.create(connection, self.keys, wanted, self.random, self.act())

    def app(self, connection, org_code=ORG, state=Standing.AUTHORISED, scopes=(), dialect="hn-a", public_key=None):
        wanted = Application("", org_code, "合成应用", dialect, scopes, public_key, state)
        return applications.create(connection, self.keys, wanted, self.random, self.act())

    def terminal(self, connection, app_id, term_id="T01", serial=None, state=Standing.AUTHORISED, **said):
        fields = {"terminal_type": "01", "filing_number": "none"} | said
        wanted = Terminal(app_id, term_id, serial=serial or f"SYN-{app_id}-{term_id}", state=state, **fields)
        return terminals.create(connection, wanted, self.act())

    def app_anyhow(self, connection, state):
        """Put an application on record that the platform would not take, beneath a deleted institution for instance."""
        connection.execute(insert(APPS), self._row_of_app(connection, state))
        return "hn-anyhow"

    def terminal_anyhow(self, connection, app_id, state):
        """As ``app_anyhow``, a terminal."""
        device = Terminal(app_id, "T01", "01", "SYN-ANYHOW", "none", state)
        connection.execute(insert(TERMINALS), vars(device))

    def _row_of_app(self, connection, state):
        wanted = Application("hn-anyhow", ORG, "合成应用", "hn-a", ("verify",), None, state)
        sealed = applications.seal_secret(connection, self.keys, wanted, "secret-of-app-anyhow", self.random)
        return {**vars(wanted), "scopes": "verify", "sealed_secret": sealed}

    def one_of_each(self, connection, org_code=ORG, **app):
        """Enrol an institution with one application and one terminal; return the application's id."""
        self.institution(connection, org_code)
        app_id = self.app(connection, org_code, **app).application.app_id
        self.terminal(connection, app_id)
        return app_id

    def subjects(self, org_code, app_id, term_id="T01"):
        return standing.institution(org_code), standing.application(app_id), standing.terminal(app_id, term_id)


def refusal_of(call):
    """Return the name of the refusal a call ends in, "" if it does not."""
    try:
        call()
    except RefusalError as refused:
        return refused.outcome.name
    return ""


def fresh(folder):
    """Return an enrolment on a new database in ``folder``."""
    url = sqlite_url(folder / "access.sqlite")
    engine, readers = open_engine(url), open_readers(url)
    with engine.begin() as connection:
        SCHEMA.create_all(connection)
        epoch.begin(connection)
    return Enrolment(engine, readers)
