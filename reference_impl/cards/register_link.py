"""The way to a register of persons over HTTP. The format is this project's own; no public one is known.

``POST /persons/check`` with ``{"question", "id_type", "id_no", "name"}``, all texts; the answer is status 200 with
exactly ``{"question", "answer"}``: the question's number again, and a value of ``real_name.Answer``. Whatever else
comes back, late, or not at all, is no answer.
"""

from __future__ import annotations

import logging
from time import monotonic

import httpx

from reference_impl.cards.documents import Document
from reference_impl.cards.real_name import Answer
from reference_impl.entropy import RandomBytes
from reference_impl.wire.errors import MalformedError
from reference_impl.wire.strictjson import read_object, write_object_bytes

CHECK_PATH = "/persons/check"

TIMEOUT_S = 5.0
"""Longer than any caller waits (``door.preparing``): it only gives the waiting thread back."""

LONGEST_ANSWER = 1024
QUESTION_BYTES = 16

LOG = logging.getLogger("reference_impl")

_OK = 200


class NoAnswerError(Exception):
    """The register gave no answer that can be believed; says why, without a word of whom it was asked about."""


class HttpRegister:
    """A register of persons at a URL; several threads may ask it at once.

    Args:
        url: where it answers.
        random: what the numbers of questions are drawn from.
    """

    def __init__(self, url: str, random: RandomBytes) -> None:
        # Proxies of the environment are not asked: who is asked about is nobody else's business.
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=TIMEOUT_S)
        self._random = random

    def check(self, document: Document, name: str) -> Answer:
        """Ask the register; without an answer of the agreed form it is unavailable."""
        # An answer kept by somebody in between, or meant for another question, must not let anybody in.
        question = self._random(QUESTION_BYTES).hex()
        asked = {"question": question, "id_type": document.id_type, "id_no": document.id_no, "name": name}
        try:
            return read_answer(self._ask(write_object_bytes(asked)), question)
        except NoAnswerError as error:
            # The log writes no arguments; what is said here is never a word of the register's.
            LOG.warning(f"the register of persons gave no answer: {error}")
            return Answer.UNAVAILABLE

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _ask(self, body: bytes) -> bytes:
        until = monotonic() + TIMEOUT_S
        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        try:
            with self._client.stream("POST", CHECK_PATH, content=body, headers=headers) as answer:
                if answer.status_code != _OK:
                    raise NoAnswerError(f"status {answer.status_code}")
                told = b""
                for piece in answer.iter_raw():
                    told += piece
                    # The client's own limit is for each piece, of which there could be any number.
                    if len(told) > LONGEST_ANSWER or monotonic() > until:
                        raise NoAnswerError("an answer without end")
                return told
        except httpx.HTTPError as error:
            raise NoAnswerError(type(error).__name__) from error


def read_answer(body: bytes, question: str) -> Answer:
    """Return the answer to a question.

    Raises:
        NoAnswerError: it is not of the agreed form, or to another question.
    """
    try:
        told = read_object(body, "answer")
        answer = Answer(told.get("answer"))
    except (MalformedError, ValueError) as error:
        raise NoAnswerError("not of the agreed form") from error
    if told != {"question": question, "answer": answer.value}:
        raise NoAnswerError("not to this question")
    return answer
