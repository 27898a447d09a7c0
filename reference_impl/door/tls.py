"""TLS of the platform: its certificate, and with a client CA only clients that show a certificate of it."""

from __future__ import annotations

import ssl

from reference_impl.door.options import TlsFiles
from reference_impl.errors import PlatformError


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """Return the context the platform serves with: TLS 1.2 and up, HTTP/1.1.

    Raises:
        PlatformError: a file cannot be read, is no PEM, or the key does not belong to the certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # Without a password of its own OpenSSL would ask for one on the terminal.
        context.load_cert_chain(files.certificate, files.key, password="")
    except (OSError, ValueError) as error:
        raise PlatformError(
            f"certificate and key cannot be used ({_reason(error)})",
            where=f"{files.certificate}, {files.key}",
            remedy="give a PEM certificate and the unencrypted PEM key that belongs to it",
        ) from error
    if files.client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            context.load_verify_locations(files.client_ca)
        except (OSError, ValueError) as error:
            raise PlatformError(
                f"the certificate of the clients' authority cannot be used ({_reason(error)})",
                where=str(files.client_ca),
                remedy="give the PEM certificate that the clients' certificates were signed with",
            ) from error
    return context


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "no PEM").replace("_", " ").lower()
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else type(error).__name__
