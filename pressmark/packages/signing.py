"""Signatures of packages (WACZ Auth 0.1.0, https://specs.webrecorder.net/wacz-auth/): by a key alone."""

import base64
from pathlib import Path
from typing import Any, Self

import attrs
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from pressmark.errors import UsageError

VERSION = "0.1.0"
_CURVE = ec.SECP384R1
"""P-384: ReplayWeb.page knows no other for a key without a certificate."""
_SIZE = 48
"""Bytes of each of the two numbers of a signature."""


@attrs.frozen
class Signer:
    """Signs packages with the operator's key."""

    _key: ec.EllipticCurvePrivateKey = attrs.field(repr=False)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read a private key of the curve P-384 (PEM, without a password).

        Raises:
            UsageError: there is none.
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
        return cls(key)

    def sign(self, digest: str, created: str, software: str) -> dict[str, str]:
        """Return the `signedData` of a package; the same for the same key and arguments (RFC 6979).

        Args:
            digest: of its datapackage.json, `sha256:<hex>`. It is what is signed.
            created: as datapackage.json says.
            software: as datapackage.json says.
        """
        ways = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        pair = utils.decode_dss_signature(self._key.sign(digest.encode(), ways))
        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return {
            "hash": digest,
            "signature": base64.b64encode(b"".join(each.to_bytes(_SIZE, "big") for each in pair)).decode(),
            "publicKey": base64.b64encode(public).decode(),
            "created": created,
            "software": software,
            "version": VERSION,
        }


def is_signed(signed: dict[str, Any]) -> bool:
    """Tell whether a `signedData` bears the signature of its own public key."""
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
