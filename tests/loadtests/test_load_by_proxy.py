"""A load that connects through a fault proxy says there what it would say to the platform itself, TLS and all."""

from __future__ import annotations

import json
import ssl
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from loads import offered, plan_for
from lying_platform import APP_ID, HONEST, SECRET, TERMINALS, LyingPlatform

from loadtests.plan import LoadPlan, Stage
from rigs.drivers.fault_proxy import fault_proxy
from rigs.fault_proxy.faults import Faults
from rigs.journal import Journal


@pytest.fixture
def certified(tmp_path, monkeypatch):
    """A context of a server whose certificate, for ``localhost`` and no address, whoever is started now trusts."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEST localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file, key_file = tmp_path / "server.pem", tmp_path / "server.key"
    file.write_bytes(made.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key_file)
    return context


def test_a_platform_that_speaks_tls_is_loaded_through_a_proxy(tmp_path, certified):
    asked_for: set[str | None] = set()
    certified.sni_callback = lambda _connection, name, _context: asked_for.add(name)
    credentials, population = tmp_path / "credentials.json", tmp_path / "cards.jsonl"
    told = {"app_id": APP_ID, "app_secret": SECRET, "term_id": TERMINALS[0], "terminals": TERMINALS}
    credentials.write_text(json.dumps(told))
    population.write_text("".join(json.dumps({"card_id": f"{number:064X}"}) + "\n" for number in range(40)))
    with (
        closing(LyingPlatform((HONEST,), certified)) as platform,
        fault_proxy(platform.address, Faults(reset=0.05, seed=1), Journal(None)) as proxy,
    ):
        plan = plan_for(
            platform.url,
            credentials,
            Stage("hold", 20, 20, 2, "even"),
            mix={"verification": 1.0},
            population=population,
            through=proxy.address,
            attempts=6,
        )
        record = offered(plan, tmp_path / "load")
        did = proxy.counts()
    [stage] = record.stages
    assert stage.ok == stage.sent == 40, (stage.refused, stage.errors)
    assert did["requests"] >= stage.sent
    assert platform.hosts == {platform.url.removeprefix("https://")}
    assert asked_for == {"localhost"}


def test_a_plan_tells_its_workers_where_to_connect(tmp_path):
    plan = plan_for("https://a.example", tmp_path, Stage("hold", 1, 1, 1), through=("127.0.0.1", 1234))
    assert LoadPlan.from_json(plan.to_json()) == plan
