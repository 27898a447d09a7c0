"""A load as a person sees it while it is offered."""

from __future__ import annotations

from rigs.roles.load import LiveSecond


def told(second: LiveSecond) -> str:
    """A second in a line, Chinese first."""
    p95 = "—" if second.p95 is None else f"{second.p95:.0f} ms"
    zh = f"{second.t:.0f} s {second.stage}：施加 {second.offered}/s，答对 {second.ok}/s，p95 {p95}"
    zh += f"，拒绝 {second.refused}，错误 {second.errors}，发生器 {second.generator_cpu:.0%}"
    return f"{zh} · offered {second.offered}/s, right {second.ok}/s, refused {second.refused}, errors {second.errors}"
