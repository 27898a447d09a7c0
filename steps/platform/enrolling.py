"""Institutions enrolled for a scenario, through the platform's administration: with an application and terminals."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from itertools import count

import pytest

from fixtures.run import Run
from reference_impl.wire.envelope import Credentials
from rigs.roles import AppAccess, PlatformAdmin
from steps.platform.asking import told

AUTHORISED = "authorised"
_CODES = 10**8
"""Synthetic institution codes: 4399 and eight digits."""


class Enrolment:
    """Enrols institutions under codes that begin with the moment, so that no run meets those of an earlier one.

    Args:
        admin: the platform's administration.
    """

    def __init__(self, admin: PlatformAdmin) -> None:
        self._admin = admin
        first = time.time_ns() // 10_000_000
        self._numbers: Iterator[int] = count(first)

    def institution(self, level: str, kind: str, scopes: Sequence[str], waiting: Collection[str] = ()) -> AppAccess:
        """An institution with an application and one terminal, all authorised but for those left ``waiting``.

        Args:
            level: of the institution.
            kind: of the institution.
            scopes: what the application may ask for.
            waiting: any of org, app, terminal, left as they are when they have just applied.
        """
        org_code = self.org_code()
        asked = {"org_code": org_code, "name": f"合成机构{org_code[-6:]}", "level": level, "kind": kind}
        self._admin.tell("POST", "/api/v1/institutions", {**asked, "prefecture": "439900"})
        body = {"name": "合成应用", "dialect": "hn-a", "scopes": list(scopes)}
        made = self._admin.tell("POST", f"/api/v1/institutions/{org_code}/apps", body)
        app_id, secret = told(made, "app_id"), told(made, "app_secret")
        term_id = self.terminal(org_code, app_id)
        for part, subject in (
            ("org", f"institutions/{org_code}"),
            ("app", f"apps/{app_id}"),
            ("terminal", f"apps/{app_id}/terminals/{term_id}"),
        ):
            if part not in waiting:
                self.stand(subject, AUTHORISED)
        return AppAccess(org_code, app_id, secret, term_id)

    def org_code(self) -> str:
        """A synthetic institution code nobody has."""
        return f"4399{next(self._numbers) % _CODES:08d}"

    def terminal(self, org_code: str, app_id: str) -> str:
        """A terminal more, which has applied."""
        term_id = f"T{org_code[-6:]}{next(self._numbers) % _CODES:08d}"
        body = {"term_id": term_id, "terminal_type": "01", "serial": f"SYN-{term_id}", "filing_number": "none"}
        self._admin.tell("POST", f"/api/v1/apps/{app_id}/terminals", body)
        return term_id

    def stand(self, subject: str, *states: str) -> None:
        """Bring an institution, application or terminal, by its path, through states one after the other."""
        for state in states:
            self._admin.tell("POST", f"/api/v1/{subject}/state", {"state": state, "reason": "a test's arrangement"})


@pytest.fixture
def enrolment(run: Run) -> Enrolment:
    """Enrols institutions."""
    return Enrolment(run.bench.admin)


def sender(access: AppAccess, **changed: str) -> Credentials:
    """What an enrolled application signs with, one thing of it changed where a request shall be wrong."""
    fields = {"app_id": access.app_id, "app_secret": access.app_secret, "term_id": access.term_id, **changed}
    return Credentials(fields["app_id"], fields["app_secret"], fields["term_id"])
