"""Security modules of terminals: challenge, enrolment with the first key, the next key, wiping."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from reference_impl.door.access_tokens import ADMIN, AUDITOR
from reference_impl.door.api.door import ApiDoor
from reference_impl.keys import terminal_modules
from reference_impl.keys.life_cycle import find_key
from reference_impl.keys.purposes import PLATFORM_SIGNING, State
from reference_impl.keys.terminal_modules import ModuleRecord
from reference_impl.refusals import UNKNOWN_KEY, RefusalError
from reference_impl.wire.terminal_module import PROOF_BYTES, Enrolment, Proof
from reference_impl.wire.terminal_module import Injection as InjectionMessage
from reference_impl.wire.terminal_module import Succession as SuccessionMessage

_NAME = "^[A-Za-z0-9-]{1,32}$"

Name = Annotated[str, Field(pattern=_NAME)]
Serial = Annotated[str, Path(pattern=_NAME, examples=["SYN-PSAM-0001"])]


class ChallengeRequest(BaseModel):
    """For which module, in which terminal."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"serial": "SYN-PSAM-0001", "term_id": "439900T01"}}
    )

    serial: Name
    term_id: Name


class Challenge(BaseModel):
    """What the module has to sign within five minutes."""

    challenge: str = Field(description="16 bytes in hex", examples=["01a3185c50000123456789abcdef0123"])


class EnrolmentRequest(BaseModel):
    """The module's answer to its challenge; bytes are hex."""

    model_config = ConfigDict(extra="forbid")

    app_id: str = Field(pattern="^[0-9A-Za-z._-]{1,64}$", examples=["hn0123456789abcdef"])
    serial: Name
    term_id: Name
    challenge: str = Field(pattern="^[0-9a-fA-F]{32}$")
    public_key: str = Field(pattern="^[0-9a-fA-F]{130}$", description="65 bytes, uncompressed point of SM2")
    signature: str = Field(pattern="^[0-9a-fA-F]{128}$", description="64 bytes r and s")


class Module(BaseModel):
    """One module; times are Unix ms."""

    serial: str
    app_id: str
    term_id: str
    org_code: str
    key_version: int
    state: Literal["enrolled", "keyed", "wiped"]
    enrolled_ms: int
    updated_ms: int


class Modules(BaseModel):
    """The modules of an institution."""

    modules: list[Module]


class Injection(BaseModel):
    """A key for the module, encrypted for its device key and signed by the platform; bytes are hex."""

    serial: str
    version: int
    sealed_key: str
    signature: str


class Enrolled(BaseModel):
    """The module as enrolled, and its first key."""

    module: Module
    injection: Injection
    platform_public_key: str = Field(description="the platform's SM2 signing key, 65 bytes in hex")


class ProofRequest(BaseModel):
    """What passed through a module, and its proof; bytes are hex."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"version": 1, "message": "00", "mac": "00" * PROOF_BYTES}}
    )

    version: int = Field(ge=1, le=2**31 - 1, strict=True, description="version of the module's key")
    message: str = Field(pattern="^([0-9a-fA-F]{2})*$", max_length=8192)
    mac: str = Field(pattern="^[0-9a-fA-F]{64}$")


class SuccessionRequest(BaseModel):
    """Which version of the platform's signing key modules trust so far."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"trusted_version": 1}})

    trusted_version: int = Field(ge=1, le=255, strict=True)


class Succession(BaseModel):
    """The platform's present signing key, signed with the one that is trusted; bytes are hex."""

    public_key: str
    signature: str


class Wiped(BaseModel):
    """The order that makes the module destroy its key; ``signature`` is hex."""

    serial: str
    signature: str


