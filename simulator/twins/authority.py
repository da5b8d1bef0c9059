"""The certificate authority of this installation, which sandboxes alone trust. Knows no socket and no protocol."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from pathlib import Path

import trustme

from simulator.errors import TwinError
from simulator.twins.hosts import certificate_names

KEY_FILE = "authority.pem"


class Authority:
    """A certificate authority; make one with `Authority.load`."""

    def __init__(self, authority: trustme.CA) -> None:
        self._authority = authority

    @classmethod
    def load(cls, folder: Path) -> Authority:
        """The authority kept in `folder`, made on first use. Raises TwinError when the file there is no authority."""
        path = folder / KEY_FILE
        try:
            if not path.exists():
                made = trustme.CA(organization_name="pysim", organization_unit_name="pysim on this machine")
                keep_secret(path, made.cert_pem.bytes() + made.private_key_pem.bytes())
            pem = path.read_bytes()
            return cls(trustme.CA.from_pem(pem, pem))
        except (OSError, ValueError) as error:
            raise TwinError(f"Cannot read pysim's certificate authority: {error}", hint=f"Remove {path}.") from error

    @property
    def certificate(self) -> bytes:
        """The authority's own certificate, PEM."""
        return self._authority.cert_pem.bytes()

    def server_context(self, *hosts: str) -> ssl.SSLContext:
        """A TLS server's settings, with a new certificate for some hosts or all of the twins; HTTP/1.1 only."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["http/1.1"])
        leaf = self._authority.issue_cert(*(hosts or certificate_names()), organization_name="pysim")
        leaf.configure_cert(context)
        return context


def keep_secret(path: Path, content: bytes) -> None:
    """Write keys for their owner alone; of two processes that do so at once, the first one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
