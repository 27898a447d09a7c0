"""What the fuzzing of drivers rests on."""

from tests.rigs.conftest import dialogues

__all__ = ["dialogues"]
