"""Certificates for tests of TLS: what a server shows, and a client's context that finds one fault in it."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

DAY = timedelta(days=1)
NAME = "venue.test"
"""No name service knows it: whoever reaches it went through a proxy."""


def server_context(folder: Path, fault: str = "unknown issuer") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context, and a client's that verifies; the certificate is for 127.0.0.1 and `NAME`.

    `fault` is "expired", "wrong name", "unknown issuer" or "" (then the client is content).
    """
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "venue")])
    wrong = fault == "wrong name"
    names = [
        x509.IPAddress(ip_address("127.0.0.2" if wrong else "127.0.0.1")),
        x509.DNSName(f"other.{NAME}" if wrong else NAME),
    ]
    ends = datetime.now(UTC) + (-DAY if fault == "expired" else DAY)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ends - 2 * DAY)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, None)
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    path = folder / "server.pem"
    path.write_bytes(
        pem
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    client = ssl.create_default_context()
    if fault != "unknown issuer":
        client.load_verify_locations(cadata=pem.decode())
    return server, client
