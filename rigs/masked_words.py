"""What a device, a tool or a person says, as it may be written down: no number of a person or a card. No I/O."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\d(?:[ -]?\d){10,}[Xx]?")
"""Eleven digits and more, as a telephone has, in groups or not; an identity number may end with X."""


def masked_words(text: str, *secrets: str) -> str:
    """A text with every long number, and every one of ``secrets``, masked whole.

    Times and short numbers (an error's code, a version) stay: they are what the words are kept for.
    """
    for secret in filter(None, secrets):
        text = text.replace(secret, "*" * len(secret))
    return _NUMBER.sub(lambda found: "*" * len(found[0]), text)
