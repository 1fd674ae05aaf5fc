"""A self-signed certificate for the local servers: valid for localhost and 127.0.0.1, its own authority."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """PEM files: what the server presents, its private key, and what a client that verifies must trust."""

    cert_file: Path
    key_file: Path
    ca_file: Path


def make_certificate(folder: Path, host: str = "localhost") -> Certificate:
    """Write cert.pem, key.pem and ca.pem into the folder (created when missing) and return their paths.

    It is for `host`, and for 127.0.0.1 where that is localhost.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = _self_signed(key, host).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    made = Certificate(folder / "cert.pem", folder / "key.pem", folder / "ca.pem")
    made.cert_file.write_bytes(public)
    made.ca_file.write_bytes(public)
    made.key_file.touch(mode=0o600)
    made.key_file.write_bytes(private)
    return made


def _self_signed(key: rsa.RSAPrivateKey, host: str) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.timezone.utc)
    hosts: list[x509.GeneralName] = [x509.DNSName(host)]
    if host == "localhost":
        hosts.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
