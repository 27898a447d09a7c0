"""The system's libcrypto, for the one curve the Python libraries do not offer: SM2 of GB/T 32918.5.

Opened by cffi without a compiler; cffi lets other threads run while a call is inside the library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cffi import FFI

FFI_SM2 = FFI()
FFI_SM2.cdef(
    """
    typedef struct evp_pkey_st EVP_PKEY;
    typedef struct evp_pkey_ctx_st EVP_PKEY_CTX;
    typedef struct ossl_param_st OSSL_PARAM;
    typedef struct ossl_param_bld_st OSSL_PARAM_BLD;
    typedef struct bignum_st BIGNUM;
    typedef struct ec_group_st EC_GROUP;
    typedef struct ec_point_st EC_POINT;

    void ERR_clear_error(void);

    BIGNUM *BN_bin2bn(const unsigned char *s, int len, BIGNUM *ret);
    void BN_clear_free(BIGNUM *a);
    EC_GROUP *EC_GROUP_new_by_curve_name(int nid);
    void EC_GROUP_free(EC_GROUP *group);
    EC_POINT *EC_POINT_new(const EC_GROUP *group);
    void EC_POINT_free(EC_POINT *point);
    int EC_POINT_mul(const EC_GROUP *group, EC_POINT *r, const BIGNUM *n, const EC_POINT *q, const BIGNUM *m, void *c);
    size_t EC_POINT_point2oct(const EC_GROUP *g, const EC_POINT *p, int form, unsigned char *buf, size_t len, void *c);

    OSSL_PARAM_BLD *OSSL_PARAM_BLD_new(void);
    void OSSL_PARAM_BLD_free(OSSL_PARAM_BLD *bld);
    int OSSL_PARAM_BLD_push_utf8_string(OSSL_PARAM_BLD *bld, const char *key, const char *buf, size_t size);
    int OSSL_PARAM_BLD_push_octet_string(OSSL_PARAM_BLD *bld, const char *key, const void *buf, size_t size);
    int OSSL_PARAM_BLD_push_BN(OSSL_PARAM_BLD *bld, const char *key, const BIGNUM *bn);
    OSSL_PARAM *OSSL_PARAM_BLD_to_param(OSSL_PARAM_BLD *bld);
    void OSSL_PARAM_free(OSSL_PARAM *params);

    EVP_PKEY_CTX *EVP_PKEY_CTX_new_from_name(void *libctx, const char *name, const char *propquery);
    EVP_PKEY_CTX *EVP_PKEY_CTX_new_from_pkey(void *libctx, EVP_PKEY *pkey, const char *propquery);
    void EVP_PKEY_CTX_free(EVP_PKEY_CTX *ctx);
    int EVP_PKEY_fromdata_init(EVP_PKEY_CTX *ctx);
    int EVP_PKEY_fromdata(EVP_PKEY_CTX *ctx, EVP_PKEY **ppkey, int selection, OSSL_PARAM params[]);
    void EVP_PKEY_free(EVP_PKEY *pkey);

    int EVP_PKEY_sign_init(EVP_PKEY_CTX *ctx);
    int EVP_PKEY_sign(EVP_PKEY_CTX *c, unsigned char *sig, size_t *siglen, const unsigned char *tbs, size_t tbslen);
    int EVP_PKEY_verify_init(EVP_PKEY_CTX *ctx);
    int EVP_PKEY_verify(EVP_PKEY_CTX *c, const unsigned char *sig, size_t sl, const unsigned char *tbs, size_t tbslen);
    int EVP_PKEY_encrypt_init(EVP_PKEY_CTX *ctx);
    int EVP_PKEY_encrypt(EVP_PKEY_CTX *c, unsigned char *out, size_t *outlen, const unsigned char *in, size_t inlen);
    int EVP_PKEY_decrypt_init(EVP_PKEY_CTX *ctx);
    int EVP_PKEY_decrypt(EVP_PKEY_CTX *c, unsigned char *out, size_t *outlen, const unsigned char *in, size_t inlen);
    """
)

PRIVATE_BYTES = 32
PUBLIC_BYTES = 65

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G_X = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
G_Y = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0
"""The recommended curve of GB/T 32918.5-2017: y² = x³ + Ax + B over P, base point G of prime order N."""

_NID_SM2 = 1172
_UNCOMPRESSED = 4
_PUBLIC_KEY = 0x86
_KEY_PAIR = 0x87


def open_libcrypto(name: str = "libcrypto.so.3") -> Any:
    """Open the shared library and make sure that it knows SM2.

    Raises:
        ImportError: there is no such library, or it was built without SM2.
    """
    remedy = "install OpenSSL 3 of the system: on Debian `apt-get install libssl3` (libssl3t64 from Debian 13 on)"
    try:
        library: Any = FFI_SM2.dlopen(name)
    except OSError as error:
        raise ImportError(f"{name}: SM2 signatures need this library, which cannot be loaded; {remedy}") from error
    group = library.EC_GROUP_new_by_curve_name(_NID_SM2)
    if group == FFI_SM2.NULL:
        library.ERR_clear_error()
        raise ImportError(f"{name}: this library was built without SM2; {remedy}")
    library.EC_GROUP_free(group)
    return library


LIBCRYPTO = open_libcrypto()


def derive_public(private: bytes) -> bytes:
    """Return the 65-byte public key (0x04, X, Y) of a 32-byte private key.

    Raises:
        ValueError: the private key is not a number from 1 to n-2.
    """
    _check_private(private)
    group = FFI_SM2.gc(LIBCRYPTO.EC_GROUP_new_by_curve_name(_NID_SM2), LIBCRYPTO.EC_GROUP_free)
    point = FFI_SM2.gc(LIBCRYPTO.EC_POINT_new(group), LIBCRYPTO.EC_POINT_free)
    null = FFI_SM2.NULL
    out = FFI_SM2.new("unsigned char[]", PUBLIC_BYTES)
    done = LIBCRYPTO.EC_POINT_mul(group, point, _bignum(private), null, null, null)
    written = LIBCRYPTO.EC_POINT_point2oct(group, point, _UNCOMPRESSED, out, PUBLIC_BYTES, null)
    if done != 1 or written != PUBLIC_BYTES:
        raise RuntimeError("libcrypto cannot multiply the base point of SM2")
    return bytes(FFI_SM2.buffer(out))


def public_key(public: bytes) -> Any:
    """Return the library's handle of a public key (0x04, X, Y); freed with the last reference.

    Raises:
        ValueError: not 65 bytes beginning with 0x04, or not a point of the curve.
    """
    if len(public) != PUBLIC_BYTES or public[0] != _UNCOMPRESSED:
        raise ValueError(f"an SM2 public key has {PUBLIC_BYTES} bytes and begins with 04")
    return _import_key(_PUBLIC_KEY, public, None)


def private_key(private: bytes, public: bytes) -> Any:
    """Return the library's handle of a key pair, freed with the last reference.

    Raises:
        ValueError: the private key is not a number from 1 to n-2, or ``public`` is not its public key.
    """
    if public != derive_public(private):
        raise ValueError("the SM2 public key does not belong to the private key")
    return _import_key(_KEY_PAIR, public, private)


class Contexts:
    """Ready contexts of one operation with one key: a call borrows one, so that no two threads share it."""

    def __init__(self, key: Any, initialise: Callable[[Any], int]) -> None:
        self._key = key
        self._initialise = initialise
        self._idle: list[Any] = []

    def borrow(self) -> Any:
        """Return an initialised context that nobody else uses until it is given back."""
        try:
            return self._idle.pop()
        except IndexError:
            pass
        null = FFI_SM2.NULL
        fresh = LIBCRYPTO.EVP_PKEY_CTX_new_from_pkey(null, self._key, null)
        context = FFI_SM2.gc(fresh, LIBCRYPTO.EVP_PKEY_CTX_free)
        if self._initialise(context) != 1:
            raise RuntimeError("libcrypto cannot prepare an SM2 operation")
        return context

    def give_back(self, context: Any) -> None:
        """Keep the context for the next call."""
        self._idle.append(context)


def forget_errors() -> None:
    """Empty the thread's error queue after a failed call: the interpreter's TLS reads the same queue."""
    LIBCRYPTO.ERR_clear_error()


def _check_private(private: bytes) -> None:
    if len(private) != PRIVATE_BYTES or not 0 < int.from_bytes(private) < N - 1:
        raise ValueError(f"an SM2 private key has {PRIVATE_BYTES} bytes and lies between 1 and n-2")


def _bignum(private: bytes) -> Any:
    number = LIBCRYPTO.BN_bin2bn(private, len(private), FFI_SM2.NULL)
    return FFI_SM2.gc(number, LIBCRYPTO.BN_clear_free)


def _import_key(selection: int, public: bytes, private: bytes | None) -> Any:
    null = FFI_SM2.NULL
    builder = FFI_SM2.gc(LIBCRYPTO.OSSL_PARAM_BLD_new(), LIBCRYPTO.OSSL_PARAM_BLD_free)
    # The builder keeps pointers, not copies: these names must live until the parameters are made.
    held = [FFI_SM2.from_buffer(public), FFI_SM2.new("char[]", b"SM2")]
    number = _bignum(private) if private is not None else None
    LIBCRYPTO.OSSL_PARAM_BLD_push_utf8_string(builder, b"group", held[1], 0)
    LIBCRYPTO.OSSL_PARAM_BLD_push_octet_string(builder, b"pub", held[0], len(public))
    if number is not None:
        LIBCRYPTO.OSSL_PARAM_BLD_push_BN(builder, b"priv", number)
    parameters = FFI_SM2.gc(LIBCRYPTO.OSSL_PARAM_BLD_to_param(builder), LIBCRYPTO.OSSL_PARAM_free)
    context = FFI_SM2.gc(LIBCRYPTO.EVP_PKEY_CTX_new_from_name(null, b"SM2", null), LIBCRYPTO.EVP_PKEY_CTX_free)
    made = FFI_SM2.new("EVP_PKEY **")
    if LIBCRYPTO.EVP_PKEY_fromdata_init(context) != 1:
        raise RuntimeError("libcrypto cannot take in an SM2 key")
    if LIBCRYPTO.EVP_PKEY_fromdata(context, made, selection, parameters) != 1:
        forget_errors()
        raise ValueError("the SM2 public key is not a point of the curve")
    return FFI_SM2.gc(made[0], LIBCRYPTO.EVP_PKEY_free)
