"""A login to a PKCS#11 token (v2.40), and what keeps one from being had. Tried with SoftHSM 2.6.1."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pkcs11

from evidence.errors import SignatureError

# A token knows one login a process: a second session would be refused, and closing one would log the other out.
_ONE_LOGIN = threading.Lock()


@dataclass(frozen=True)
class TokenPlace:
    """A token: the vendor's PKCS#11 module, and the token's label."""

    module: Path
    token: str

    def __str__(self) -> str:
        return f"token {self.token} ({self.module})"


@contextmanager
def token_session(place: TokenPlace, pin: str, *, rw: bool = False) -> Iterator[pkcs11.Session]:
    """A login for as long as the block lasts.

    Raises:
        SignatureError: module, token or PIN cannot be used, or the device refuses what is asked in the block.
    """
    where = str(place)
    try:
        with _ONE_LOGIN, pkcs11.lib(str(place.module)).get_token(token_label=place.token).open(rw, pin) as session:
            yield session
    except pkcs11.NoSuchToken as error:
        raise SignatureError("there is no token of that label", "insert it, or name another one", where) from error
    except (pkcs11.PinIncorrect, pkcs11.PinLenRange, pkcs11.PinInvalid) as error:
        raise SignatureError(
            "the token refuses the PIN", "give the right one: after a few wrong ones the token locks", where
        ) from error
    except pkcs11.PinLocked as error:
        raise SignatureError("the PIN is locked", "let the token's security officer set a new one", where) from error
    except (pkcs11.PKCS11Error, RuntimeError) as error:
        raise SignatureError(
            f"the token refuses ({type(error).__name__})",
            "check the module's path, and that the device answers and offers EC keys on P-256, CKM_ECDSA and AES-GCM",
            where,
        ) from error
