"""The simulated venue's side of request signatures: whose key it is, and whether the signature is right.

Keys are RSA (PSS, SHA-256, salt of 32 bytes) or Ed25519; the signed text is timestamp, method and path
without query. Used by the Kalshi service; also makes a key pair for clients that bring none.
"""

import base64
import binascii
from functools import lru_cache
from typing import Final, TypeAlias

import attrs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

PublicKey: TypeAlias = rsa.RSAPublicKey | ed25519.Ed25519PublicKey
SKEW_MS_MAX: Final = 30_000
"""How far a timestamp may be from the venue's clock, at normal speed. Undocumented; this is a guess."""


class Refusal(Exception):
    """A request that is not signed as it should be; the text is the venue's error code."""


@attrs.frozen
class KeyPair:
    """A key that the simulator made for its client."""

    key_id: str
    private_pem: bytes

    @classmethod
    def made(cls, key_id: str, *, kind: str = "rsa") -> "KeyPair":
        """A new RSA (2048 bits) or Ed25519 key; not derived from the seed, for nothing depends on it."""
        return cls(key_id, _private_pem(kind))

    @property
    def public_pem(self) -> bytes:
        """What the venue keeps of it."""
        key = serialization.load_pem_private_key(self.private_pem, password=None)
        return key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


@lru_cache(maxsize=2)
def _private_pem(kind: str) -> bytes:
    """One key of a kind for the whole process: making an RSA key takes up to a second."""
    key = (
        ed25519.Ed25519PrivateKey.generate()
        if kind == "ed25519"
        else rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@attrs.frozen
class KeyRing:
    """The public keys that the simulated venue knows, by key id."""

    keys: dict[str, PublicKey]

    @classmethod
    def of(cls, pems: dict[str, bytes]) -> "KeyRing":
        """Load public keys. Raises TypeError for a PEM that is neither RSA nor Ed25519."""
        keys: dict[str, PublicKey] = {}
        for key_id, pem in pems.items():
            key = serialization.load_pem_public_key(pem)
            if not isinstance(key, rsa.RSAPublicKey | ed25519.Ed25519PublicKey):
                raise TypeError(f"the public key of {key_id} is neither RSA nor Ed25519")
            keys[key_id] = key
        return cls(keys)

    def check(self, headers: dict[str, str], signed: str, now_ms: int, skew_ms: int) -> str:
        """The key id of a rightly signed request. `signed` is method and path. Raises Refusal otherwise."""
        key_id = headers.get("kalshi-access-key", "")
        stamp = headers.get("kalshi-access-timestamp", "")
        signature = headers.get("kalshi-access-signature", "")
        key = self.keys.get(key_id)
        if key is None or not signature:
            raise Refusal("token_authentication_failure")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16):
            raise Refusal("header_timestamp_invalid")
        if abs(int(stamp) - now_ms) > skew_ms:
            raise Refusal("header_timestamp_expired")
        try:
            _verify(key, base64.b64decode(signature, validate=True), f"{stamp}{signed}".encode())
        except (InvalidSignature, binascii.Error) as error:
            raise Refusal("incorrect_api_key_signature") from error
        return key_id


def _verify(key: PublicKey, signature: bytes, text: bytes) -> None:
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, text)
        return
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256.digest_size)
    key.verify(signature, text, pss, hashes.SHA256())
