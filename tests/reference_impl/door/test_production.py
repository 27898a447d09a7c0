"""What looks like production is refused before anything is opened."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reference_impl.door.opening import check_options
from reference_impl.door.options import PlatformOptions, TlsFiles
from reference_impl.door.production import refuse_production
from reference_impl.errors import PlatformError
from reference_impl.keys.hsm_root import HsmPlace

SOUND = Path("/srv/xiangka/data")


def certificate(folder, subject):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    (folder / "cert.pem").write_bytes(made)
    return TlsFiles(folder / "cert.pem", folder / "key.pem")


@pytest.mark.parametrize("name", ["prod", "prod-data", "ehc_prod", "Production", "data.prod", "生产库", "live"])
@pytest.mark.parametrize("where", ["folder", "database", "host", "user", "token"])
def test_what_is_named_like_production(name, where):
    options = {
        "folder": PlatformOptions(Path("/srv") / name / "data"),
        "database": PlatformOptions(SOUND, database_url=f"postgresql://u@h/{name}"),
        "host": PlatformOptions(SOUND, database_url=f"postgresql://u@{name}/ehc"),
        "user": PlatformOptions(SOUND, database_url=f"postgresql://{name}@h/ehc"),
        "token": PlatformOptions(SOUND, hsm=HsmPlace(Path("m.so"), name, Path("pin"))),
    }[where]
    with pytest.raises(PlatformError, match="production deployment"):
        refuse_production(options)


@pytest.mark.parametrize("name", ["products", "reproduce", "olive", "delivery", "deliver", "test"])
def test_what_only_sounds_alike(name):
    refuse_production(PlatformOptions(Path("/srv") / name, database_url=f"postgresql://{name}@{name}/{name}"))


@pytest.mark.parametrize(
    ("subject", "refused"),
    [
        ("ehealth.hunan.gov.cn", True),
        ("latest.example.cn", True),
        ("attestation.example.cn", True),
        ("mylocalhosting.example.cn", True),
        ("TEST ehealth", False),
        ("ehealth-test.example.cn", False),
        ("Test_2", False),
        ("localhost", False),
        ("湘卡测试", False),
    ],
)
def test_a_certificate_says_that_it_is_for_tests(tmp_path, subject, refused):
    options = PlatformOptions(SOUND, tls=certificate(tmp_path, subject))
    if not refused:
        refuse_production(options)
        return
    with pytest.raises(PlatformError, match="does not say that it is for tests"):
        refuse_production(options)


def test_the_password_of_a_database_is_not_told():
    options = PlatformOptions(SOUND, database_url="postgresql://u:geheim@prod/ehc")
    with pytest.raises(PlatformError) as refused:
        check_options(options)
    assert "geheim" not in str(refused.value) + repr(options)
