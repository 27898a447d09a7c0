"""Applications of every dialect, enrolled at a served platform through its API and asking over HTTP."""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from reference_impl.wire.errors import UnsealedRefusalError, UnsupportedError
from reference_impl.wire.exchange import Client, Credentials, HttpAnswer, Response, Sent
from reference_impl.wire.registry import DIALECTS, Caller, client
from reference_impl.wire.sm2 import KeyPair, generate

KEYS: KeyPair = generate(secrets.token_bytes)
SCOPES = ("issue", "code", "verify", "query", "link", "record", "usage")


def end_of(dialect: str, credentials: Credentials) -> Client:
    """The caller's end of a dialect under these credentials, whichever dialect they were made for."""
    return client(dialect, Caller(credentials, secrets.token_bytes, KEYS.private, "90003"))


@dataclass
class Desk:
    """One application of one dialect, at its one terminal."""

    dialect: str
    credentials: Credentials = field(repr=False)
    http: httpx.Client
    _stamped: int = 0

    @property
    def end(self) -> Client:
        return end_of(self.dialect, self.credentials)

    def with_secret(self, secret: str) -> Desk:
        return dataclasses.replace(self, credentials=dataclasses.replace(self.credentials, app_secret=secret))

    def now_ms(self) -> int:
        # Equal requests of one millisecond are one request in the dialects without a nonce.
        self._stamped = max(int(time.time() * 1000), self._stamped + 1)
        return self._stamped

    def speaks(self, method: str) -> bool:
        try:
            self.end.seal_call(method, {}, 0)
        except UnsupportedError:
            return False
        return True

    def sealed(self, method: str, biz: Mapping[str, str], away_ms: int = 0) -> Sent:
        return self.end.seal_call(method, biz, self.now_ms() + away_ms)

    def post(self, sent: Sent) -> HttpAnswer:
        asked = sent.http
        answer = self.http.post(asked.path, content=asked.body, headers={"Content-Type": asked.content_type})
        assert answer.status_code == 200
        return HttpAnswer(200, answer.headers["content-type"], answer.content)

    def opened(self, sent: Sent) -> Response:
        return self.end.open_answer(sent, self.post(sent), int(time.time() * 1000))

    def call(self, method: str, biz: Mapping[str, str]) -> Response:
        return self.opened(self.sealed(method, biz))

    def outcome(self, sent: Sent) -> str:
        """The neutral code of what a request is answered, whether the answer proves anything or not."""
        try:
            return self.opened(sent).outcome
        except UnsealedRefusalError as refused:
            return DIALECTS[self.dialect].codes.hear(refused.code, refused.message)

    def refused(self, method: str, biz: Mapping[str, str]) -> str:
        return self.outcome(self.sealed(method, biz))


class Desks:
    """Enrols applications, each dialect's when it is first asked for, at one institution."""

    def __init__(self, http: httpx.Client, admin_token: str) -> None:
        self.http = http
        self._headers = {"Authorization": f"Bearer {admin_token}"}
        self._made: dict[str, Desk] = {}
        self.org_code = "439900000077"
        self.institution(self.org_code)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.http.post(f"/api/v1{path}", json=body, headers=self._headers)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, path: str, token: str) -> httpx.Response:
        return self.http.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})

    def authorise(self, path: str) -> None:
        self.post(f"{path}/state", state="authorised", reason="合同已签")

    def institution(self, org_code: str, **said: str) -> None:
        usual = {"name": "合成方言医院", "level": "2", "kind": "hospital", "prefecture": "439902"}
        self.post("/institutions", org_code=org_code, **(usual | said))
        self.authorise(f"/institutions/{org_code}")

    def enrol(self, dialect: str, scopes: tuple[str, ...] = SCOPES) -> Desk:
        key = {"public_key": KEYS.public.hex()} if dialect == "hn-s" else {}
        made = self.post(f"/institutions/{self.org_code}/apps", name="方言应用", dialect=dialect, scopes=scopes, **key)
        app_id = made["app_id"]
        self.authorise(f"/apps/{app_id}")
        self.enrol_terminal(app_id, "T01")
        return Desk(dialect, Credentials(app_id, made["app_secret"], "T01", KEYS.public), self.http)

    def enrol_terminal(self, app_id: str, term_id: str) -> None:
        device = {"term_id": term_id, "serial": f"SYN-{app_id}-{term_id}", "filing_number": "湘卡备-2019-001"}
        self.post(f"/apps/{app_id}/terminals", terminal_type="01", **device)
        self.authorise(f"/apps/{app_id}/terminals/{term_id}")

    def __getitem__(self, dialect: str) -> Desk:
        if dialect not in self._made:
            self._made[dialect] = self.enrol(dialect)
        return self._made[dialect]

    def speaking(self, dialect: str, method: str) -> Desk:
        """The dialect's own application, or that of hn-a for what the dialect has no words for."""
        desk = self[dialect]
        return desk if desk.speaks(method) else self["hn-a"]
