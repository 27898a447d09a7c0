"""The one way a document of a run is written, so that what is derived again can be the same byte for byte, and read."""

from __future__ import annotations

import json
from typing import Any


def json_text(content: dict[str, Any]) -> str:
    """A document as JSON, indented by one blank, with a line feed at its end."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def json_value(text: str | bytes) -> Any:
    """What some JSON says.

    Raises:
        ValueError: it is none, or nested more deeply than anything a run writes.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise json.JSONDecodeError("it is nested too deeply", "", 0) from error
