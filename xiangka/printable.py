"""Names somebody else has chosen, as they can be written on a terminal or into JSON."""

from __future__ import annotations


def writable(text: str) -> str:
    """Names of files are bytes to the system; those that are no UTF-8 are told by escapes that JSON has too."""
    return text.encode(errors="backslashreplace").decode()


def printable(line: str) -> str:
    """A line no terminal takes orders from."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in writable(line))
