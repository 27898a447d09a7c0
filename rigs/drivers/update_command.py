"""A maker's update tool as a command: it is given an image, and its exit code and words tell what became of it.

Tried on: the tool of the project's emulated device; no maker's tool yet.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from rigs.bench_tables.updater import IMAGE
from rigs.errors import BenchFileError, RigError
from rigs.journal import Journal
from rigs.masked_words import masked_words
from rigs.roles.security import UpdateAnswer

CHANNEL = "updater"
_LONGEST = 300


@dataclass(frozen=True)
class Signs:
    """By what exit codes and words a tool tells one outcome; ``words`` None where the code suffices."""

    exits: tuple[int, ...]
    words: str | None = None

    def given(self, code: int, said: str) -> bool:
        """Whether an ended tool told this outcome."""
        return code in self.exits and (self.words is None or re.search(self.words, said) is not None)


@dataclass(frozen=True)
class Images:
    """Files of images.

    Attributes:
        genuine: of the firmware the device runs.
        previous: genuine and older, or None.
        others: what no device of the model may take, by what is wrong with them.
        signature_bytes: length of the signature at the end of an image, 0 where unknown.
    """

    genuine: Path
    previous: Path | None = None
    others: tuple[tuple[str, Path], ...] = ()
    signature_bytes: int = 0


class CommandUpdater:
    """Runs the tool once for each image.

    Args:
        command: program and arguments; ``{image}`` stands for the file.
        images: what the maker supplied.
        accepted: how the tool tells that an image was installed.
        refused: how it tells that one was refused.
        folder: where images to offer are written.
        journal: where each offer is recorded, with the image's SHA-256.
        timeout_s: how long the tool may take, s.

    Raises:
        BenchFileError: an image cannot be read.
    """

    def __init__(
        self,
        command: tuple[str, ...],
        images: Images,
        *,
        accepted: Signs,
        refused: Signs,
        folder: Path,
        journal: Journal,
        timeout_s: float,
    ) -> None:
        self._command = command
        self._accepted, self._refused = accepted, refused
        self._file = folder / "offered.bin"
        self._journal = journal
        self._timeout_s = timeout_s
        self.signature_bytes = images.signature_bytes
        self._genuine = _read(images.genuine)
        self._previous = None if images.previous is None else _read(images.previous)
        self._others = {what: _read(file) for what, file in images.others}

    def genuine(self) -> bytes:
        """The image of the firmware the device runs."""
        return self._genuine

    def previous(self) -> bytes | None:
        """A genuine image of an older firmware, where there is one."""
        return self._previous

    def others(self) -> dict[str, bytes]:
        """Images no device of this model may take, by what is wrong with them."""
        return self._others

    def offer(self, image: bytes) -> UpdateAnswer:
        """Offer an image to the device; ``unclear`` when the tool tells neither outcome, or does not end.

        Raises:
            RigError: the tool cannot be run.
        """
        self._file.write_bytes(image)
        digest = hashlib.sha256(image).hexdigest()
        first = self._journal.event(CHANNEL, "offered", size=len(image), sha256=digest)
        begun = time.monotonic()
        code, said = self._run()
        seconds = time.monotonic() - begun
        words = masked_words((said.strip().splitlines() or [""])[-1])[:_LONGEST]
        last = self._journal.event(CHANNEL, "tool ended", exit=code, words=words)
        return UpdateAnswer(self._outcome(code, said), words, seconds, (first, last))

    def _outcome(self, code: int | None, said: str) -> str:
        accepted, refused = (code is not None and signs.given(code, said) for signs in (self._accepted, self._refused))
        if accepted == refused:
            return "unclear"
        return "accepted" if accepted else "refused"

    def _run(self) -> tuple[int | None, str]:
        """Exit code and everything said; no code for a tool that had to be ended."""
        command = [part.replace(IMAGE, str(self._file)) for part in self._command]
        try:
            ended = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=self._timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None, f"did not end within {self._timeout_s:g} s"
        except OSError as error:
            raise RigError(
                f"the update tool cannot be run ({error.strerror})",
                where=CHANNEL,
                remedy="correct `command` in the bench file",
            ) from error
        return ended.returncode, ended.stdout.decode("utf-8", "replace")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BenchFileError(
            f"image {file} cannot be read ({error.strerror})", where="[updater]", remedy="correct its path"
        ) from error
