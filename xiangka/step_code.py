"""Which modules a scenario rests on: those whose steps it speaks, their fixtures, and what these import.

Found by reading the source, so that nothing has to be imported for it. Rather too many modules than too few: a step
rests on its whole module, and on every module with a fixture of a name it asks for; what another step hands it comes
with that step. Of `rigs` only the roles are
followed; what stands behind them belongs to the bench.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xiangka.scenarios import ROOT

DECIDING = tuple(
    f"certification/{name}.py" for name in ("clauses", "decision", "observations", "statistics", "verdicts")
)
"""What every verdict rests on."""
_ROOMS = ("fixtures/", "loadtests/", "steps/")
_ROLES = ("rigs/readings.py", "rigs/roles/")
_SENTENCE = re.compile(r'^@(?:given|when|then)\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', re.MULTILINE)
_FIXTURE = re.compile(r"^@pytest\.fixture\b[^\n]*\n(?:@[^\n]*\n)*(?:async )?def (\w+)", re.MULTILINE)
_SIGNATURE = re.compile(
    r"^@(?:given|when|then|pytest\.fixture)\b(?:(?!^def ).)*?^def \w+\((.*?)\)\s*(?:->|:)", re.MULTILINE | re.DOTALL
)
_ASKED = re.compile(r"(\w+)\s*:")
_IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+import\s+(\([^)]*\)|[^\n]+)|import\s+([^\n]+))", re.MULTILINE)


@dataclass(frozen=True)
class StepCode:
    """The steps of the project as their source has them.

    Attributes:
        sentences: files by the sentence of a step they define.
        fixtures: files by the name of a fixture they define.
    """

    sentences: Mapping[str, frozenset[str]]
    fixtures: Mapping[str, frozenset[str]]

    def files(self, sentences: Iterable[str]) -> frozenset[str] | None:
        """Files some sentences rest on, relative to the project; None where a sentence is nobody's step."""
        wanted: set[str] = set()
        for sentence in sentences:
            if sentence not in self.sentences:
                return None
            wanted |= self.sentences[sentence]
        found: set[str] = set()
        while wanted:
            file = wanted.pop()
            found.add(file)
            wanted |= (_imported(file) | self._asked_for(file)) - found
        return frozenset({*found, *DECIDING})

    def _asked_for(self, file: str) -> set[str]:
        """Files with the fixtures the functions of a module of steps ask for."""
        if not file.startswith(("steps/", "fixtures/")):
            return set()
        names = {name for found in _SIGNATURE.finditer(source(file)) for name in _ASKED.findall(found.group(1))}
        return {place for name in names for place in self.fixtures.get(name, ())}


@cache
def step_code() -> StepCode:
    """Read the steps of the project."""
    sentences: dict[str, set[str]] = {}
    fixtures: dict[str, set[str]] = {}
    for room in ("steps", "fixtures"):
        for path in sorted((ROOT / room).rglob("*.py")):
            file = path.relative_to(ROOT).as_posix()
            text = source(file)
            for found in _SENTENCE.finditer(text):
                sentences.setdefault(ast.literal_eval(f"({found.group(1)})"), set()).add(file)
            for name in _FIXTURE.findall(text):
                fixtures.setdefault(name, set()).add(file)
    return StepCode(_frozen(sentences), _frozen(fixtures))


def _frozen(found: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {key: frozenset(files) for key, files in found.items()}


@cache
def source(file: str) -> str:
    """Source of a module, by its path relative to the project; empty where there is none."""
    path = ROOT / file
    return path.read_text(encoding="utf-8") if path.is_file() else ""


@cache
def _imported(file: str) -> frozenset[str]:
    """Files of the project that a module imports, of those a scenario is followed into."""
    found: set[str] = set()
    for match in _IMPORT.finditer(source(file)):
        found |= {path for name in _names(match) for path in [_file_of(name)] if path is not None}
    return frozenset(path for path in found if path.startswith((*_ROOMS, *_ROLES)))


def _names(match: re.Match[str]) -> Iterator[str]:
    """Dotted names an import may mean: a module, or something in one."""
    origin, several, plain = match.groups()
    if origin is None:
        yield from (part.split(" as ")[0].strip() for part in plain.split(","))
        return
    yield origin
    for part in several.strip("()").split(","):
        yield f"{origin}.{part.split(' as ')[0].strip()}"


@cache
def _file_of(name: str) -> str | None:
    place = name.replace(".", "/")
    for path in (Path(f"{place}.py"), Path(place) / "__init__.py"):
        if (ROOT / path).is_file():
            return path.as_posix()
    return None
