"""``manifest.json``: every file of a run with its digest, and the heads of its chains. Signatures are made over it."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from evidence.chain import CHAIN, Chain
from evidence.redaction import HIDDEN_IN

SCHEMA = 1
MANIFEST, SIGNATURES = "manifest.json", "manifest.sig"
CHAINED = tuple(HIDDEN_IN)
"""Files of a run that are chained."""
Publication = Literal["whole", "redacted", "withheld"]
WHOLE = ("run.json", "verdicts.json", "catalogue.json", "waivers/*")
"""Files a publication has as they are; the chained ones it has redacted, and no other."""
UNLISTED = re.compile(r"manifest\.(json|sig)|running\.lock|(report|certificate)-[^/]+\.pdf(\.sig)?")
"""Files the manifest cannot list: itself, what is signed and added after it, and the hold on the folder."""
_HEX = re.compile(r"[0-9a-f]{64}")


class ManifestError(Exception):
    """A manifest is missing, or is none.

    Attributes:
        what: what is wrong with it, in a few words.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True)
class ListedFile:
    """A file of the run.

    Attributes:
        name: path within the folder, parts joined by ``/``.
        size: bytes.
        sm3: SM3 of its bytes, hex.
        publication: whether a publication has it whole, redacted, or not at all.
    """

    name: str
    size: int
    sm3: str
    publication: Publication


@dataclass(frozen=True)
class ChainHead:
    """How a chained file ends: number of its lines, chain value of the last one in hex."""

    records: int
    head: str


@dataclass(frozen=True)
class Manifest:
    """The manifest.

    Attributes:
        run: name of the run.
        made: when it was written, ISO 8601 with zone.
        files: every file, sorted by name.
        chains: heads of the chained files, by name.
    """

    run: str
    made: str
    files: tuple[ListedFile, ...]
    chains: Mapping[str, ChainHead]

    def encoded(self) -> bytes:
        """The one way a manifest is written."""
        content = {
            "schema": SCHEMA,
            "run": self.run,
            "made": self.made,
            "files": [asdict(file) for file in self.files],
            "chains": {name: asdict(head) for name, head in self.chains.items()},
        }
        return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def write_manifest(folder: Path, run: str, made: datetime | None = None) -> Manifest:
    """Write the manifest of a run in a single step that a power cut leaves done or undone.

    Args:
        folder: the run's folder, in which nobody writes any more.
        run: name of the run.
        made: the time it tells; now, unless given.

    Raises:
        OSError: a file cannot be read, or the manifest not be written; an earlier one is as it was.
    """
    moment = datetime.now(UTC).astimezone() if made is None else made
    files = tuple(_listed(folder, name) for name in listed_names(folder))
    manifest = Manifest(run, moment.isoformat(timespec="seconds"), files, chain_heads(folder))
    partial = folder / f".{MANIFEST}.{os.getpid()}"
    try:
        with partial.open("wb") as file:
            file.write(manifest.encoded())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / MANIFEST)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run.

    Raises:
        ManifestError: there is none, or it is none.
    """
    try:
        data = (folder / MANIFEST).read_bytes()
    except FileNotFoundError as error:
        raise ManifestError("is missing") from error
    except OSError as error:
        raise ManifestError(f"cannot be read ({error.strerror})") from error
    return parsed_manifest(data)


def parsed_manifest(data: bytes) -> Manifest:
    """The manifest some bytes are.

    Raises:
        ManifestError: they are none, or not written the one way a manifest is written.
    """
    try:
        content = json.loads(data.decode())
        if content["schema"] != SCHEMA:
            raise ManifestError(f"has schema {content['schema']!r}, this version reads {SCHEMA}")
        manifest = Manifest(
            content["run"],
            content["made"],
            tuple(ListedFile(**file) for file in content["files"]),
            {name: ChainHead(**head) for name, head in content["chains"].items()},
        )
        same = manifest.encoded() == data and _sound(manifest)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ManifestError("is no manifest") from error
    if not same:
        raise ManifestError("is not written as a manifest is written")
    return manifest


def chain_heads(folder: Path) -> dict[str, ChainHead]:
    """How the chained files of a folder end, as they themselves tell it: no line but the last is looked at.

    Raises:
        ValueError: a file does not end in a chained line.
    """
    return {name: _head(folder / name) for name in CHAINED if (folder / name).is_file()}


def listed_names(folder: Path) -> list[str]:
    """Names of the plain files of a folder a manifest lists, sorted by code point; a link is none."""
    return sorted(name for name in _names(folder) if not UNLISTED.fullmatch(name))


def publication(name: str) -> Publication:
    """How a publication has a file."""
    if name in CHAINED:
        return "redacted"
    return "whole" if any(fnmatchcase(name, pattern) for pattern in WHOLE) else "withheld"


def _names(folder: Path) -> Iterator[str]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place) / name
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(folder).as_posix()


def _listed(folder: Path, name: str) -> ListedFile:
    with (folder / name).open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.new("sm3")).hexdigest()
        return ListedFile(name, file.tell(), digest, publication(name))


def _head(file: Path) -> ChainHead:
    data = file.read_bytes()
    if not data:
        return ChainHead(0, Chain(file.name).head.hex())
    start = data.rfind(b"\n", 0, len(data) - 1) + 1
    try:
        return ChainHead(data.count(b"\n"), str(json.loads(data[start:])[CHAIN]))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file.name} does not end in a chained line") from error


def _sound(manifest: Manifest) -> bool:
    """Whether every part is of its kind, and the files are sorted and none is named twice."""
    names = [file.name for file in manifest.files]
    digests = [*(file.sm3 for file in manifest.files), *(head.head for head in manifest.chains.values())]
    numbers: list[Any] = [*(file.size for file in manifest.files), *(head.records for head in manifest.chains.values())]
    return (
        all(isinstance(text, str) for text in (manifest.run, manifest.made))
        and names == sorted(set(names))
        and all(_HEX.fullmatch(digest) for digest in digests)
        and all(type(number) is int and number >= 0 for number in numbers)
        and all(file.publication == publication(file.name) for file in manifest.files)
    )
