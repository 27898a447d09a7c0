"""A root key that was made inside an HSM and cannot leave it, reached through PKCS#11.

Tried with SoftHSM 2.6.1. The device must offer CKM_AES_KEY_GEN and CKM_AES_GCM (PKCS#11 v2.40).
"""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, MechanismFlag, ObjectClass

from reference_impl.entropy import RandomBytes
from reference_impl.errors import PlatformError
from reference_impl.keys.root import MARK_BYTES, take_mark
from reference_impl.keys.sealing import KEY_BYTES, NONCE_BYTES

DEFAULT_KEY_LABEL = "xiangka-root"

_TAG_BITS = 128
_TEMPLATE = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.MODIFIABLE: False}
_USES = MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT

# A token knows one login a process: a second session would be refused, and closing one would log the other out.
_ONE_LOGIN = threading.Lock()


@dataclass(frozen=True)
class HsmPlace:
    """Where the root key stands: the vendor's PKCS#11 module, the token's label, the key's label.

    ``pin_file`` holds the user PIN on one line, mode 0600; it is read for every use and kept nowhere.
    """

    module: Path
    token: str
    pin_file: Path
    key: str = DEFAULT_KEY_LABEL


class HsmRoot:
    """A root key of that label in the token; several may stand there, told apart by their mark, which is the key's id.

    The database decides which of them is its root: unwrapping takes the key that wrapped.

    Args:
        place: where the keys stand.
        mark: which of them wraps; any of the label if there is no choice yet.

    Raises:
        PlatformError: module, token, PIN or key cannot be used, or the key could leave the device.
    """

    def __init__(self, place: HsmPlace, mark: bytes | None = None) -> None:
        self._place = place
        self._last: tuple[bytes, str, bytes] | None = None
        with _session(place, rw=False) as session:
            self._mark = _require_bound(_find(session, place, mark), place)

    @classmethod
    def create(cls, place: HsmPlace, random: RandomBytes) -> HsmRoot:
        """Make the first key of that label inside the token unless there is one, and return its root."""
        with _session(place, rw=True) as session:
            if not _keys(session, place, None):
                _generate(session, place, random)
        return cls(place)

    @property
    def mark(self) -> bytes:
        """The key's id in the token, given when it was made."""
        return self._mark

    def wrap(self, key: bytes, context: str, random: RandomBytes) -> bytes:
        """Wrap a 32-byte key inside the device for the place that ``context`` names.

        Raises:
            PlatformError: the device cannot be used.
        """
        nonce = random(NONCE_BYTES)
        with _session(self._place, rw=False) as session:
            root = _find(session, self._place, self._mark)
            sealed = root.encrypt(key, mechanism=Mechanism.AES_GCM, mechanism_param=_parameters(nonce, context))
        return self._mark + nonce + bytes(sealed)

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """Give back the key; what was unwrapped last is not asked of the device again.

        Raises:
            PlatformError: the device cannot be used, another root wrapped it, or it was changed or moved since.
        """
        # The keys are read anew whenever standing changes, and all they open is in memory anyway: a device that is
        # busy or away must not stop a platform that is running.
        last = self._last
        if last is None or last[:2] != (wrapped, context):
            last = (wrapped, context, self._unwrap(wrapped, context))
            self._last = last
        return last[2]

    def describe(self) -> str:
        """Name the token, the key and the mark."""
        return f"HSM token {self._place.token}, key {self._place.key} ({self._mark.hex()})"

    def stage_successor(self, random: RandomBytes) -> HsmRoot:
        """Make another key of the same label inside the token.

        Raises:
            PlatformError: the device cannot be used.
        """
        with _session(self._place, rw=True) as session:
            mark = _generate(session, self._place, random)
        return HsmRoot(self._place, mark)

    def staged_successor(self, mark: bytes) -> HsmRoot:
        """Return the key of that mark.

        Raises:
            PlatformError: the token holds none, or the device cannot be used.
        """
        return HsmRoot(self._place, mark)

    def _unwrap(self, wrapped: bytes, context: str) -> bytes:
        with _session(self._place, rw=False) as session:
            mark = wrapped[:MARK_BYTES]
            if _keys(session, self._place, mark):
                self._mark = mark
            body = take_mark(wrapped, self)
            root = _find(session, self._place, mark)
            _require_bound(root, self._place)
            parameters = _parameters(body[:NONCE_BYTES], context)
            return bytes(root.decrypt(body[NONCE_BYTES:], mechanism=Mechanism.AES_GCM, mechanism_param=parameters))


