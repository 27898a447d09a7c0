"""Locust users at a hospital window: a resident is registered, then codes are fetched and verified.

Every answer is checked: the card that comes back must be the one whose code was sent.
Run by ``xiangka load``, or by hand: ``XIANGKA_CREDENTIALS=… locust -f loadtests/locustfile.py --host URL``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from http import HTTPStatus
from itertools import count
from pathlib import Path
from random import Random

from locust import FastHttpUser, constant, events, task
from locust.env import Environment

from loadtests.people import registration
from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import Biz, Credentials, open_response, seal_request
from reference_impl.wire.errors import WireError

OVER_THE_LIMIT = "112"
"""What the platform answers a terminal or an application that asks more than its quota."""

_stamps = count(time.time_ns() // 1_000_000)
_seeds = count(1)
_users = count()


def _credentials() -> Credentials:
    """Return the credentials for the next user: each terminal has a quota of its own, so they take turns."""
    data = json.loads(Path(os.environ["XIANGKA_CREDENTIALS"]).read_text(encoding="utf-8"))
    terminals = data.get("terminals") or [data["term_id"]]
    return Credentials(data["app_id"], data["app_secret"], terminals[next(_users) % len(terminals)])


def _name_the_limit(environment: Environment, **_: object) -> None:
    """Say what failures are no fault: a load above the quotas measures them and nothing else."""
    over = sum(
        error.occurrences
        for error in environment.stats.errors.values()
        if str(error.error).startswith((OVER_THE_LIMIT, str(int(HTTPStatus.TOO_MANY_REQUESTS))))
    )
    if over:
        sys.stderr.write(
            f"{over} of {environment.stats.total.num_requests} requests were over the platform's limits "
            f"({OVER_THE_LIMIT}, or {HTTPStatus.TOO_MANY_REQUESTS:d} for an address): take fewer --users, name more "
            "terminals in the credentials, or serve with --quota terminal=0 --quota app=0 --quota address=0\n"
        )


events.quitting.add_listener(_name_the_limit)  # type: ignore[no-untyped-call]


class WindowUser(FastHttpUser):
    """A hospital window that does nothing but register, fetch and verify."""

    wait_time = constant(0)

    def on_start(self) -> None:
        """Nobody has come to this window yet."""
        self._credentials = _credentials()
        self._card = ""
        self._codes: list[str] = []

    def _register(self) -> None:
        """Register the resident whose codes this window will see."""
        answer = self._call("ehc.ehealthcard.register", registration(Random(next(_seeds))))  # noqa: S311 - synthetic people
        self._card = str(answer.get("ehealth_card_id", ""))

    @task
    def verify(self) -> None:
        """Verify one dynamic code; the codes are fetched a hundred at a time."""
        if not self._card:
            self._register()
        if self._card and not self._codes:
            fetched = self._call(
                "ehc.ehealthcode.generate",
                {"ehealth_card_id": self._card, "ewmbs": "0", "count": "100"},
            )
            self._codes = [str(code) for code in fetched.get("ehealth_codes", ())]
        if not self._codes:
            return
        self._call(
            "ehc.ehealthcode.verify",
            {
                "ehealth_code": self._codes.pop(),
                "medstepcode": "010101",
                "terminalcode": "01",
                "channelcode": "0100",
            },
            expect_card=self._card,
        )

    def _call(self, method: str, content: dict[str, str], expect_card: str | None = None) -> Biz:
        sealed = seal_request(HN_A, self._credentials, method, content, next(_stamps))
        with self.client.post("/gateway", json=sealed, name=method, catch_response=True) as response:
            if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                response.failure(f"{response.status_code} too many requests from this address")
                return {}
            try:
                opened = open_response(
                    HN_A, self._credentials, json.loads(response.content or b""), method, time.time_ns() // 1_000_000
                )
            except (WireError, ValueError) as error:
                response.failure(f"not an hn-a answer: {error}")
                return {}
            if not opened.success:
                response.failure(f"{opened.code} {opened.message}")
            elif expect_card is not None and opened.biz["ehealth_card_id"] != expect_card:
                response.failure("answered with another person")
            return opened.biz
