"""One request on its way: sealed for a terminal, sent, its answer opened and judged."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from loadtests.asking import MALFORMED, METHODS, Question, wrong_with
from loadtests.callers import Asker
from loadtests.http_line import Address, HttpReply
from reference_impl.wire.errors import UnsealedRefusalError
from reference_impl.wire.exchange import HTTP_OK, Biz, HttpAnswer, Sent
from reference_impl.wire.registry import DIALECTS

USED = "code-406"
TOO_OLD = "code-405"

_ASK_AGAIN_LATER = (429, 503)
_CODE = re.compile(r"[!-~]{1,40}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt.

    Attributes:
        at: when it was known, by ``time.perf_counter``.
        refusal: why the platform refused, "" if it did not.
        error: what else was wrong, "" for nothing.
        lost: whether no whole answer came, so that nobody knows what the request has done.
        unsure: whether an answer to an earlier attempt was lost, so that that one may have been served.
        silent: whether it was told to come again later, but not when.
        biz: business fields of an accepted answer.
    """

    at: float
    refusal: str = ""
    error: str = ""
    lost: bool = False
    unsure: bool = False
    silent: bool = False
    biz: Biz = field(default_factory=dict, repr=False)

    @property
    def accepted(self) -> bool:
        """Whether it was accepted and its answer is right."""
        return not self.refusal and not self.error


class Errand:
    """A request that is due at a moment.

    Args:
        due: when it shall leave, by ``time.perf_counter``.
        stage: the name of its stage.
        question: what it asks.
        asker: whose terminal asks.
        twin: where the other request waits that shows the same code at the same instant; None if there is none.
    """

    __slots__ = ("_sent", "asker", "body", "due", "question", "stage", "twin")

    def __init__(self, due: float, stage: str, question: Question, asker: Asker, twin: Twins | None = None) -> None:
        self.due = due
        self.stage = stage
        self.question = question
        self.asker = asker
        self.twin = twin
        self.body = b""
        self._sent: Sent | None = None

    def seal(self, address: Address, at_ms: int) -> None:
        """Make the bytes that cross the wire, stamped with a Unix time in milliseconds."""
        question = self.question
        self._sent = self.asker.client.seal_call(METHODS[question.kind], question.biz, at_ms)
        self.body = address.request_bytes(self._sent.http)

    def again(self) -> Errand:
        """Return the same errand, to be sealed anew; this one can still judge what comes late."""
        return Errand(self.due, self.stage, self.question, self.asker, self.twin)

    def judge(self, reply: HttpReply) -> Outcome:
        """Open an answer and compare it with what was asked."""
        if reply.status != HTTP_OK:
            silent = reply.status in _ASK_AGAIN_LATER and not reply.retry_after
            return Outcome(reply.at, refusal=f"http-{reply.status}", silent=silent)
        assert self._sent is not None  # noqa: S101 - nothing is answered that was not sealed and sent
        answer = HttpAnswer(reply.status, reply.content_type, reply.body)
        try:
            opened = self.asker.client.open_answer(self._sent, answer, time.time_ns() // 1_000_000)
        except UnsealedRefusalError as refused:
            code = DIALECTS[self.asker.dialect].codes.hear(refused.code, refused.message)
            return _refused(reply.at, code or refused.code)
        except Exception:
            # A WireError as a rule; but whatever it is that cannot be opened, the platform has sent it.
            return Outcome(reply.at, error=MALFORMED)
        if not opened.success:
            return _refused(reply.at, opened.outcome or opened.code)
        wrong = wrong_with(self.question, opened.biz)
        return Outcome(reply.at, error=wrong, biz=opened.biz)


def _refused(at: float, code: str) -> Outcome:
    """A refusal is counted by its code, which stands in the record: no place for whatever else a platform sends."""
    return Outcome(at, refusal=f"code-{code}") if _CODE.fullmatch(code) else Outcome(at, error=MALFORMED)


class Twins:
    """Two requests that show one dynamic code at one instant: exactly one may be accepted."""

    def __init__(self) -> None:
        self._first: tuple[Errand, Outcome] | None = None

    def settle(self, errand: Errand, outcome: Outcome) -> tuple[tuple[Errand, Outcome], ...]:
        """Take in one outcome; returns both once both are known, else nothing."""
        if self._first is None:
            self._first = (errand, outcome)
            return ()
        return self._first, (errand, outcome)


def rightly_refused(outcome: Outcome, other: Outcome) -> bool:
    """Tell whether one of two was refused as it must be: either attempt of both was accepted, or may have been."""
    return outcome.refusal == USED and (outcome.unsure or other.accepted or other.unsure)
