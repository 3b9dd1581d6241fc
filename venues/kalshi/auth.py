"""Kalshi's signatures: RSA-PSS or Ed25519 over moment, method and path, made anew for every attempt.

Used by `rest` and `stream`; wired by `tipoff` with the path of a key. The key is read from a file that nobody
else may read (or from the service manager's credentials directory), is never logged and never shown.
"""

import base64
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from venues.errors import KeyUnusable

SALT_BYTES = 32
"""The length of the digest, as the venue asks."""

RSA_BITS_MIN = 2_048
KEY_BYTES_MAX = 65_536
NANOS_PER_MILLISECOND = 1_000_000

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class Signer:
    """Signs requests with one key. Its text shows the key's id and kind, never the key."""

    def __init__(self, key_id: str, key: PrivateKey) -> None:
        """`key_id` is the venue's name for the key (KALSHI-ACCESS-KEY)."""
        if isinstance(key, rsa.RSAPrivateKey) and key.key_size < RSA_BITS_MIN:
            raise KeyUnusable(f"the RSA key has {key.key_size} bits, fewer than {RSA_BITS_MIN}")
        self.key_id = key_id
        self._key = key

    @property
    def kind(self) -> str:
        """Which kind of key this is."""
        return "RSA" if isinstance(self._key, rsa.RSAPrivateKey) else "Ed25519"

    def headers(self, method: str, path: str, now_ns: int) -> Mapping[str, str]:
        """Headers for one attempt at `now_ns` (UTC); `path` is from the root of the host, a query is left
        out.
        """
        moment = str(now_ns // NANOS_PER_MILLISECOND)
        # Without separators, and neither host, query nor body is part of it (the venue's API-keys page).
        signed = f"{moment}{method.upper()}{path.partition('?')[0]}".encode()
        return {
            "KALSHI-ACCESS-KEY": self.key_id,
            "KALSHI-ACCESS-TIMESTAMP": moment,
            "KALSHI-ACCESS-SIGNATURE": base64.b64encode(self._sign(signed)).decode(),
        }

    def _sign(self, data: bytes) -> bytes:
        # The venue takes Ed25519 keys since September 2026: same text and headers, no digest and no padding
        # to choose.
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(data)
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=SALT_BYTES)
        return self._key.sign(data, pss, hashes.SHA256())

    def __repr__(self) -> str:
        return f"Signer({self.key_id}, {self.kind})"


def read_signer(key_id: str, path: Path) -> Signer:
    """Make a signer of the PEM file at `path`. Raises KeyUnusable with the path and what to do."""
    try:
        with path.open("rb") as file:
            # Of the open file: a look by path might be at another file than the one that is read.
            mode = os.fstat(file.fileno())
            _check_mode(path, mode)
            data = file.read(KEY_BYTES_MAX)
    except OSError as error:
        raise KeyUnusable(f"{path}: the key cannot be read: {error.strerror}") from error
    return Signer(key_id, _load(path, data))


def _check_mode(path: Path, status: os.stat_result) -> None:
    """A key that others can read is not a secret; what the service manager hands over is guarded by its
    folder.
    """
    if not stat.S_ISREG(status.st_mode):
        raise KeyUnusable(f"{path}: not a file")
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder and path.resolve().is_relative_to(Path(folder).resolve()):
        return
    if status.st_mode & 0o077:
        raise KeyUnusable(
            f"{path}: others may read the key (mode {status.st_mode & 0o777:04o}); chmod 600 it"
        )


def _load(path: Path, data: bytes) -> PrivateKey:
    """The key by what it is, not by what its header calls it."""
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except TypeError as error:
        raise KeyUnusable(f"{path}: the key has a passphrase; store it without one") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        # The library's message may quote the data, so it is not passed on.
        raise KeyUnusable(f"{path}: no PEM private key in it") from error
    if isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        return key
    raise KeyUnusable(f"{path}: a {type(key).__name__} is neither RSA nor Ed25519")
