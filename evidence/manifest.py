"""``manifest.json``: every file of a run with its digest, and the heads of its chains. Signatures are made over it.

The manifest is published with the redacted twin. So a file that is withheld stands in it with a salted digest and
without its size: neither a picture nor a text can be confirmed by guessing it. The salts stay with the run.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from evidence.chain import CHAIN, SALT_BYTES, Chain
from evidence.redaction import HIDDEN_IN
from evidence.whole_file import write_whole

SCHEMA = 1
MANIFEST, SIGNATURES = "manifest.json", "manifest.sig"
SALTS = "salts.json"
"""File of a run with the salt of every file that is withheld but itself, which tells nothing by its own digest."""
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
        publication: whether a publication has it whole, redacted, or not at all.
        size: bytes; None of a file with a salted digest.
        sm3: SM3 of its bytes, hex; None of a file with a salted digest.
        salted_sm3: SM3 of its salt and its bytes, hex; of files that are withheld, and None of any other.
    """

    name: str
    publication: Publication
    size: int | None = None
    sm3: str | None = None
    salted_sm3: str | None = None

    def as_record(self) -> dict[str, Any]:
        """It, as the manifest has it."""
        if self.salted_sm3 is not None:
            return {"name": self.name, "salted_sm3": self.salted_sm3, "publication": self.publication}
        return {"name": self.name, "size": self.size, "sm3": self.sm3, "publication": self.publication}


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
            "files": [file.as_record() for file in self.files],
            "chains": {name: asdict(head) for name, head in self.chains.items()},
        }
        return _encoded(content)


def write_manifest(folder: Path, run: str, made: datetime | None = None) -> Manifest:
    """Write the salts and then the manifest of a run, each in a single step that a power cut leaves done or undone.

    Args:
        folder: the run's folder, in which nobody writes any more.
        run: name of the run.
        made: the time it tells; now, unless given.

    Raises:
        OSError: a file cannot be read, or the manifest not be written; an earlier one is as it was.
    """
    moment = datetime.now(UTC).astimezone() if made is None else made
    names = {*listed_names(folder), SALTS}
    salted = sorted(name for name in names - {SALTS} if publication(name) == "withheld")
    salts = {name: secrets.token_bytes(SALT_BYTES) for name in salted}
    write_whole(folder / SALTS, _encoded({name: salt.hex() for name, salt in salts.items()}))
    files = tuple(_listed(folder, name, salts.get(name)) for name in sorted(names))
    manifest = Manifest(run, moment.isoformat(timespec="seconds"), files, chain_heads(folder, run))
    write_whole(folder / MANIFEST, manifest.encoded())
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


def parsed_salts(data: bytes, salted: Iterable[str]) -> dict[str, bytes]:
    """The salts that ``salts.json`` tells, by name.

    Args:
        data: the file.
        salted: names of the files that have one, sorted.

    Raises:
        ManifestError: it is not written the one way it is written, or has not one salt for each of these.
    """
    try:
        content = json.loads(data.decode())
        salts = {name: bytes.fromhex(salt) for name, salt in content.items()}
        same = _encoded({name: salt.hex() for name, salt in salts.items()}) == data
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ManifestError("is no file of salts") from error
    if not same or list(salts) != list(salted) or any(len(salt) != SALT_BYTES for salt in salts.values()):
        raise ManifestError("does not hold the salts of the files that are withheld")
    return salts


def chain_heads(folder: Path, run: str) -> dict[str, ChainHead]:
    """How the chained files of a run's folder end, as they themselves tell it: no line but the last is looked at.

    Raises:
        ValueError: a file does not end in a chained line.
    """
    return {name: _head(folder / name, run) for name in CHAINED if (folder / name).is_file()}


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


def _listed(folder: Path, name: str, salt: bytes | None) -> ListedFile:
    with (folder / name).open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.new("sm3", salt or b"")).hexdigest()
        if salt is not None:
            return ListedFile(name, publication(name), salted_sm3=digest)
        return ListedFile(name, publication(name), file.tell(), digest)


def _encoded(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _head(file: Path, run: str) -> ChainHead:
    data = file.read_bytes()
    if not data:
        return ChainHead(0, Chain(file.name, run=run).head.hex())
    start = data.rfind(b"\n", 0, len(data) - 1) + 1
    try:
        return ChainHead(data.count(b"\n"), str(json.loads(data[start:])[CHAIN]))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{file.name} does not end in a chained line") from error


def _sound(manifest: Manifest) -> bool:
    """Whether every part is of its kind, and the files are sorted and none is named twice."""
    names = [file.name for file in manifest.files]
    whole = [file for file in manifest.files if file.salted_sm3 is None]
    salted = [file for file in manifest.files if file.salted_sm3 is not None]
    digests: list[Any] = [*(file.sm3 for file in whole), *(file.salted_sm3 for file in salted)]
    digests += [head.head for head in manifest.chains.values()]
    numbers: list[Any] = [*(file.size for file in whole), *(head.records for head in manifest.chains.values())]
    return (
        all(isinstance(text, str) for text in (manifest.run, manifest.made))
        and names == sorted(set(names))
        and all(_HEX.fullmatch(digest) for digest in digests)
        and all(type(number) is int and number >= 0 for number in numbers)
        and all(file.publication == publication(file.name) for file in manifest.files)
        and all(file.publication != "withheld" or file.name == SALTS for file in whole)
        and all(file.publication == "withheld" and file.name != SALTS for file in salted)
    )
