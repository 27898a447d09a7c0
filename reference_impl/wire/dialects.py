"""The table of gateway dialects (family A, ``ehc.*``): one row is everything that tells one gateway from another.

No row is official: the provincial guide is not public, so each is "reconstructed" from what the field shows. What a
row had to choose because no source shows it is said beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from reference_impl.wire.blockcipher import Padding
from reference_impl.wire.outcome_codes import OutcomeCodes
from reference_impl.wire.vocabulary import ALTERINFO, CLOSE, GENERATE, QUERY, REGISTER, VERIFY

CipherName = Literal["sm4-ecb", "aes-ecb", "plain"]
Armour = Literal["base64", "hex"]
Label = Literal["reconstructed", "published by a vendor"]

WINDOW_S = 300


@dataclass(frozen=True)
class Encryption:
    """One way to encrypt ``biz_content``; the 128-bit key is the first 16 bytes of the application secret.

    Attributes:
        enc_type: value of the envelope field ``enc_type``.
        cipher: the block cipher, or none.
        padding: how the last block is filled.
        armour: how cipher bytes become text; hex is in lower case.
    """

    enc_type: str
    cipher: CipherName
    padding: Padding = "pkcs7"
    armour: Armour = "base64"


@dataclass(frozen=True)
class DigestRule:
    """One digest; ``digest_type`` is its name in the envelope, ``algorithm`` its name for ``hashlib.new``."""

    digest_type: str
    algorithm: str


SM3 = DigestRule("SM3", "sm3")
MD5 = DigestRule("MD5", "md5")
SHA256 = DigestRule("SHA256", "sha256")

PLAIN = Encryption("PLAIN", "plain")


@dataclass(frozen=True)
class Dialect:
    """One row of the table.

    Attributes:
        name: the dialect's name in files and options.
        paths: the neutral method each address serves; the key "" of a single address for every method.
        label: how far the row may be trusted.
        versions: accepted values of the envelope field ``version``; a client says the first.
        digest_form: what is digested: ``pairs`` is ``k=v`` joined by ``&``, ``json`` is one compact JSON object.
        digest_order: field names in the order they are digested, any further field after them by name;
            None digests every field by name.
        digest_over: whether ``biz_content`` is digested before or after it is encrypted.
        secret_suffix: what follows the digested fields; ``{secret}`` stands for the application secret.
        encoding: character encoding of the digested and the encrypted text.
        digests: the accepted digests; a client says the first unless told another.
        digest_type_field: name of the field that names the digest.
        digest_field: name of the field that holds the digest.
        digest_case: case of the hex digest.
        encryptions: the accepted encryptions; a client says the first unless told another.
        method_style: where the method stands: in the field ``method``; in the content, the field says ``all``;
            or in the path, and the envelope has no such field.
        codes: how it says yes and no.
        window_s: greatest accepted distance between timestamp and clock, either way, in seconds.
    """

    name: str
    paths: Mapping[str, str] = field(hash=False)
    label: Label
    versions: tuple[str, ...]
    digest_form: Literal["pairs", "json"]
    digest_order: tuple[str, ...] | None
    digest_over: Literal["plaintext", "ciphertext"]
    secret_suffix: str
    encoding: str
    digests: tuple[DigestRule, ...]
    digest_type_field: Literal["digest_type", "sign_type"]
    digest_field: Literal["digest", "sign"]
    digest_case: Literal["upper", "lower"]
    encryptions: tuple[Encryption, ...]
    method_style: Literal["field", "content", "path"]
    codes: OutcomeCodes
    window_s: int = WINDOW_S

    @property
    def success_code(self) -> str:
        """The one value of ``code`` that means success."""
        return self.codes.success


def _at(path: str) -> Mapping[str, str]:
    return MappingProxyType({path: ""})


HN_A = Dialect(
    name="hn-a",
    paths=_at("/gateway"),
    label="reconstructed",
    versions=("X.M.0.1",),
    digest_form="pairs",
    digest_order=None,
    digest_over="plaintext",
    secret_suffix="&app_secret={secret}",  # noqa: S106 - the form of the suffix, not a secret
    encoding="utf-8",
    digests=(SM3,),
    digest_type_field="digest_type",
    digest_field="digest",
    digest_case="upper",
    # The vendor's note names no armour; base64 is this project's choice.
    encryptions=(Encryption("SM4", "sm4-ecb"),),
    method_style="field",
    # Of the field only the success code is known.
    codes=OutcomeCodes("000", None),
)

SC = Dialect(
    name="sc",
    paths=_at("/sc/gateway"),
    label="reconstructed",
    # Which of the family's two versions it says is not known; this one keeps it apart from hn-a, else alike but for
    # its codes.
    versions=("V1.1",),
    digest_form="pairs",
    digest_order=("app_id", "biz_content", "digest_type", "enc_type", "method", "term_id", "timestamp", "version"),
    digest_over="plaintext",
    secret_suffix="&app_secret={secret}",  # noqa: S106 - the form of the suffix, not a secret
    encoding="utf-8",
    digests=(SM3,),
    digest_type_field="digest_type",
    digest_field="digest",
    # Case and armour are this project's choice.
    digest_case="upper",
    encryptions=(Encryption("SM4", "sm4-ecb"),),
    method_style="field",
    codes=OutcomeCodes("10", "00"),
)

GO = Dialect(
    name="go",
    paths=_at("/go/gateway"),
    label="reconstructed",
    versions=("V1.1", "X.M.0.1"),
    digest_form="pairs",
    digest_order=None,
    # Both orders exist in the field; which one this gateway has is not known, so the choice covers the other.
    digest_over="ciphertext",
    secret_suffix="{secret}",  # noqa: S106 - the form of the suffix, not a secret
    encoding="utf-8",
    digests=(SM3, MD5, SHA256),
    digest_type_field="digest_type",
    digest_field="digest",
    digest_case="upper",
    encryptions=(Encryption("SM4", "sm4-ecb", armour="hex"), Encryption("AES", "aes-ecb"), PLAIN),
    method_style="field",
    # The code of failure is this project's choice.
    codes=OutcomeCodes("200", "500"),
)

XM = Dialect(
    name="xm",
    paths=_at("/xm/gateway"),
    label="reconstructed",
    versions=("V1.1", "X.M.0.1"),
    digest_form="pairs",
    digest_order=None,
    digest_over="plaintext",
    secret_suffix="&key={secret}",  # noqa: S106 - the form of the suffix, not a secret
    # GB 18030 has the bytes of GBK for every character of GBK, and bytes for those that GBK cannot write.
    encoding="gb18030",
    digests=(MD5,),
    digest_type_field="sign_type",
    # The name of the field that holds the digest is this project's choice, after ``sign_type``.
    digest_field="sign",
    digest_case="upper",
    encryptions=(PLAIN,),
    # The field says ``method=all``; where the method then stands is not known: here in the content, as ``method``.
    method_style="content",
    # The code of failure is this project's choice.
    codes=OutcomeCodes("1", "0"),
)

FMSH = Dialect(
    name="fmsh",
    paths=MappingProxyType(
        {
            "/hospital/v3/register": REGISTER,
            "/hospital/v3/user/alterinfo": ALTERINFO,
            "/hospital/v3/user/close": CLOSE,
            "/hospital/v3/user/query": QUERY,
            "/hospital/v3/user/generate": GENERATE,
            "/hospital/v3/user/verify": VERIFY,
        }
    ),
    label="reconstructed",
    versions=("V1.1", "X.M.0.1"),
    # Known is SM3(JSON ‖ secret). Which JSON is this project's choice: all fields by name, the content in clear and the
    # path's method among them, so that neither timestamp nor address can be changed.
    digest_form="json",
    digest_order=None,
    digest_over="plaintext",
    secret_suffix="{secret}",  # noqa: S106 - the form of the suffix, not a secret
    encoding="utf-8",
    digests=(SM3,),
    digest_type_field="digest_type",
    digest_field="digest",
    digest_case="upper",
    encryptions=(Encryption("SM4", "sm4-ecb", padding="zero", armour="hex"),),
    method_style="path",
    # Neither code is known.
    codes=OutcomeCodes("000", None),
)

GATEWAYS: Mapping[str, Dialect] = MappingProxyType({row.name: row for row in (HN_A, SC, GO, XM, FMSH)})