def _keys(session: pkcs11.Session, place: HsmPlace, mark: bytes | None) -> list[Any]:
    wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: place.key}
    return list(session.get_objects(wanted if mark is None else {**wanted, Attribute.ID: mark}))


def _find(session: pkcs11.Session, place: HsmPlace, mark: bytes | None) -> Any:
    keys = _keys(session, place, mark)
    if not keys:
        raise _error(
            f"the token holds no key {place.key}" + (f" with the mark {mark.hex()}" if mark else ""),
            f"{place.module}, token {place.token}",
            "name the root key of this database, or restore the token from its backup",
        )
    return keys[0]


def _generate(session: pkcs11.Session, place: HsmPlace, random: RandomBytes) -> bytes:
    mark = random(MARK_BYTES)
    session.generate_key(
        KeyType.AES,
        KEY_BYTES * 8,
        label=place.key,
        id=mark,
        store=True,
        capabilities=_USES,
        template=_TEMPLATE,
    )
    return mark


def _require_bound(key: Any, place: HsmPlace) -> bytes:
    where = f"HSM token {place.token}, key {place.key}"
    if key[Attribute.EXTRACTABLE] or not key[Attribute.NEVER_EXTRACTABLE] or not key[Attribute.LOCAL]:
        raise _error(
            "the root key was not made inside the HSM, or could leave it",
            where,
            "let the platform make its root key, in a token that holds no key of that label",
        )
    mark = bytes(key[Attribute.ID])
    if len(mark) != MARK_BYTES:
        raise _error(
            f"the root key has no id of {MARK_BYTES} bytes",
            where,
            "let the platform make its root key, which gives it one",
        )
    return mark


@contextmanager
def _session(place: HsmPlace, *, rw: bool) -> Iterator[pkcs11.Session]:
    where = f"{place.module}, token {place.token}"
    pin = _read_pin(place.pin_file)
    try:
        with _ONE_LOGIN, pkcs11.lib(str(place.module)).get_token(token_label=place.token).open(rw, pin) as session:
            yield session
    except pkcs11.NoSuchToken as error:
        raise _error("there is no token of that label", where, "initialise it, or name another --hsm-token") from error
    except (pkcs11.PinIncorrect, pkcs11.PinLenRange, pkcs11.PinInvalid) as error:
        raise _error(
            "the HSM refuses the PIN",
            str(place.pin_file),
            "put the right user PIN in the file before trying again: after a few wrong ones the token locks",
        ) from error
    except pkcs11.PinLocked as error:
        raise _error("the user PIN is locked", where, "let the HSM's security officer set a new user PIN") from error
    except pkcs11.PKCS11Error as error:
        raise _error(
            f"the HSM refuses ({type(error).__name__})",
            where,
            "check the module's path, that the device answers and offers AES-GCM, and that the database is unchanged",
        ) from error


def _parameters(nonce: bytes, context: str) -> GCMParams:
    return GCMParams(nonce, context.encode(), _TAG_BITS)


def _read_pin(path: Path) -> str:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        pin = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise _error("the PIN file cannot be read", str(path), "name a file that holds the user PIN") from error
    if mode & 0o077:
        raise _error(
            f"the PIN file has mode {mode:04o}, others than its owner may read it",
            str(path),
            "run chmod 600 on it, and change the PIN if somebody could have read it",
        )
    if not pin:
        raise _error("the PIN file is empty", str(path), "write the user PIN into it")
    return pin


def _error(what: str, where: str, remedy: str) -> PlatformError:
    return PlatformError(what, where=where, remedy=remedy)
