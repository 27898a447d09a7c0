"""Whether a platform refuses to start: tried on its command line, with a folder and a certificate of its own."""

from __future__ import annotations

import datetime
import json
import select
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

START_S = 60.0


def refuses_to_start(
    options: Sequence[str], certificate_subject: str = "", key_file: str = "server.key", defect: str | None = None
) -> bool:
    """Start a platform, and tell whether it ended with an error before it served anybody.

    Args:
        options: of ``xiangka platform serve``; ``{folder}`` stands for an empty folder.
        certificate_subject: RFC 4514 name of a certificate to serve with, "" for none.
        key_file: name of the file its key stands in.
        defect: deliberate defect.
    """
    with tempfile.TemporaryDirectory(prefix="xiangka-start-") as folder:
        arguments = ["--port", "0", *(option.format(folder=folder) for option in options)]
        arguments += [] if defect is None else ["--defect", defect]
        if certificate_subject:
            arguments += _certificate(Path(folder), certificate_subject, key_file)
        process = subprocess.Popen(
            [sys.executable, "-m", "xiangka", "platform", "serve", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        with process:
            try:
                return not _served(process)
            finally:
                process.kill()


def _served(process: subprocess.Popen[bytes]) -> bool:
    assert process.stdout is not None  # noqa: S101 - Popen was given a pipe
    ready, _, _ = select.select([process.stdout], [], [], START_S)
    line = process.stdout.readline() if ready else b""
    try:
        return bool(json.loads(line)["ready"])
    except (ValueError, KeyError, TypeError):
        # Whoever neither serves nor ends has not refused.
        return process.wait(START_S) == 0


def _certificate(folder: Path, subject: str, key_file: str) -> list[str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name.from_rfc4514_string(subject), datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    files = folder / "server.crt", folder / key_file
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return ["--tls-cert", str(files[0]), "--tls-key", str(files[1])]
