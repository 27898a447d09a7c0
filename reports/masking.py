"""Identity numbers never reach a page: whatever looks like one is masked on its way out."""

from __future__ import annotations

import re

_HASH_OR_IDENTITY = re.compile(
    r"(?P<hash>\b[0-9a-fA-F]{64}\b)"
    r"|(?<!\d)(?P<head>[1-9]\d{5})(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?P<tail>[\dXx])(?!\d)"
)


def masked(text: str) -> str:
    """The text with every 18-character resident identity number (GB 11643) reduced to region and check character.

    A SHA-256 value is left alone, even where its digits happen to read like a number.
    """
    return _HASH_OR_IDENTITY.sub(lambda m: m[0] if m["hash"] else f"{m['head']}***********{m['tail']}", text)
