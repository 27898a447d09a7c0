"""What the access routes take and give, as JSON. Times are Unix milliseconds; words are those of ``access``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from reference_impl.access.applications import Application
from reference_impl.access.institutions import Institution
from reference_impl.access.prefectures import PREFECTURES
from reference_impl.access.standing import REASON_LIMIT, Change, Standing
from reference_impl.access.terminals import Terminal
from reference_impl.wire.registry import DIALECTS

Level = Literal["1", "2", "3", "township", "community", "village", "other"]
Kind = Literal["hospital", "primary-care", "public-health", "online-service", "bank", "insurance", "other"]
Ownership = Literal["public", "private"]
Scope = Literal["issue", "code", "verify", "query", "link", "record", "usage", "org"]
DialectName = Annotated[str, Field(json_schema_extra={"enum": list(DIALECTS)})]
TerminalType = Literal["01", "02", "99"]

# ASCII, Chinese and what stands between Chinese words: all of it printable, and a pattern that a client can know.
_WORDS = "!-~·\u3001-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff5e"
_NAME = f"^[{_WORDS}]([ {_WORDS}]*[{_WORDS}])?$"
_ORG_CODE = "^(4399[0-9]{8}|[0-9A-Z]{8}-?[0-9X]|[0-9A-Z]{18}|[0-9A-Z]{22})$"
_PREFECTURE = "^(" + "|".join(PREFECTURES) + "|4399[0-9]{2})$"

_ORG: dict[str, Any] = {
    "org_code": "439900000002",
    "name": "合成第二医院",
    "level": "2",
    "kind": "hospital",
    "prefecture": "439902",
    "ownership": "public",
}
_APP: dict[str, Any] = {"name": "门诊系统", "dialect": "hn-a", "scopes": ["issue", "code", "verify", "query"]}
_DEVICE: dict[str, Any] = {
    "term_id": "439902T01",
    "terminal_type": "01",
    "serial": "SYN-0001",
    "filing_number": "湘卡备-2019-001",
}


class Body(BaseModel):
    """What is sent; a field that is not known is an error, for it was meant to say something."""

    model_config = ConfigDict(extra="forbid")


class InstitutionBody(Body):
    """An institution to register: its code per GB 32100, GB 11714 or WS 218, or 12 synthetic digits."""

    model_config = ConfigDict(json_schema_extra={"example": _ORG})

    org_code: str = Field(pattern=_ORG_CODE)
    name: str = Field(pattern=_NAME, max_length=128)
    level: Level
    kind: Kind
    prefecture: str = Field(pattern=_PREFECTURE, description="GB/T 2260; 4399xx is synthetic")
    ownership: Ownership = Field(default="public", description="the share of visits is counted of public hospitals")


class CorrectionBody(Body):
    """What is to be put right; what is not said stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "合成第二人民医院"}})

    name: str | None = Field(default=None, pattern=_NAME, max_length=128)
    level: Level | None = None
    kind: Kind | None = None
    prefecture: str | None = Field(default=None, pattern=_PREFECTURE)
    ownership: Ownership | None = None


class StateBody(Body):
    """Where something shall stand, and why."""

    model_config = ConfigDict(json_schema_extra={"example": {"state": "authorised", "reason": "合同已签"}})

    state: Standing
    reason: str = Field(pattern=_NAME, max_length=REASON_LIMIT)


class ApplicationBody(Body):
    """An application to make; without ``scopes`` it gets those of its institution's kind and level."""

    model_config = ConfigDict(json_schema_extra={"example": _APP})

    name: str = Field(pattern=_NAME, max_length=128)
    dialect: DialectName = "hn-a"
    scopes: list[Scope] | None = Field(default=None, min_length=1, max_length=16)
    public_key: str | None = Field(
        default=None, pattern="^04[0-9a-f]{128}$", description="SM2, hex; for the dialect hn-s and no other"
    )


