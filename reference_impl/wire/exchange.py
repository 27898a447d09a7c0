"""What every dialect looks like from outside: plain records of one exchange, and the roles of its two ends.

A server receives a call (nothing is proved), looks up the credentials of who it claims to be, opens it on that
application's line (now it is authentic and fresh) and seals the answer. A client seals a call and opens its answer.
Methods, business fields and outcome codes are the neutral ones of ``vocabulary`` and ``outcome_codes`` on both ends.
The four records that every exchange makes are not frozen, which would double the time of making them; nobody changes
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

Biz = Mapping[str, str | Sequence[str]]

RandomBytes = Callable[[int], bytes]
"""Returns that many unpredictable bytes."""

Value = TypeVar("Value")

HTTP_OK = 200


@dataclass(slots=True)
class HttpRequest:
    """One request as it crosses the wire; header names are in lower case, the path has no query."""

    path: str
    content_type: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(slots=True)
class HttpAnswer:
    """One answer as it crosses the wire. A refusal has status 200 as well: the dialects say no in their own codes."""

    status: int
    content_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Credentials:
    """What one application of one institution proves itself with.

    Attributes:
        app_id: its name; each dialect says which of its fields carries it.
        app_secret: at least 16 bytes in UTF-8.
        term_id: the terminal that speaks; a server reads it from each call instead.
        public_key: 65 bytes of SM2, for the dialects that sign with it.
    """

    app_id: str
    app_secret: str = field(repr=False)
    term_id: str
    public_key: bytes = b""


@dataclass(frozen=True)
class Sender:
    """Who an envelope says it comes from: nothing is proved yet."""

    app_id: str
    term_id: str


@dataclass(slots=True)
class Call:
    """A decoded request of which nothing is proved yet.

    Attributes:
        method: neutral name; "" where it stands inside the sealed content.
        app_id: the application it claims to come from.
        term_id: the terminal it claims to come from; "" where the dialect names none.
        envelope: what the dialect decoded; only its own line reads it.
    """

    method: str
    app_id: str
    term_id: str
    envelope: Any = field(repr=False)

    @property
    def sender(self) -> Sender:
        """Who the call says it comes from."""
        return Sender(self.app_id, self.term_id)


@dataclass(slots=True)
class Request:
    """An authentic, fresh request.

    Attributes:
        method: neutral name.
        app_id: the application that sealed it.
        term_id: its terminal; "" where the dialect names none.
        timestamp_ms: Unix time in milliseconds, as the sender stamped it.
        digest: the digest, signature or nonce that makes the request the only one of its kind, as text.
        replay_key: its digest as bytes, 16 or more of which any 16 tell it from all others; a second request with it
            before ``expires_ms`` is a replay.
        expires_ms: Unix time in milliseconds from which on the timestamp alone refuses the request.
        biz: business fields by their neutral names.
    """

    method: str
    app_id: str
    term_id: str
    timestamp_ms: int
    digest: str
    replay_key: bytes = field(repr=False)
    expires_ms: int
    biz: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Sent:
    """A sealed request and what its answer must match: the neutral method, and the nonce or number it is bound to."""

    http: HttpRequest
    method: str
    bound_to: str = ""


@dataclass(frozen=True)
class Response:
    """An answer that passed every check its dialect allows.

    Attributes:
        method: neutral name of the method it answers.
        code: the dialect's own code.
        message: the dialect's own text, for people.
        timestamp_ms: Unix time in milliseconds; 0 where the dialect's answers carry none.
        success: whether ``code`` is the dialect's one success code.
        biz: business fields by their neutral names.
        outcome: neutral code, "000" for success, "" where the answer does not tell it.
    """

    method: str
    code: str
    message: str
    timestamp_ms: int
    success: bool
    biz: Biz = field(repr=False)
    outcome: str = ""


class Order(Protocol):
    """Puts fields in the order they shall be written in."""

    def __call__(self, fields: Mapping[str, Value], /) -> Mapping[str, Value]:
        """Return the same fields."""
        ...


def as_named(fields: Mapping[str, Value], /) -> Mapping[str, Value]:
    """Return the fields in the order in which they were named."""
    return fields


class Line(Protocol):
    """The server's end toward one application: built once, kept with its account, usable from several threads.

    Attributes:
        slow: whether opening takes so long, and without the interpreter's lock, that a thread of its own pays.
    """

    slow: bool

    def open(self, call: Call, now_ms: int) -> Request:
        """Prove a call authentic and fresh.

        Raises:
            WireError: MalformedError, UnsupportedError, BadDigestError; StaleTimestampError only of an authentic call.
        """
        ...

    def seal(self, call: Call, outcome: str, message: str, biz: Biz, now_ms: int) -> HttpAnswer:
        """Answer a call; ``outcome`` is the neutral three-digit code."""
        ...


class Profile(Protocol):
    """The server's end of one dialect."""

    @property
    def name(self) -> str:
        """Key of the registry."""
        ...

    def receive(self, http: HttpRequest) -> Call:
        """Decode a request as far as its sender.

        Raises:
            WireError: MalformedError, UnsupportedError.
        """
        ...

    def line(self, credentials: Credentials) -> Line:
        """Return the line to the application with these credentials.

        Raises:
            ValueError: the credentials cannot serve this dialect: the secret is too short, or a key is missing.
        """
        ...

    def refuse(self, call: Call | None, outcome: str, message: str, now_ms: int) -> HttpAnswer:
        """Answer a sender that proved nothing; ``call`` is None where not even the sender could be read.

        The answer proves nothing either. The field does not say what it answers here: reconstructed everywhere.
        """
        ...


class Client(Protocol):
    """A caller's end of one dialect."""

    def seal_call(self, method: str, biz: Mapping[str, str], now_ms: int) -> Sent:
        """Make the request for a neutral method.

        Raises:
            UnsupportedError: the dialect has no such method.
        """
        ...

    def open_answer(self, sent: Sent, answer: HttpAnswer, now_ms: int) -> Response:
        """Check that an answer is authentic as far as the dialect can tell, fresh, and to this request.

        Raises:
            WireError: as for ``Line.open``; UnsealedRefusalError for a refusal that proves nothing;
                WrongAnswerError for an answer to something else.
        """
        ...
