"""Signatures: what is signed, by which key, anew each time; bad keys are refused without being shown."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from venues.errors import KeyUnusable
from venues.kalshi.auth import Signer, read_signer

NOW = 1_706_385_600_000_123_456
RSA_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
ED_KEY = ed25519.Ed25519PrivateKey.generate()
PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)


def pem(
    key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b""
) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def key_file(folder: Path, data: bytes, mode: int = 0o600) -> Path:
    path = folder / "kalshi.pem"
    path.write_bytes(data)
    path.chmod(mode)
    return path


def signature(headers: dict[str, str]) -> bytes:
    return base64.b64decode(headers["KALSHI-ACCESS-SIGNATURE"], validate=True)


def test_an_rsa_key_signs_moment_method_and_path_with_pss_and_a_salt_of_32() -> None:
    headers = dict(Signer("key-id", RSA_KEY).headers("get", "/trade-api/ws/v2", NOW))
    assert headers["KALSHI-ACCESS-KEY"] == "key-id"
    assert headers["KALSHI-ACCESS-TIMESTAMP"] == "1706385600000"
    RSA_KEY.public_key().verify(signature(headers), b"1706385600000GET/trade-api/ws/v2", PSS, hashes.SHA256())


def test_an_ed25519_key_signs_the_same_text() -> None:
    headers = dict(Signer("key-id", ED_KEY).headers("GET", "/trade-api/v2/markets?limit=5", NOW))
    ED_KEY.public_key().verify(signature(headers), b"1706385600000GET/trade-api/v2/markets")


@given(st.integers(0, 4_000_000_000_000_000_000), st.text(st.characters(codec="ascii"), max_size=30))
def test_no_query_is_ever_signed(now: int, path: str) -> None:
    headers = dict(Signer("k", ED_KEY).headers("GET", "/" + path, now))
    signed = f"{now // 1_000_000}GET/{path.partition('?')[0]}"
    ED_KEY.public_key().verify(signature(headers), signed.encode())


def test_two_attempts_never_share_a_signature() -> None:
    signer = Signer("key-id", RSA_KEY)
    first, second = (signer.headers("GET", "/x", NOW + step) for step in (0, 1_000_000))
    assert first["KALSHI-ACCESS-TIMESTAMP"] != second["KALSHI-ACCESS-TIMESTAMP"]
    assert first["KALSHI-ACCESS-SIGNATURE"] != second["KALSHI-ACCESS-SIGNATURE"]


@pytest.mark.parametrize("key, kind", [(RSA_KEY, "RSA"), (ED_KEY, "Ed25519")])
def test_a_key_is_recognised_by_what_it_is(
    tmp_path: Path, key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, kind: str
) -> None:
    signer = read_signer("key-id", key_file(tmp_path, pem(key)))
    assert (signer.kind, repr(signer)) == (kind, f"Signer(key-id, {kind})")


def test_the_older_header_of_rsa_keys_is_read_too(tmp_path: Path) -> None:
    data = RSA_KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    assert read_signer("key-id", key_file(tmp_path, data)).kind == "RSA"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(KeyUnusable, match="chmod 600"):
        read_signer("key-id", key_file(tmp_path, pem(ED_KEY), mode))


def test_a_key_of_the_service_manager_is_guarded_by_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = key_file(tmp_path, pem(ED_KEY), 0o644)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_signer("key-id", path).kind == "Ed25519"


@pytest.mark.parametrize(
    "data, complaint",
    [
        (b"", "no PEM private key"),
        (
            b"-----BEGIN PRIVATE KEY-----\nsecretsecretsecret\n-----END PRIVATE KEY-----\n",
            "no PEM private key",
        ),
        (pem(ED_KEY, b"pass"), "passphrase"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "neither RSA nor Ed25519"),
        (pem(rsa.generate_private_key(public_exponent=65_537, key_size=1_024)), "1024 bits"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_and_never_shown(
    tmp_path: Path, data: bytes, complaint: str
) -> None:
    with pytest.raises(KeyUnusable, match=complaint) as caught:
        read_signer("key-id", key_file(tmp_path, data))
    for line in data.decode().splitlines()[1:-1]:
        assert line not in str(caught.value)


def test_a_missing_key_or_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match=r"absent\.pem: the key cannot be read"):
        read_signer("key-id", tmp_path / "absent.pem")
    with pytest.raises(KeyUnusable):
        read_signer("key-id", tmp_path)