class ScopesBody(Body):
    """All that an application shall be allowed."""

    model_config = ConfigDict(json_schema_extra={"example": {"scopes": ["verify", "usage"]}})

    scopes: list[Scope] = Field(min_length=1, max_length=16)


class TerminalBody(Body):
    """A terminal to enrol."""

    model_config = ConfigDict(json_schema_extra={"example": _DEVICE})

    term_id: str = Field(pattern="^[A-Za-z0-9._-]{1,32}$")
    terminal_type: TerminalType = Field(description="01 window, 02 self-service, 99 other")
    serial: str = Field(pattern="^[!-~]{1,64}$", description="the maker's; unique across the platform")
    filing_number: str = Field(pattern="^[0-9A-Za-z\u4e00-\u9fff][0-9A-Za-z\u4e00-\u9fff_()（）〔〕./-]{0,63}$")


class ChangeAnswer(BaseModel):
    """One line of a trace; ``old_state`` is "" for the first."""

    old_state: str
    new_state: Standing
    reason: str
    actor: str
    at_ms: int


class InstitutionAnswer(BaseModel):
    """An institution on record."""

    model_config = ConfigDict(json_schema_extra={"example": {**_ORG, "state": "applied"}})

    org_code: str
    name: str
    level: Level
    kind: Kind
    prefecture: str
    ownership: Ownership
    state: Standing


class TracedInstitution(InstitutionAnswer):
    """An institution with its latest changes, the latest first."""

    trace: list[ChangeAnswer]


class InstitutionPage(BaseModel):
    """Some institutions in order of their codes; ``next`` is what ``after`` must say to go on, null at the end."""

    institutions: list[InstitutionAnswer]
    next: str | None


class ApplicationAnswer(BaseModel):
    """An application on record; its secret is not told again."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "app_id": "hn0123456789abcdef",
                "org_code": "439900000002",
                **_APP,
                "public_key": None,
                "state": "applied",
            }
        }
    )

    app_id: str
    org_code: str
    name: str
    dialect: DialectName
    scopes: list[Scope]
    public_key: str | None
    state: Standing


class TracedApplication(ApplicationAnswer):
    """An application with its latest changes, the latest first."""

    trace: list[ChangeAnswer]


class NewApplicationAnswer(ApplicationAnswer):
    """A new application with its secret, which is told here and nowhere else."""

    app_secret: str


class SecretAnswer(BaseModel):
    """The new secret of an application, told here and nowhere else."""

    app_id: str
    app_secret: str


class ApplicationPage(BaseModel):
    """Some applications of an institution in order of their ids; ``next`` as for institutions."""

    apps: list[ApplicationAnswer]
    next: str | None


class TerminalAnswer(BaseModel):
    """A terminal on record."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"app_id": "hn0123456789abcdef", **_DEVICE, "state": "applied"}}
    )

    app_id: str
    term_id: str
    terminal_type: TerminalType
    serial: str
    filing_number: str
    state: Standing


class TracedTerminal(TerminalAnswer):
    """A terminal with its latest changes, the latest first."""

    trace: list[ChangeAnswer]


class TerminalPage(BaseModel):
    """Some terminals of an application in order of their names; ``next`` as for institutions."""

    terminals: list[TerminalAnswer]
    next: str | None


def institution_fields(institution: Institution) -> dict[str, object]:
    """Return the fields of an ``InstitutionAnswer``."""
    return dict(vars(institution))


def application_fields(application: Application) -> dict[str, object]:
    """Return the fields of an ``ApplicationAnswer``."""
    key = application.public_key
    return {**vars(application), "public_key": None if key is None else key.hex()}


def terminal_fields(terminal: Terminal) -> dict[str, object]:
    """Return the fields of a ``TerminalAnswer``."""
    return dict(vars(terminal))


def trace_fields(trace: list[Change]) -> list[dict[str, object]]:
    """Return the fields of a list of ``ChangeAnswer``."""
    return [dict(vars(change)) for change in trace]
