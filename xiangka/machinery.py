"""What every row of a run passes through: rooms of the project, libraries, and the files a bench names.

Every file of a room counts, of whatever kind, but those a part of the fingerprints tells more finely or that no verdict
can rest on. A new file counts until somebody shows that it need not.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from evidence.chain import sm3
from rigs.bench_file import BenchFile
from xiangka.scenarios import ROOT

_APART: Mapping[str, tuple[str, ...]] = {
    "certification": tuple(
        f"certification/data/{name}"
        for name in (
            *(f"{kind}.toml" for kind in ("terminal", "kiosk", "his", "platform", "load", "operations")),
            *("plans.toml", "kill_rate.json", "notice.txt"),
        )
    ),
    "fixtures": ("fixtures/subjects/", "fixtures/laboratories/"),
    "rigs": ("rigs/benches/", "rigs/emulators/", "rigs/optics/", "rigs/roles/"),
}
"""Told row by row (requirements, subjects, roles), as the bench is set, or as folders of their own."""
_ROOT_FILES = ("conftest.py", "pytest.ini")
_LOCK = "requirements.lock"
_PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)==", re.MULTILINE)


def parts(bench: BenchFile) -> list[str]:
    """Names of the parts a run on a bench passes through."""
    emulated = ["rigs/emulators", "rigs/optics"] if bench.emulated else []
    reference = ["reference_impl"] if bench.platform.reference is not None else ["reference_impl/wire"]
    load = ["loadtests"] if bench.load is not None else []
    return ["certification", "evidence", "fixtures", "rigs", "xiangka", *emulated, *reference, *load, *_ROOT_FILES]


@cache
def digest_of_part(part: str) -> str:
    """SM3 over the files of a part and their names."""
    place = ROOT / part
    files = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
    names = [path.relative_to(ROOT).as_posix() for path in files if path.suffix != ".pyc"]
    apart = _APART.get(part, ())
    told = [(name, sm3((ROOT / name).read_bytes()).hex()) for name in names if not apart or not name.startswith(apart)]
    return sm3(json.dumps(told).encode()).hex()


@cache
def libraries() -> dict[str, str]:
    """Installed versions of Python and of every library the project locks; an absent one is told as such."""
    return {"python": platform.python_version()} | {name: _installed(name) for name in _locked()}


def _locked() -> list[str]:
    lock = ROOT / _LOCK
    return sorted(_PINNED.findall(lock.read_text(encoding="utf-8"))) if lock.is_file() else []


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "absent"


def named_files(bench: BenchFile) -> dict[str, str]:
    """SHA-256 of every file the bench file names, by the path of its key; of one that is not there, no digest."""
    return dict(_named(bench, ""))


def _named(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _named(getattr(value, name), f"{key}.{name}".lstrip("."))
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _named(one, f"{key}.{name}")
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from _named(one, f"{key}.{number}")
    elif isinstance(value, Path) and value.is_file():
        with value.open("rb") as file:
            yield key, hashlib.file_digest(file, "sha256").hexdigest()
