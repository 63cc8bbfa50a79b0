"""The certificate of a host, over a real TLS server on loopback."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deployment.pages import read_expiry
from tests.loopback import Handler, serving

ENDS = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for ``localhost`` that is its own authority, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(ENDS)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(plain)
    return folder


@pytest.fixture
def port(files: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files / "cert.pem", files / "key.pem")
    with serving(Handler, context) as address:
        yield int(address.rpartition(":")[2])


def test_end_of_a_trusted_certificate_is_read(port: int, files: Path) -> None:
    trusted = ssl.create_default_context(cafile=files / "cert.pem")
    assert read_expiry("localhost", port, trusted) == ENDS


def test_untrusted_certificate_does_not_hold(port: int) -> None:
    with pytest.raises(OSError, match="certificate verify failed"):
        read_expiry("localhost", port)


def test_certificate_of_another_host_does_not_hold(port: int, files: Path) -> None:
    trusted = ssl.create_default_context(cafile=files / "cert.pem")
    with pytest.raises(OSError, match=r"127\.0\.0\.1"):
        read_expiry("127.0.0.1", port, trusted)
