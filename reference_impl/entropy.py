"""The one source of randomness of the platform, passed explicitly so that a test can seed it."""

from __future__ import annotations

import secrets
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]
"""Returns that many unpredictable bytes, like ``secrets.token_bytes``."""

system_entropy: RandomBytes = secrets.token_bytes
