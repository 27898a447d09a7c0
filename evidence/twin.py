"""The redacted twin of a run: what of it may be published, under the manifest and the signatures of the run itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from evidence.chain import published
from evidence.manifest import MANIFEST, SIGNATURES, Manifest
from evidence.run_files import RunFiles, pieces

_REDACTED = ".redacted"


def redacted_name(name: str) -> str:
    """Name under which a chained file stands in the twin: ``journal.jsonl`` is ``journal.redacted.jsonl``."""
    path = PurePosixPath(name)
    return path.with_name(f"{path.stem}{_REDACTED}{path.suffix}").as_posix()


class TwinFiles:
    """The files of the twin, made from those of the full run. Signed reports are not among them.

    Args:
        files: the full run.
        manifest: its manifest.
    """

    def __init__(self, files: RunFiles, manifest: Manifest) -> None:
        self._files = files
        self._full = {redacted_name(file.name): file.name for file in manifest.files if file.publication == "redacted"}
        whole = [file.name for file in manifest.files if file.publication == "whole"]
        self.names = tuple(sorted((MANIFEST, SIGNATURES, *whole, *self._full)))

    def pieces(self, name: str) -> Iterator[bytes]:
        """Content of a file, piece by piece.

        Raises:
            UnreadableError: it cannot be read.
            DamagedError: it cannot be unpacked.
        """
        if name not in self._full:
            yield from pieces(self._files, name)
            return
        with self._files.open(self._full[name]) as stream:
            for line in stream:
                yield published(line.removesuffix(b"\n")) + b"\n"
