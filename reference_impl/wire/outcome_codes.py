"""How each dialect says yes and no, from the platform's neutral three-digit codes and back.

Neutral: "000" is success, anything else a refusal. The field disagrees on everything: ``00`` is success in one gateway
and failure in another, so success is only ever the one code a row names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SUCCESS = "000"
"""The neutral code of success."""

_NEUTRAL = re.compile(r"[0-9]{3}")
_IN_MESSAGE = re.compile(r"\[([0-9]{3})\] ")


@dataclass(frozen=True)
class OutcomeCodes:
    """The codes of one dialect.

    Attributes:
        success: the one code that means success.
        failure: the one code of every refusal, the neutral code then stands in the message as ``[301] …``;
            None where the neutral code itself is the code.
    """

    success: str
    failure: str | None

    def __post_init__(self) -> None:
        if self.success == self.failure:
            raise ValueError("success and failure have one code")

    def say(self, outcome: str, message: str) -> tuple[str, str]:
        """Return code and message on the wire for a neutral code.

        Raises:
            ValueError: ``outcome`` is no neutral code, or would read as success without being it.
        """
        if outcome == SUCCESS:
            return self.success, message
        if not _NEUTRAL.fullmatch(outcome) or (self.failure is None and outcome == self.success):
            raise ValueError(f"{outcome!r} is no code of a refusal")
        if self.failure is None:
            return outcome, message
        return self.failure, f"[{outcome}] {message}"

    def hear(self, code: str, message: str) -> str:
        """Return the neutral code of an answer, "" where it does not tell one."""
        if code == self.success:
            return SUCCESS
        if self.failure is None:
            return code if _NEUTRAL.fullmatch(code) and code != SUCCESS else ""
        found = _IN_MESSAGE.match(message)
        return found[1] if found and code == self.failure and found[1] != SUCCESS else ""
