"""One question to a platform's gateway, sealed and opened by a caller's end of its dialect."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import httpx

from certification.errors import PlanError
from certification.exit_codes import ExitCode
from reference_impl.door.methods.table import METHODS
from reference_impl.door.use import VERIFY
from reference_impl.entropy import system_entropy
from reference_impl.wire.errors import UnsealedRefusalError, UnsupportedError, WireError
from reference_impl.wire.exchange import Client, Credentials, HttpAnswer, Response, Sent
from reference_impl.wire.registry import DIALECTS, Caller, client
from rigs.errors import RigError
from rigs.platform_credentials import load_platform_credentials
from xiangka.told_answer import Told, print_answer

TIMEOUT_S = 30.0
DEFAULT_DIALECT = "hn-a"
_PREFIXES = ("", "ehc.", "ehc.ehealthcard.", "ehc.ehealthcode.")


@dataclass(frozen=True)
class Asked:
    """A question as it was typed.

    Attributes:
        method: neutral name, or what follows ``ehc.``, ``ehc.ehealthcard.`` or ``ehc.ehealthcode.``.
        fields: business fields by their neutral names.
        credentials: JSON file: app_id, app_secret, term_id; url and dialect unless the two below are given; for
            ``hn-s`` private_key (64 hex characters), for ``wechat`` hospital_id.
        dialect: of the application; None for what the credentials say.
        target: where the platform is; None for what the credentials say.
        ca: certificates to trust; None for those of this machine.
    """

    method: str
    fields: Mapping[str, str] = field(repr=False)
    credentials: Path
    dialect: str | None = None
    target: str | None = None
    ca: Path | None = None


def ask_platform(asked: Asked, *, as_json: bool, show: bool) -> int:
    """Ask, and print what came of it; exit 0 for success and 1 for a refusal. ``show`` leaves identity numbers whole.

    Raises:
        PlanError: dialect, method or address cannot be used.
        BenchFileError: the credentials cannot be used.
        RigError: nobody answers, or not in this dialect.
    """
    proof = load_platform_credentials(asked.credentials).institution
    beside = json.loads(asked.credentials.read_text(encoding="utf-8"))
    dialect = asked.dialect or str(beside.get("dialect", DEFAULT_DIALECT))
    url = asked.target or str(beside.get("url", ""))
    end = _end(dialect, proof, beside, asked.credentials)
    method = full_name(asked.method)
    try:
        sent = end.seal_call(method, asked.fields, _now_ms())
    except UnsupportedError as error:
        raise PlanError(
            f"{dialect} has no such method", where=method, remedy="docs/dialects.md names the methods of each dialect"
        ) from error
    answer = _send(url.rstrip("/") + sent.http.path, sent, asked.ca)
    told = _opened(end, sent, answer, dialect, method, url)
    print_answer(told, as_json=as_json, show=show)
    return int(ExitCode.PASSED if told.success else ExitCode.FAILED)


def full_name(name: str) -> str:
    """Return the neutral name a short one stands for; a name nobody knows is asked as it is."""
    known = {*METHODS, VERIFY}
    return next((prefix + name for prefix in _PREFIXES if prefix + name in known), name)


def _end(dialect: str, proof: Credentials, beside: Mapping[str, object], file: Path) -> Client:
    if dialect not in DIALECTS:
        raise PlanError(
            f"there is no dialect {dialect}", where="--dialect", remedy=f"name one of {', '.join(DIALECTS)}"
        )
    try:
        private_key = bytes.fromhex(str(beside.get("private_key", "")))
        hospital_id = str(beside.get("hospital_id", ""))
        return client(dialect, Caller(proof, system_entropy, private_key, hospital_id))
    except ValueError as error:
        raise PlanError(
            "these credentials cannot speak this dialect",
            where=f"{file}, {dialect}",
            remedy="give app_secret 16 bytes or more, and for hn-s the application's private_key",
        ) from error


def _send(address: str, sent: Sent, ca: Path | None) -> HttpAnswer:
    try:
        trust = ssl.create_default_context(cafile=None if ca is None else str(ca))
        with httpx.Client(verify=trust, trust_env=False, timeout=TIMEOUT_S) as http:
            said = http.post(
                address, content=sent.http.body, headers={"Content-Type": sent.http.content_type, **sent.http.headers}
            )
    except httpx.UnsupportedProtocol as error:
        raise PlanError(
            "no address of a platform", where="--target", remedy="give http://HOST:PORT, or credentials with a url"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise RigError(
            f"no answer ({type(error).__name__})", where=address, remedy="start the platform, or correct --target"
        ) from error
    return HttpAnswer(said.status_code, said.headers.get("content-type", ""), said.content)


def _opened(end: Client, sent: Sent, answer: HttpAnswer, dialect: str, method: str, url: str) -> Told:
    if answer.status != HTTPStatus.OK:
        code, detail = _problem(answer)
        return Told(method, dialect, url, False, code, "", detail, signed=False)
    try:
        response: Response = end.open_answer(sent, answer, _now_ms())
    except UnsealedRefusalError as refused:
        outcome = DIALECTS[dialect].codes.hear(refused.code, refused.message)
        return Told(method, dialect, url, False, refused.code, outcome, refused.message, signed=False)
    except WireError as error:
        raise RigError(
            f"answered something that is not {dialect} ({error})",
            where=url,
            remedy="check the address, the dialect of the application, and the clocks of both machines",
        ) from error
    return Told(
        method, dialect, url, response.success, response.code, response.outcome, response.message, biz=response.biz
    )


def _problem(answer: HttpAnswer) -> tuple[str, str]:
    """Return code and detail of an answer that came instead of the dialect's."""
    try:
        problem = json.loads(answer.body)
        return f"HTTP {answer.status} {problem['code']}", str(problem.get("detail") or problem["title"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status}", HTTPStatus(answer.status).phrase


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
