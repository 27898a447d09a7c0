"""How a defect gets into an assembled platform: one object's method, or one method of the gateway, is exchanged."""

from __future__ import annotations

from collections.abc import Callable

from reference_impl.door.question import Method
from reference_impl.platform import Platform


def put(part: object, name: str, method: object) -> None:
    """Give one object another method than its class has."""
    setattr(part, name, method)


def wrap(platform: Platform, name: str, change: Callable[[Method], Method]) -> None:
    """Exchange one method of the gateway."""
    methods = platform.gateway.methods
    platform.gateway.methods = {**methods, name: change(methods[name])}
