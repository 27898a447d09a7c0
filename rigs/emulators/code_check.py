"""How an emulated terminal with a clock of its own checks a code: it asks the platform itself, dated by that clock."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass

from reference_impl.wire.dialects import HN_A
from reference_impl.wire.envelope import Credentials, Response, open_response, seal_request
from reference_impl.wire.errors import StaleTimestampError, UnsealedRefusalError, WireError
from rigs.platform_link import PlatformLink

METHOD = "ehc.ehealthcode.verify"
PLACE = {"medstepcode": "010101", "terminalcode": "01", "channelcode": "0100"}
SKEW_LIMIT_S = 60
CLOCK_WRONG = "终端时钟与平台不一致，请校时 · the terminal's clock differs from the platform's; set it"
NO_ANSWER = "平台无应答 · no answer from the platform"


@dataclass(frozen=True)
class Told:
    """What the terminal tells the window: ``accepted``, ``refused``, ``error`` or ``nothing``, and words."""

    outcome: str
    message: str = ""


class CheckRules:
    """A sound terminal: tells what the platform said, unless their clocks differ so much that it means nothing."""

    skew_limit_s: float = SKEW_LIMIT_S
    """How far its clock may differ from the platform's before it says so, s."""

    def clock_wrong(self) -> Told:
        """What it tells when the clocks differ."""
        return Told("error", CLOCK_WRONG)


class CodeCheck:
    """Checks codes against one platform; one at a time.

    Args:
        link: the platform.
        credentials: what the terminal signs with.
        rules: what it tells of what it learns.
    """

    def __init__(self, link: PlatformLink, credentials: Credentials, rules: CheckRules) -> None:
        self.ahead_s = 0.0
        """How far its clock is ahead of this machine's, s."""
        self._link, self._credentials, self._rules = link, credentials, rules

    def check(self, code: str) -> Told:
        """Have a code checked; whatever happens, the window is told something."""
        try:
            answer = self._asked(code)
        except StaleTimestampError:
            return self._rules.clock_wrong()
        except UnsealedRefusalError as refusal:
            return Told("error", refusal.message)
        except (WireError, OSError, http.client.HTTPException, ValueError):
            return Told("error", NO_ANSWER)
        if abs(self._now_ms() - answer.timestamp_ms) > self._rules.skew_limit_s * 1000:
            return self._rules.clock_wrong()
        return Told("accepted" if answer.success else "refused", answer.message)

    def _now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + round(self.ahead_s * 1000)

    def _asked(self, code: str) -> Response:
        fields = {"ehealth_code": code, **PLACE}
        body = json.dumps(seal_request(HN_A, self._credentials, METHOD, fields, self._now_ms())).encode()
        connection = self._link.connection()
        try:
            connection.request("POST", f"{self._link.base}/gateway", body, {"Content-Type": "application/json"})
            envelope = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return open_response(HN_A, self._credentials, envelope, METHOD, self._now_ms())
