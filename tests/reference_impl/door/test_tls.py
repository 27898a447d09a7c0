"""TLS with certificates of the test's own: served, demanded of clients, and wrong files told plainly."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from reference_impl.door.options import TlsFiles
from reference_impl.door.tls import server_context
from reference_impl.errors import PlatformError


@dataclass
class Authority:
    """An authority for tests that writes PEM files into a folder."""

    folder: Path
    name: str

    def __post_init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"TEST {self.name}")])
        self.certificate = self.folder / f"{self.name}.pem"
        made = self._built(self.subject, self.key.public_key(), x509.BasicConstraints(ca=True, path_length=None))
        self.certificate.write_bytes(made)

    def issue(self, name, password=None):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"TEST {name}")])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        certificate, key_file = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(self._built(subject, key.public_key(), names))
        hiding = BestAvailableEncryption(password) if password else NoEncryption()
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hiding))
        return certificate, key_file

    def _built(self, subject, public, extension):
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder(
                self.subject, subject, public, x509.random_serial_number(), now - timedelta(1), now + timedelta(2)
            )
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .sign(self.key, hashes.SHA256())
            .public_bytes(Encoding.PEM)
        )


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path, "authority")


def served_with(serve, certificate, key, client_ca=None):
    tls = {"certificate": str(certificate), "key": str(key), "client_ca": client_ca and str(client_ca)}
    return serve(tls=tls).credentials["url"]


def ask(url, authority, own=None):
    context = ssl.create_default_context(cafile=str(authority.certificate))
    if own is not None:
        context.load_cert_chain(*own)
    with httpx.Client(verify=context, trust_env=False) as client:
        return client.get(f"{url}/health").json()["status"]


def test_whoever_trusts_the_authority_is_served(serve, authority, tmp_path):
    url = served_with(serve, *authority.issue("server"))
    assert url.startswith("https://127.0.0.1:")
    assert ask(url, authority) == "ok"
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        ask(url, Authority(tmp_path, "stranger"))
    with httpx.Client(trust_env=False) as plain, pytest.raises(httpx.TransportError):
        plain.get(url.replace("https", "http") + "/health")


def test_with_a_client_authority_only_its_clients_are_served(serve, authority, tmp_path):
    clients, strangers = Authority(tmp_path, "clients"), Authority(tmp_path, "strangers")
    url = served_with(serve, *authority.issue("server"), clients.certificate)
    assert ask(url, authority, clients.issue("kiosk")) == "ok"
    for own in (None, strangers.issue("stranger")):
        with pytest.raises(httpx.TransportError):
            ask(url, authority, own)


def test_old_protocols_are_not_spoken(authority):
    context = server_context(TlsFiles(*authority.issue("server")))
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_NONE


class TestFilesThatCannotBeUsed:
    def refused(self, certificate, key, client_ca=None):
        with pytest.raises(PlatformError) as told:
            server_context(TlsFiles(certificate, key, client_ca))
        return str(told.value)

    def test_a_missing_file(self, authority, tmp_path):
        assert "No such file" in self.refused(tmp_path / "none.pem", authority.issue("server")[1])

    def test_no_pem(self, authority, tmp_path):
        (tmp_path / "text.pem").write_text("not a certificate")
        told = self.refused(tmp_path / "text.pem", authority.issue("server")[1])
        assert "text.pem" in told
        assert "unencrypted PEM key" in told

    def test_the_key_of_another(self, authority):
        assert "mismatch" in self.refused(authority.issue("one")[0], authority.issue("other")[1])

    def test_a_key_under_a_password(self, authority):
        assert "unencrypted" in self.refused(*authority.issue("server", b"secret"))

    def test_an_authority_that_is_none(self, authority, tmp_path):
        (tmp_path / "text.pem").write_text("x")
        assert "clients' authority" in self.refused(*authority.issue("server"), tmp_path / "text.pem")
