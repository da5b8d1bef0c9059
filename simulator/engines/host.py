"""The network set-up of this machine that sandboxes share: package indexes, certificates, proxies.

Reads variables and pip's, uv's and npm's files; starts no program and knows no sandbox.
"""

from __future__ import annotations

import configparser
import os
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

_PIP_OPTIONS = (
    "index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "default-timeout", "timeout", "retries",
    "disable-pip-version-check", "prefer-binary", "only-binary", "no-binary", "pre", "use-deprecated", "use-feature",
)  # fmt: skip
_UV_VARIABLES = (
    "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX_STRATEGY",
    "UV_INSECURE_HOST", "UV_HTTP_TIMEOUT", "UV_NO_INDEX", "UV_PYTHON_DOWNLOADS", "UV_PYTHON_DOWNLOADS_JSON_URL",
    "UV_PYTHON_INSTALL_MIRROR", "UV_PYTHON_CPYTHON_BUILD",
)  # fmt: skip
_PASSWORD = re.compile(r"://[^/@\s:]*:([^/@\s]+)@")
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class HostSettings:
    """What a sandbox is to be given of this machine, and what the gateway is to know.

    `environment` and `mounts` are for a `SandboxSpec`; `ports` are those that a job may need. `ca_bundle` is PEM.
    `proxies` are named as curl names them (`https_proxy`). `index_url` None is the default index.
    """

    environment: Mapping[str, str]
    mounts: Mapping[PurePosixPath, Path]
    ports: Sequence[int]
    ca_bundle: bytes
    proxies: Mapping[str, str]
    index_url: str | None
    extra_index_urls: Sequence[str]

    @property
    def secrets(self) -> Sequence[str]:
        """The passwords in the addresses, as written and as decoded: what no log may show."""
        text = "\n".join((*self.environment.values(), *self.proxies.values()))
        written = dict.fromkeys(_PASSWORD.findall(text))
        return tuple(dict.fromkeys(password for word in written for password in (word, unquote(word))))


def host_settings(environment: Mapping[str, str] | None = None, home: Path | None = None) -> HostSettings:
    """Read the settings of the user who runs pysim."""
    variables = os.environ if environment is None else environment
    pip = _pip_options(variables, Path.home() if home is None else home)
    inside = {
        **{f"PIP_{name.upper().replace('-', '_')}": value for name, value in pip.items() if name in _PIP_OPTIONS},
        **{name: variables[name] for name in _UV_VARIABLES if name in variables},
        **_npm_registry(variables, Path.home() if home is None else home),
    }
    addresses = list(_addresses(inside))
    return HostSettings(
        environment=inside,
        mounts={PurePosixPath(path): path for path in _local_folders(addresses)},
        ports=tuple(sorted({80, 443, *_ports(addresses)})),
        ca_bundle=_ca_bundle(variables, pip.get("cert")),
        proxies=_proxies(variables),
        index_url=pip.get("index-url"),
        extra_index_urls=tuple(pip.get("extra-index-url", "").split()),
    )


def _pip_options(variables: Mapping[str, str], home: Path) -> Mapping[str, str]:
    """pip's settings by their long option, each from the last place that has it, as pip orders them."""
    options: dict[str, str] = {}
    for file in _pip_files(variables, home):
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, configparser.Error):
            continue
        for section in ("global", "install", "download"):
            if parser.has_section(section):
                options.update({name: " ".join(value.split()) for name, value in parser.items(section)})
    for name, value in variables.items():
        if name.startswith("PIP_") and value:
            options[name[4:].lower().replace("_", "-")] = value
    return options


def _pip_files(variables: Mapping[str, str], home: Path) -> Iterator[Path]:
    """pip's files, the least important first (pip documentation, "Configuration", "Location")."""
    named = variables.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    folders = (variables.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    yield from (Path(folder, "pip/pip.conf") for folder in folders)
    yield Path("/etc/pip.conf")
    yield home / ".pip/pip.conf"
    yield Path(variables.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf"
    if "VIRTUAL_ENV" in variables:
        yield Path(variables["VIRTUAL_ENV"]) / "pip.conf"
    if named:
        yield Path(named)


def _npm_registry(variables: Mapping[str, str], home: Path) -> Mapping[str, str]:
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if variables.get(name):
            return {"NPM_CONFIG_REGISTRY": variables[name]}
    try:
        text = (home / ".npmrc").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    found = re.search(r"(?m)^\s*registry\s*=\s*(\S+)", text)
    return {"NPM_CONFIG_REGISTRY": found[1].strip("\"'")} if found else {}


def _addresses(inside: Mapping[str, str]) -> Iterator[str]:
    """Every URL and path of the settings that name indexes; uv's may have a name before the URL."""
    for name, value in inside.items():
        if name.endswith(("INDEX", "INDEX_URL", "FIND_LINKS", "REGISTRY", "JSON_URL", "MIRROR")):
            yield from (re.sub(r"^[\w.-]+=(?=\w+:)", "", word) for word in re.split(r"[\s,]+", value) if word)


def _local_folders(addresses: Sequence[str]) -> Iterator[Path]:
    for address in addresses:
        path = Path(unquote(urlsplit(address).path)) if address.startswith("file:") else Path(address)
        if path.is_absolute() and path.exists():
            # The pages of an index in a folder link to files beside the folder.
            beside = address.startswith("file:") and path.name == "simple" and len(path.parts) > 2
            yield path.parent if beside else path


def _ports(addresses: Sequence[str]) -> Iterator[int]:
    for address in addresses:
        try:
            port = urlsplit(address).port
        except ValueError:
            continue
        if port:
            yield port


def _ca_bundle(variables: Mapping[str, str], pip_cert: str | None) -> bytes:
    """The bundle that pip and requests are told to use, else the system's, else certifi's."""
    named = (pip_cert, variables.get("REQUESTS_CA_BUNDLE"), variables.get("SSL_CERT_FILE"))
    for path in (*named, ssl.get_default_verify_paths().cafile, *_SYSTEM_BUNDLES):
        if path and Path(path).is_file():
            return Path(path).read_bytes()
    import certifi

    return Path(certifi.where()).read_bytes()


def _proxies(variables: Mapping[str, str]) -> Mapping[str, str]:
    """The lower-case name goes first, as in curl."""
    found = {name: variables.get(name) or variables.get(name.upper()) for name in _PROXY_VARIABLES}
    return {name: value for name, value in found.items() if value}
