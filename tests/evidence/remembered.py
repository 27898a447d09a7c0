"""The verifier's answers about bytes it has seen before, so that every flip of a larger run can be looked for.

A flip changes one file. What the verifier says of the others, and of the signatures over a manifest that was not
changed, follows from the same bytes and would come out the same; digests and signatures of what was changed are worked
out each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from evidence import additions, examination
from tests.evidence.harm import Files, HeldFiles


@contextmanager
def remembered(files: Files) -> Iterator[None]:
    """Remember what is said of these files while they are harmed one by one."""
    known = {id(data) for data in files.values()}

    def of_a_file(ask: Callable[..., Any]) -> Callable[..., Any]:
        answers: dict[tuple[Any, ...], Any] = {}

        def answer(held: HeldFiles, name: str, *more: Any, **options: Any) -> Any:
            data = held.files[name]
            if id(data) not in known:
                return ask(held, name, *more, **options)
            key = (name, id(data), *more, *options.values())
            if key not in answers:
                answers[key] = ask(held, name, *more, **options)
            return answers[key]

        return answer

    def of_signatures(ask: Callable[..., Any]) -> Callable[..., Any]:
        answers: dict[tuple[bytes, bytes], Any] = {}

        def answer(data: bytes, written: bytes, centre: bytes | None, **options: Any) -> Any:
            if (data, written) not in sound:
                return ask(data, written, centre, **options)
            if (data, written) not in answers:
                answers[data, written] = ask(data, written, centre, **options)
            return answers[data, written]

        return answer

    sound = {(data, files[beside]) for name, data in files.items() if (beside := _signatures_of(name)) in files}
    with ExitStack() as changed:
        for module, name, remembering in (
            (examination, "measured", of_a_file),
            (examination, "follow_lines", of_a_file),
            (examination, "check", of_signatures),
            (additions, "check", of_signatures),
        ):
            changed.enter_context(mock.patch.object(module, name, remembering(getattr(module, name))))
        yield


def _signatures_of(name: str) -> str:
    return "manifest.sig" if name == "manifest.json" else f"{name}.sig"
