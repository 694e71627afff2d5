"""Signatures of packages (WACZ Auth 0.1.0, https://specs.webrecorder.net/wacz-auth/): by a key alone."""

import base64
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import attrs
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from pressmark.errors import UsageError

VERSION = "0.1.0"
_CURVE = ec.SECP384R1
"""P-384: the only one that ReplayWeb.page accepts for a key without a certificate."""
_OTHERS = 0o077
_SIZE = 48
"""Bytes of each of the two numbers of a signature."""

logger = logging.getLogger(__name__)


@attrs.frozen
class Signer:
    """Signs packages with the operator's key."""

    _key: ec.EllipticCurvePrivateKey = attrs.field(repr=False)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read a private key of the curve P-384 (PEM, without a password).

        Raises:
            UsageError: there is no such key.
        """
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise UsageError(f"PRESSMARK_WACZ_KEY={path}: {error}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, _CURVE):
            raise UsageError(
                f"PRESSMARK_WACZ_KEY={path} is no key of the curve P-384. Make one: openssl genpkey -algorithm EC "
                "-pkeyopt ec_paramgen_curve:P-384 -out wacz-key.pem"
            )
        if path.stat().st_mode & _OTHERS:
            logger.warning("PRESSMARK_WACZ_KEY=%s can be read by others than its owner: chmod 600", path)
        return cls(key)

    @property
    def public_key(self) -> str:
        """The public key as packages name it: SubjectPublicKeyInfo (DER) in base64."""
        return _named(self._key.public_key())

    def sign(self, digest: str, created: str, software: str) -> dict[str, str]:
        """Return the `signedData` of a package; the same for the same key and arguments (RFC 6979).

        Args:
            digest: of its datapackage.json, `sha256:<hex>`; this is signed.
            created: as in datapackage.json.
            software: as in datapackage.json.
        """
        ways = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        pair = utils.decode_dss_signature(self._key.sign(digest.encode(), ways))
        return {
            "hash": digest,
            "signature": base64.b64encode(b"".join(each.to_bytes(_SIZE, "big") for each in pair)).decode(),
            "publicKey": self.public_key,
            "created": created,
            "software": software,
            "version": VERSION,
        }


def trusted_keys(key: Path | None, public: Iterable[Path]) -> frozenset[str]:
    """Return the public keys that packages may be signed by, as packages name them; empty: any or no signature.

    Args:
        key: the private key that signs packages now.
        public: further public keys (PEM) that are accepted, e.g. of earlier years.

    Raises:
        UsageError: one is no key of the curve P-384.
    """
    found = {Signer.open(key).public_key} if key else set()
    for path in public:
        try:
            read = serialization.load_pem_public_key(path.read_bytes())
        except (OSError, ValueError, UnsupportedAlgorithm) as error:
            raise UsageError(f"PRESSMARK_WACZ_PUBLIC_KEYS: {path}: {error}") from error
        if not isinstance(read, ec.EllipticCurvePublicKey) or not isinstance(read.curve, _CURVE):
            raise UsageError(f"PRESSMARK_WACZ_PUBLIC_KEYS: {path} is no public key of the curve P-384")
        found.add(_named(read))
    return frozenset(found)


def _named(key: ec.EllipticCurvePublicKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return base64.b64encode(key.public_bytes(serialization.Encoding.DER, form)).decode()


def is_signed(signed: dict[str, Any]) -> bool:
    """Return whether a `signedData` has a valid signature of its public key."""
    try:
        key = serialization.load_der_public_key(base64.b64decode(signed["publicKey"], validate=True))
        pair = base64.b64decode(signed["signature"], validate=True)
        if not isinstance(key, ec.EllipticCurvePublicKey) or len(pair) != 2 * _SIZE:
            return False
        made = utils.encode_dss_signature(*(int.from_bytes(each, "big") for each in (pair[:_SIZE], pair[_SIZE:])))
        key.verify(made, signed["hash"].encode(), ec.ECDSA(hashes.SHA256()))
    except (KeyError, TypeError, ValueError, AttributeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
