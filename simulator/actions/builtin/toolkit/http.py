"""HTTP with the sandbox's certificates. Knows no service."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import requests

BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
CONNECT_TIMEOUT = 10.0


def session() -> requests.Session:
    """A session that trusts what the sandbox trusts: its certificate variables, else its certificate store."""
    opened = requests.Session()
    opened.verify = bundle() or True
    opened.trust_env = True
    return opened


def bundle() -> str:
    """The file of the certificates that the sandbox trusts, "" when it has none."""
    named = [os.environ.get(name, "") for name in BUNDLE_VARIABLES]
    found = [*named, ssl.get_default_verify_paths().cafile or "", "/etc/ssl/certs/ca-certificates.crt"]
    return next((path for path in found if path and Path(path).is_file()), "")
