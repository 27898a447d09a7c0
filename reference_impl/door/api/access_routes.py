"""Institutions, applications, terminals: made, found, corrected, authorised, frozen, deleted.

The administrator changes, the auditor reads too. Every change, refused ones too, is one record of the audit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import Connection

from reference_impl.access import applications, institutions, standing, terminals
from reference_impl.access.applications import Application
from reference_impl.access.institutions import Institution
from reference_impl.access.standing import Act
from reference_impl.access.terminals import Terminal
from reference_impl.door.access_tokens import ADMIN, AUDITOR
from reference_impl.door.api.access_models import (
    ApplicationBody,
    ApplicationPage,
    CorrectionBody,
    InstitutionAnswer,
    InstitutionBody,
    InstitutionPage,
    NewApplicationAnswer,
    ScopesBody,
    SecretAnswer,
    StateBody,
    TerminalAnswer,
    TerminalBody,
    TerminalPage,
    TracedApplication,
    TracedInstitution,
    TracedTerminal,
    application_fields,
    institution_fields,
    terminal_fields,
    trace_fields,
)
from reference_impl.door.api.door import ApiDoor
from reference_impl.records.audit import Entry, append, detail_text
from reference_impl.refusals import RefusalError

T = TypeVar("T")

OrgCode = Annotated[str, Path(pattern="^[0-9A-Z-]{1,22}$", examples=["439900000001"])]
AppId = Annotated[str, Path(pattern="^[0-9A-Za-z._-]{1,64}$", examples=["hn0123456789abcdef"])]
TermId = Annotated[str, Path(pattern="^[0-9A-Za-z._-]{1,64}$", examples=["439900T01"])]
After = Annotated[str, Query(pattern="^[0-9A-Za-z._-]{0,64}$", description="begin behind this one")]
Limit = Annotated[int, Query(ge=1, le=institutions.PAGE_LIMIT)]

_REGISTERED = "registered"


def routes(door: ApiDoor) -> APIRouter:
    """Return the routes of institutions, applications and terminals."""
    router = APIRouter(tags=["access"])
    _institution_routes(router, door)
    _application_routes(router, door)
    _terminal_routes(router, door)
    return router


def _told(body: StateBody) -> str:
    return detail_text({"state": body.state, "reason": body.reason})


async def change(door: ApiDoor, entry: Entry, work: Callable[[Connection], tuple[T, Entry]]) -> T:
    """Do a change and leave one record of it; ``work`` returns the result and the record as it shall be then.

    Raises:
        RefusalError: ``work`` raised it; ``entry`` with its code was left instead, and nothing else.
    """

    def job(connection: Connection) -> T | RefusalError:
        try:
            with connection.begin_nested():
                result, done = work(connection)
        except RefusalError as refused:
            append(connection, replace(entry, outcome=refused.outcome.code))
            return refused
        append(connection, done)
        return result

    result = await door.write(job)
    if isinstance(result, RefusalError):
        raise result
    return result


def _institution_routes(router: APIRouter, door: ApiDoor) -> None:
    @router.post(
        "/institutions", status_code=HTTPStatus.CREATED, responses=door.problems(409), summary="Register an institution"
    )
    async def create_institution(request: Request, body: InstitutionBody) -> InstitutionAnswer:
        act = Act(door.actor(request, ADMIN), door.now_ms(), _REGISTERED)
        parts = door.platform.parts
        entry = Entry(act.at_ms, "api.institutions.create", actor=act.actor)

        def work(connection: Connection) -> tuple[Institution, Entry]:
            wanted = Institution(**body.model_dump())
            made = institutions.create(connection, parts.keyring, wanted, parts.random, act)
            return made, replace(entry, org_code=made.org_code)

        return InstitutionAnswer.model_validate(institution_fields(await change(door, entry, work)))

    @router.get("/institutions", summary="List institutions")
    async def list_institutions(request: Request, after: After = "", limit: Limit = 50) -> InstitutionPage:
        door.actor(request, ADMIN, AUDITOR)
        found = await door.read(lambda connection: institutions.page(connection, after, limit + 1))
        shown = [institution_fields(institution) for institution in found[:limit]]
        return InstitutionPage.model_validate(
            {"institutions": shown, "next": found[limit - 1].org_code if len(found) > limit else None}
        )

    def traced(connection: Connection, org_code: str) -> TracedInstitution:
        found = institution_fields(institutions.find(connection, org_code))
        trace = standing.trace(connection, standing.institution(org_code))
        return TracedInstitution.model_validate({**found, "trace": trace_fields(trace)})

    @router.get("/institutions/{org_code}", responses=door.problems(404), summary="Show an institution and its trace")
    async def show_institution(request: Request, org_code: OrgCode) -> TracedInstitution:
        door.actor(request, ADMIN, AUDITOR)
        return await door.read(lambda connection: traced(connection, org_code))

    @router.patch("/institutions/{org_code}", responses=door.problems(404, 409), summary="Correct an institution")
    async def correct_institution(request: Request, org_code: OrgCode, body: CorrectionBody) -> TracedInstitution:
        actor = door.actor(request, ADMIN)
        said = body.model_dump(exclude_none=True)
        entry = Entry(
            door.now_ms(),
            "api.institutions.correct",
            org_code,
            actor=actor,
            detail=detail_text({"fields": " ".join(said)}),
        )

        def work(connection: Connection) -> tuple[TracedInstitution, Entry]:
            institutions.correct(connection, replace(institutions.find(connection, org_code), **said))
            return traced(connection, org_code), entry

        return await change(door, entry, work)

    @router.post(
        "/institutions/{org_code}/state",
        responses=door.problems(404, 409),
        summary="Authorise, freeze or delete an institution",
    )
    async def set_institution_state(request: Request, org_code: OrgCode, body: StateBody) -> TracedInstitution:
        act = Act(door.actor(request, ADMIN), door.now_ms(), body.reason)
        entry = Entry(act.at_ms, "api.institutions.state", org_code, actor=act.actor, detail=_told(body))

        def work(connection: Connection) -> tuple[TracedInstitution, Entry]:
            standing.change(connection, standing.institution(org_code), body.state, act)
            return traced(connection, org_code), entry

        return await change(door, entry, work)


def _application_routes(router: APIRouter, door: ApiDoor) -> None:
    @router.post(
        "/institutions/{org_code}/apps",
        status_code=HTTPStatus.CREATED,
        responses=door.problems(404, 409),
        summary="Make an application and tell its secret",
    )
    async def create_app(request: Request, org_code: OrgCode, body: ApplicationBody) -> NewApplicationAnswer:
        act = Act(door.actor(request, ADMIN), door.now_ms(), _REGISTERED)
        parts = door.platform.parts
        entry = Entry(act.at_ms, "api.apps.create", org_code, actor=act.actor)
        key = None if body.public_key is None else bytes.fromhex(body.public_key)
        wanted = Application("", org_code, body.name, body.dialect, tuple(body.scopes or ()), key)

        def work(connection: Connection) -> tuple[NewApplicationAnswer, Entry]:
            made = applications.create(connection, parts.keyring, wanted, parts.random, act)
            fields = {**application_fields(made.application), "app_secret": made.secret}
            return NewApplicationAnswer.model_validate(fields), replace(entry, app_id=made.application.app_id)

        return await change(door, entry, work)

    @router.get(
        "/institutions/{org_code}/apps", responses=door.problems(404), summary="List an institution's applications"
    )
    async def list_apps(request: Request, org_code: OrgCode, after: After = "", limit: Limit = 50) -> ApplicationPage:
        door.actor(request, ADMIN, AUDITOR)
        found = await door.read(lambda connection: applications.page(connection, org_code, after, limit + 1))
        shown = [application_fields(application) for application in found[:limit]]
        return ApplicationPage.model_validate(
            {"apps": shown, "next": found[limit - 1].app_id if len(found) > limit else None}
        )

    def traced(connection: Connection, app_id: str) -> TracedApplication:
        found = application_fields(applications.find(connection, app_id))
        trace = standing.trace(connection, standing.application(app_id))
        return TracedApplication.model_validate({**found, "trace": trace_fields(trace)})

    @router.get("/apps/{app_id}", responses=door.problems(404), summary="Show an application and its trace")
    async def show_app(request: Request, app_id: AppId) -> TracedApplication:
        door.actor(request, ADMIN, AUDITOR)
        return await door.read(lambda connection: traced(connection, app_id))

    @router.post(
        "/apps/{app_id}/state", responses=door.problems(404, 409), summary="Authorise, freeze or delete an application"
    )
    async def set_app_state(request: Request, app_id: AppId, body: StateBody) -> TracedApplication:
        act = Act(door.actor(request, ADMIN), door.now_ms(), body.reason)
        entry = Entry(act.at_ms, "api.apps.state", app_id=app_id, actor=act.actor, detail=_told(body))

        def work(connection: Connection) -> tuple[TracedApplication, Entry]:
            standing.change(connection, standing.application(app_id), body.state, act)
            return traced(connection, app_id), entry

        return await change(door, entry, work)

    @router.put("/apps/{app_id}/scopes", responses=door.problems(404, 409), summary="Set what an application may do")
    async def set_app_scopes(request: Request, app_id: AppId, body: ScopesBody) -> TracedApplication:
        actor = door.actor(request, ADMIN)
        entry = Entry(
            door.now_ms(),
            "api.apps.scopes",
            app_id=app_id,
            actor=actor,
            detail=detail_text({"scopes": " ".join(body.scopes)}),
        )

        def work(connection: Connection) -> tuple[TracedApplication, Entry]:
            applications.set_scopes(connection, app_id, body.scopes)
            return traced(connection, app_id), entry

        return await change(door, entry, work)

    @router.post("/apps/{app_id}/secret", responses=door.problems(404, 409), summary="Replace an application's secret")
    async def replace_app_secret(request: Request, app_id: AppId) -> SecretAnswer:
        entry = Entry(door.now_ms(), "api.apps.secret", app_id=app_id, actor=door.actor(request, ADMIN))
        parts = door.platform.parts

        def work(connection: Connection) -> tuple[SecretAnswer, Entry]:
            secret = applications.replace_secret(connection, parts.keyring, app_id, parts.random)
            return SecretAnswer(app_id=app_id, app_secret=secret), entry

        return await change(door, entry, work)


def _terminal_routes(router: APIRouter, door: ApiDoor) -> None:
    @router.post(
        "/apps/{app_id}/terminals",
        status_code=HTTPStatus.CREATED,
        responses=door.problems(404, 409),
        summary="Enrol a terminal",
    )
    async def create_terminal(request: Request, app_id: AppId, body: TerminalBody) -> TerminalAnswer:
        act = Act(door.actor(request, ADMIN), door.now_ms(), _REGISTERED)
        entry = Entry(act.at_ms, "api.terminals.create", app_id=app_id, term_id=body.term_id, actor=act.actor)
        wanted = Terminal(app_id, **body.model_dump())
        made = await change(door, entry, lambda connection: (terminals.create(connection, wanted, act), entry))
        return TerminalAnswer.model_validate(terminal_fields(made))

    @router.get("/apps/{app_id}/terminals", responses=door.problems(404), summary="List an application's terminals")
    async def list_terminals(request: Request, app_id: AppId, after: After = "", limit: Limit = 50) -> TerminalPage:
        door.actor(request, ADMIN, AUDITOR)
        found = await door.read(lambda connection: terminals.page(connection, app_id, after, limit + 1))
        shown = [terminal_fields(terminal) for terminal in found[:limit]]
        return TerminalPage.model_validate(
            {"terminals": shown, "next": found[limit - 1].term_id if len(found) > limit else None}
        )

    def traced(connection: Connection, app_id: str, term_id: str) -> TracedTerminal:
        found = terminal_fields(terminals.find(connection, app_id, term_id))
        trace = standing.trace(connection, standing.terminal(app_id, term_id))
        return TracedTerminal.model_validate({**found, "trace": trace_fields(trace)})

    @router.get(
        "/apps/{app_id}/terminals/{term_id}", responses=door.problems(404), summary="Show a terminal and its trace"
    )
    async def show_terminal(request: Request, app_id: AppId, term_id: TermId) -> TracedTerminal:
        door.actor(request, ADMIN, AUDITOR)
        return await door.read(lambda connection: traced(connection, app_id, term_id))

    @router.post(
        "/apps/{app_id}/terminals/{term_id}/state",
        responses=door.problems(404, 409),
        summary="Authorise, freeze or delete a terminal",
    )
    async def set_terminal_state(request: Request, app_id: AppId, term_id: TermId, body: StateBody) -> TracedTerminal:
        act = Act(door.actor(request, ADMIN), door.now_ms(), body.reason)
        entry = Entry(
            act.at_ms,
            "api.terminals.state",
            app_id=app_id,
            term_id=term_id,
            actor=act.actor,
            detail=_told(body),
        )

        def work(connection: Connection) -> tuple[TracedTerminal, Entry]:
            standing.change(connection, standing.terminal(app_id, term_id), body.state, act)
            return traced(connection, app_id, term_id), entry

        return await change(door, entry, work)
