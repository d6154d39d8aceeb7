"""Signatures over the parts of a model, in the format of OpenSSF Model Signing.

A Sigstore bundle around a DSSE envelope around an in-toto statement that lists the SHA-256 of every
part; ECDSA over NIST P-256, verified without a network. The `model_signing` tool verifies it, and what
it signs with a key is verified here.

Source: OpenSSF Model Signing specification v1.0; DSSE v1.0; in-toto attestation framework v1.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from visloop.errors import Refused, UsageError
from visloop.registry.packaging.archive import SIGNATURE

_BUNDLE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
_PAYLOAD: Final = "application/vnd.in-toto+json"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "https://model_signing/signature/v1.0"
_HASHES: Final = {256: hashes.SHA256, 384: hashes.SHA384, 521: hashes.SHA512}


class SignatureRefused(Refused):
    """A signature that does not hold, or whose signer is not trusted."""

    code = "registry.signature_refused"


def new_key() -> str:
    """A private key on the curve P-256, PEM (PKCS #8), without a password."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_key(private: bytes) -> bytes:
    """The PEM that others verify with.

    Raises:
        UsageError: not a private key of a NIST curve.
    """
    return _pem(_private(private).public_key())


def fingerprint(public: bytes) -> str:
    """`sha256:` and the digest of the public key's PEM, hex: short enough to read out.

    Raises:
        SignatureRefused: not a public key of a NIST curve.
    """
    return f"sha256:{hashlib.sha256(_pem(_public(public))).hexdigest()}"


def sign(name: str, parts: Mapping[str, bytes], private: bytes) -> bytes:
    """The signature file over all `parts`.

    Raises:
        UsageError: not a private key of a NIST curve.
    """
    key = _private(private)
    payload = msgspec.json.encode(_statement(name, parts))
    how = ec.ECDSA(_HASHES[key.curve.key_size](), deterministic_signing=True)  # RFC 6979
    signature = key.sign(_pae(payload), how)
    hint = hashlib.sha256(_pem(key.public_key())).hexdigest()
    return msgspec.json.encode(
        {
            "mediaType": _BUNDLE,
            "verificationMaterial": {"publicKey": {"hint": hint}, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": base64.b64encode(payload).decode(),
                "payloadType": _PAYLOAD,
                "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
            },
        }
    )


def verify(signature: bytes, parts: Mapping[str, bytes], public: bytes) -> None:
    """Return when the holder of the key has signed exactly these parts.

    Raises:
        SignatureRefused: a part was changed, added or taken away, or another key has signed.
    """
    key = _public(public)
    payload, given = _envelope(signature)
    try:
        key.verify(given, _pae(payload), ec.ECDSA(_HASHES[key.curve.key_size]()))
    except InvalidSignature as error:
        raise _refused("it is not by this key, or was changed") from error
    signed = _signed(payload)
    now = {name: hashlib.sha256(raw).hexdigest() for name, raw in parts.items()}
    wrong = sorted(name for name in signed.keys() | now.keys() if signed.get(name) != now.get(name))
    if wrong:
        raise _refused(f"not what was signed: {', '.join(wrong)}")


def _statement(name: str, parts: Mapping[str, bytes]) -> dict[str, Any]:
    digests = {part: hashlib.sha256(parts[part]).digest() for part in sorted(parts)}
    root = hashlib.sha256(b"".join(digests.values())).hexdigest()
    return {
        "_type": _STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": root}}],
        "predicateType": _PREDICATE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": [SIGNATURE],
            },
            "resources": [
                {"name": part, "algorithm": "sha256", "digest": digest.hex()}
                for part, digest in digests.items()
            ],
        },
    }


def _envelope(signature: bytes) -> tuple[bytes, bytes]:
    """The signed bytes and the signature on them."""
    try:
        envelope = msgspec.json.decode(signature)["dsseEnvelope"]
        if envelope["payloadType"] != _PAYLOAD or len(envelope["signatures"]) != 1:
            raise _refused("it is of another kind")
        payload = base64.b64decode(envelope["payload"], validate=True)
        return payload, base64.b64decode(envelope["signatures"][0]["sig"], validate=True)
    except (msgspec.DecodeError, KeyError, TypeError, IndexError, ValueError) as error:
        raise _refused("it cannot be read") from error


def _signed(payload: bytes) -> dict[str, str]:
    """SHA-256 by the name of the part."""
    try:
        said = msgspec.json.decode(payload)
        if said["predicateType"] != _PREDICATE:
            raise _refused("it is of another kind")
        listed = said["predicate"]["resources"]
        signed = {str(each["name"]): str(each["digest"]) for each in listed}
        alike = {each["algorithm"] for each in listed} == {"sha256"}
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise _refused("it cannot be read") from error
    if not alike or len(signed) != len(listed):
        raise _refused("it names a part twice, or by another digest than SHA-256")
    return signed


def _pae(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding."""
    kind = _PAYLOAD.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _private(pem: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(
            "the signing key is not a private key in PEM without a password",
            fix="openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out KEY.pem",
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.key_size not in _HASHES:
        raise UsageError(
            "the signing key is not on the curve P-256, P-384 or P-521",
            fix="openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out KEY.pem",
        )
    return key


def _public(pem: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _refused("its public key cannot be read as PEM") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.key_size not in _HASHES:
        raise _refused("its key is not on the curve P-256, P-384 or P-521")
    return key


def _pem(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _refused(because: str) -> SignatureRefused:
    return SignatureRefused(
        f"the signature does not hold: {because}",
        fix="ask its sender for the file and the key again; import nothing that nobody signed",
    )
