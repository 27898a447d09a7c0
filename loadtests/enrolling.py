"""Applications for the dialects that the credentials lack, enrolled over the platform's own interface."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from loadtests.callers import DEFAULT_DIALECT
from loadtests.errors import GeneratorError
from loadtests.plan import LoadPlan
from reference_impl.wire import hn_s, sm2
from reference_impl.wire.registry import DIALECTS

TERMINALS = 4
"""So many terminals a further application gets."""

_TOKENS = ("admin_token", "auditor_token")
"""What opens more doors than those a load asks at."""
_SCOPES = ("issue", "code", "verify", "query", "usage")
_WAIT_S = 10.0


@contextmanager
def credentials_for(plan: LoadPlan) -> Iterator[Path]:
    """Give the credentials file of a load: the plan's, or a copy with an application more for each dialect it lacks.

    The copy holds no token and lies on no disk: it is in the memory of this process, where its own workers can read it,
    and is gone with it, however it ends.

    Raises:
        GeneratorError: the file cannot be read, or a dialect is lacking and cannot be enrolled.
    """
    try:
        document: dict[str, Any] = json.loads(plan.credentials.read_text(encoding="utf-8"))
        known = {one.get("dialect", DEFAULT_DIALECT) for one in (document, *document.get("applications", ()))}
    except (OSError, ValueError, AttributeError) as error:
        raise GeneratorError(
            f"no usable credentials ({type(error).__name__}: {error})",
            where=str(plan.credentials),
            remedy="name the file that the platform wrote, or one with app_id, app_secret and term_id",
        ) from error
    lacking = [dialect for dialect in plan.dialects if dialect not in known]
    if not lacking:
        yield plan.credentials
        return
    own = {name: value for name, value in document.items() if name not in _TOKENS}
    own["applications"] = [*document.get("applications", ()), *_enrolled(plan, document, lacking)]
    with os.fdopen(os.memfd_create("credentials"), "w", encoding="utf-8") as file:
        json.dump(own, file)
        file.flush()
        yield Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")


def _enrolled(plan: LoadPlan, document: Mapping[str, Any], dialects: Sequence[str]) -> list[dict[str, Any]]:
    where = f"{plan.target}, applications for {', '.join(dialects)}"
    if "admin_token" not in document:
        raise GeneratorError(
            "the credentials hold neither an application of that dialect nor an administrator's token",
            where=where,
            remedy="name applications under `applications` in the credentials, each with its `dialect`",
        )
    headers = {"Authorization": f"Bearer {document['admin_token']}"}
    try:
        with httpx.Client(base_url=plan.target, headers=headers, timeout=_WAIT_S) as api:
            org_code = f"4399{secrets.randbelow(10**8):08d}"
            asked = {"org_code": org_code, "name": "压测合成机构", "level": "3", "kind": "hospital"}
            _post(api, "/api/v1/institutions", {**asked, "prefecture": "439900"})
            _authorise(api, f"institutions/{org_code}")
            return [_application(api, org_code, dialect) for dialect in dialects]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise GeneratorError(
            f"no application could be enrolled ({error})",
            where=where,
            remedy="see that the platform answers and that the administrator's token is good",
        ) from error


def _application(api: httpx.Client, org_code: str, dialect: str) -> dict[str, Any]:
    body: dict[str, Any] = {"name": "压测合成应用", "dialect": dialect, "scopes": list(_SCOPES)}
    pair = sm2.generate() if dialect == hn_s.NAME else None
    if pair is not None:
        body["public_key"] = pair.public.hex()
    made = _post(api, f"/api/v1/institutions/{org_code}/apps", body)
    app_id = made["app_id"]
    _authorise(api, f"apps/{app_id}")
    # A dialect that names no terminal speaks for the one its application has.
    count = TERMINALS if DIALECTS[dialect].terminal else 1
    terminals = [f"L{org_code[-6:]}{secrets.randbelow(10**6):06d}{number}" for number in range(count)]
    for term_id in terminals:
        told = {"term_id": term_id, "terminal_type": "01", "serial": f"SYN-{term_id}", "filing_number": "none"}
        _post(api, f"/api/v1/apps/{app_id}/terminals", told)
        _authorise(api, f"apps/{app_id}/terminals/{term_id}")
    return {
        "dialect": dialect,
        "app_id": app_id,
        "app_secret": made["app_secret"],
        "terminals": terminals,
        "sm2_private": "" if pair is None else pair.private.hex(),
    }


def _authorise(api: httpx.Client, subject: str) -> None:
    _post(api, f"/api/v1/{subject}/state", {"state": "authorised", "reason": "enrolled for a load"})


def _post(api: httpx.Client, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answer = api.post(path, json=body)
    answer.raise_for_status()
    said: dict[str, Any] = answer.json()
    return said
