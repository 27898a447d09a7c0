"""Platforms that answer otherwise than their own description says: an unknown status, a field that tells nothing."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from reference_impl.access.rate_limit import Wait
from reference_impl.defects.exchanging import put
from reference_impl.platform import Platform
from reference_impl.wire.exchange import HttpAnswer, HttpRequest, Profile


def answers_undescribed(platform: Platform) -> None:
    """Answer a JSON document that was cut off with a status that is described nowhere."""
    sound = platform.gateway.answer

    async def answer(profile: Profile, http: HttpRequest, address: str) -> HttpAnswer:
        told = await sound(profile, http, address)
        cut = http.body.startswith(b"{") and not http.body.endswith(b"}")
        return replace(told, status=HTTPStatus.UNPROCESSABLE_ENTITY) if cut else told

    put(platform.gateway, "answer", answer)


class _Vague(Wait):
    @property
    def retry_after(self) -> str:
        return "later"


def vague_about_waiting(platform: Platform) -> None:
    """Tell whoever asks too often to come again, and not when."""
    gate = platform.gateway.gate
    sound = gate.admit_address

    def admit_address(address: str) -> Wait | None:
        wait = sound(address)
        return None if wait is None else _Vague(*wait)

    put(gate, "admit_address", admit_address)