def routes(door: ApiDoor) -> APIRouter:
    """Return the routes of terminal modules."""
    router = APIRouter(prefix="/terminal-modules", tags=["terminal modules"])
    parts = door.platform.parts

    @router.post("/challenges", status_code=201, summary="A challenge for a module to be enrolled")
    async def challenge(request: Request, body: ChallengeRequest) -> Challenge:
        door.actor(request, ADMIN)
        made = terminal_modules.make_challenge(parts.keyring, body.serial, body.term_id, door.now_ms())
        return Challenge(challenge=made.hex())

    @router.post(
        "", status_code=201, summary="Enrol a module and give it its first key", responses=door.problems(404, 409)
    )
    async def enrol(request: Request, body: EnrolmentRequest) -> Enrolled:
        actor, now = door.actor(request, ADMIN), door.now_ms()
        answer = Enrolment(
            body.serial,
            body.term_id,
            *(bytes.fromhex(text) for text in (body.challenge, body.public_key, body.signature)),
        )

        def job(connection: Connection) -> tuple[ModuleRecord, InjectionMessage]:
            terminal_modules.enrol(connection, parts.keyring, body.app_id, answer, now)
            injection = terminal_modules.inject(connection, parts.keyring, body.serial, parts.random, now)
            return terminal_modules.find_module(connection, body.serial), injection

        detail = {"serial": body.serial, "term_id": body.term_id}
        module, injection = await door.change(actor, "api.module.enrol", job, **detail)
        return Enrolled(
            module=_module(module),
            injection=_injection(injection),
            platform_public_key=parts.keyring.signing.public.hex(),
        )

    @router.post(
        "/successions",
        summary="What makes modules that trust an older signing key trust the active one",
        responses=door.problems(404),
    )
    async def succession(request: Request, body: SuccessionRequest) -> Succession:
        actor, now, trusted = door.actor(request, ADMIN), door.now_ms(), body.trusted_version

        def job(connection: Connection) -> SuccessionMessage:
            # Memory holds a version whose grace has ended until the keys change next.
            if find_key(connection, PLATFORM_SIGNING, trusted, now).state not in (State.ACTIVE, State.GRACE):
                raise RefusalError(UNKNOWN_KEY)
            return terminal_modules.succeed(parts.keyring, trusted)

        made = await door.change(actor, "api.module.succeed", job, trusted_version=trusted)
        return Succession(public_key=made.public_key.hex(), signature=made.signature.hex())

    @router.get("", summary="The modules of an institution")
    async def modules(
        request: Request, org_code: Annotated[str, Query(pattern="^[0-9A-Za-z]{1,32}$", examples=["439900000001"])]
    ) -> Modules:
        door.actor(request, ADMIN, AUDITOR)
        found = await door.read(lambda connection: terminal_modules.list_modules(connection, org_code))
        return Modules(modules=[_module(record) for record in found])

    @router.get("/{serial}", summary="One module", responses=door.problems(404))
    async def module(request: Request, serial: Serial) -> Module:
        door.actor(request, ADMIN, AUDITOR)
        return _module(await door.read(lambda connection: terminal_modules.find_module(connection, serial)))

    @router.post("/{serial}/key", status_code=201, summary="The module's next key", responses=door.problems(404, 409))
    async def next_key(request: Request, serial: Serial) -> Injection:
        actor, now = door.actor(request, ADMIN), door.now_ms()

        def job(connection: Connection) -> InjectionMessage:
            return terminal_modules.inject(connection, parts.keyring, serial, parts.random, now)

        return _injection(await door.change(actor, "api.module.key", job, serial=serial))

    @router.post(
        "/{serial}/key/repetition",
        summary="The module's present key once more, should it have missed it",
        responses=door.problems(404, 409),
    )
    async def same_key(request: Request, serial: Serial) -> Injection:
        actor = door.actor(request, ADMIN)

        def job(connection: Connection) -> InjectionMessage:
            return terminal_modules.repeat_injection(connection, parts.keyring, serial)

        return _injection(await door.change(actor, "api.module.repeat", job, serial=serial))

    @router.post(
        "/{serial}/proof", summary="Whether a message passed through the module", responses=door.problems(404, 409)
    )
    async def proof(request: Request, serial: Serial, body: ProofRequest) -> Module:
        actor = door.actor(request, ADMIN)
        shown = Proof(serial, body.version, bytes.fromhex(body.mac))

        def job(connection: Connection) -> ModuleRecord:
            return terminal_modules.check_proof(connection, parts.keyring, shown, bytes.fromhex(body.message))

        return _module(await door.change(actor, "api.module.prove", job, serial=serial))

    @router.post("/{serial}/wipe", summary="End a module for good", responses=door.problems(404, 409))
    async def wipe(request: Request, serial: Serial) -> Wiped:
        actor, now = door.actor(request, ADMIN), door.now_ms()
        order = await door.change(
            actor,
            "api.module.wipe",
            lambda connection: terminal_modules.wipe(connection, parts.keyring, serial, now),
            serial=serial,
        )
        return Wiped(serial=order.serial, signature=order.signature.hex())

    return router


def _module(record: ModuleRecord) -> Module:
    return Module(
        serial=record.serial,
        app_id=record.app_id,
        term_id=record.term_id,
        org_code=record.org_code,
        key_version=record.key_version,
        state=record.state.value,
        enrolled_ms=record.enrolled_ms,
        updated_ms=record.updated_ms,
    )


def _injection(message: InjectionMessage) -> Injection:
    return Injection(
        serial=message.serial,
        version=message.version,
        sealed_key=message.sealed_key.hex(),
        signature=message.signature.hex(),
    )
