"""The table of gateway dialects (family A, ``ehc.*``): one row is everything that tells one gateway from another.

No row is official: the provincial guide is not public, so each is "reconstructed" from what the field shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reference_impl.wire.sm import Padding

Cipher = Literal["sm4-ecb", "plain"]
Armour = Literal["base64", "hex"]
Label = Literal["reconstructed"]


@dataclass(frozen=True)
class Dialect:
    """One row of the table.

    Attributes:
        name: the dialect's name in files and options.
        label: how far the row may be trusted.
        version: value of the envelope field ``version``.
        digest_order: field names in the order they are digested, any further field after them by name;
            None digests every field by name.
        secret_suffix: what follows the joined fields; ``{secret}`` stands for the application secret.
        encoding: character encoding of the digested and the encrypted text.
        digest_type: value of the envelope field ``digest_type``.
        digest_algorithm: its name for ``hashlib.new``.
        digest_case: case of the hex digest.
        enc_type: value of the envelope field ``enc_type``.
        cipher: how ``biz_content`` is encrypted; the SM4 key is the first 16 bytes of the secret.
        padding: how the last block is filled.
        armour: how cipher bytes become text.
        success_code: the one value of ``code`` that means success.
        window_s: greatest accepted distance between timestamp and clock, either way, in seconds.
    """

    name: str
    label: Label
    version: str
    digest_order: tuple[str, ...] | None
    secret_suffix: str
    encoding: str
    digest_type: str
    digest_algorithm: str
    digest_case: Literal["upper", "lower"]
    enc_type: str
    cipher: Cipher
    padding: Padding
    armour: Armour
    success_code: str
    window_s: int


HN_A = Dialect(
    name="hn-a",
    label="reconstructed",
    version="X.M.0.1",
    digest_order=None,
    secret_suffix="&app_secret={secret}",  # noqa: S106 - the form of the suffix, not a secret
    encoding="utf-8",
    digest_type="SM3",
    digest_algorithm="sm3",
    digest_case="upper",
    enc_type="SM4",
    cipher="sm4-ecb",
    padding="pkcs7",
    # The vendor's note names no armour; base64 is this project's choice.
    armour="base64",
    success_code="000",
    window_s=300,
)

DIALECTS = {dialect.name: dialect for dialect in (HN_A,)}
