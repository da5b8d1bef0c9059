"""What is learnt of the machine's network set-up."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from simulator.engines.host import host_settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".config/pip").mkdir(parents=True)
    return tmp_path


def test_pips_file_and_variables(home: Path) -> None:
    (home / ".config/pip/pip.conf").write_text(
        "[global]\nindex-url = https://mirror.example:8443/simple\nextra-index-url =\n  https://a.example/\n  https://b.example/\n"
        "[install]\nfind-links = /nowhere\n[list]\nformat = columns\n"
    )
    variables = {
        "PIP_INDEX_URL": "http://other.example:3141/root",
        "PIP_DEFAULT_TIMEOUT": "9",
        "PIP_REQUIRE_VIRTUALENV": "1",
    }
    settings = host_settings({**variables, "XDG_CONFIG_DIRS": str(home)}, home)
    assert settings.index_url == "http://other.example:3141/root"
    assert settings.extra_index_urls == ("https://a.example/", "https://b.example/")
    inside = settings.environment
    assert inside["PIP_INDEX_URL"] == "http://other.example:3141/root"
    assert inside["PIP_EXTRA_INDEX_URL"] == "https://a.example/ https://b.example/"
    assert inside["PIP_DEFAULT_TIMEOUT"] == "9"
    assert "PIP_REQUIRE_VIRTUALENV" not in inside
    assert "PIP_FORMAT" not in inside
    assert settings.ports == (80, 443, 3141)
    assert settings.mounts == {}


def test_no_settings(home: Path) -> None:
    settings = host_settings({"PIP_CONFIG_FILE": "/dev/null"}, home)
    assert settings.index_url is None
    assert settings.extra_index_urls == ()
    assert settings.ports == (80, 443)
    assert settings.proxies == {}
    assert settings.secrets == ()


def test_folders_that_indexes_name(home: Path) -> None:
    (home / "my index/simple").mkdir(parents=True)
    (home / "wheels").mkdir()
    variables = {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_EXTRA_INDEX_URL": f"file://{home}/my%20index/simple https://x.example/ file:///no/such/folder",
        "PIP_FIND_LINKS": f"{home}/wheels",
    }
    mounts = host_settings(variables, home).mounts
    assert mounts == {PurePosixPath(path): path for path in (home / "my index", home / "wheels")}


def test_other_clients(home: Path) -> None:
    (home / ".npmrc").write_text("fund=false\nregistry = https://npm.example:4873/\n//npm.example/:_authToken=secret\n")
    variables = {"PIP_CONFIG_FILE": "/dev/null", "UV_INDEX": "internal=https://user:pa%20ss@uv.example:9443/simple"}
    settings = host_settings(variables, home)
    assert settings.environment["NPM_CONFIG_REGISTRY"] == "https://npm.example:4873/"
    assert settings.environment["UV_INDEX"] == variables["UV_INDEX"]
    assert settings.ports == (80, 443, 4873, 9443)
    assert "secret" not in str(settings.environment)


def test_passwords_are_named_for_masking(home: Path) -> None:
    variables = {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_INDEX_URL": "https://user:hunter2@mirror.example/simple",
        "UV_INDEX": "internal=https://me:swordfish@uv.example/simple",
        "HTTPS_PROXY": "http://me:opensesame@proxy.example:3128",
    }
    assert set(host_settings(variables, home).secrets) >= {"hunter2", "opensesame", "swordfish"}


def test_the_bundle_that_is_named_first(home: Path) -> None:
    for name in ("pip", "requests", "ssl"):
        (home / name).write_text(name)
    variables = {"PIP_CONFIG_FILE": "/dev/null", "SSL_CERT_FILE": f"{home}/ssl"}
    assert host_settings(variables, home).ca_bundle == b"ssl"
    variables["REQUESTS_CA_BUNDLE"] = f"{home}/requests"
    assert host_settings(variables, home).ca_bundle == b"requests"
    variables["PIP_CERT"] = f"{home}/pip"
    assert host_settings(variables, home).ca_bundle == b"pip"
    assert b"BEGIN CERTIFICATE" in host_settings({"PIP_CONFIG_FILE": "/dev/null"}, home).ca_bundle


def test_proxies(home: Path) -> None:
    variables = {"HTTPS_PROXY": "http://upper.example", "https_proxy": "http://lower.example", "NO_PROXY": "a,b"}
    assert host_settings(variables, home).proxies == {"https_proxy": "http://lower.example", "no_proxy": "a,b"}
