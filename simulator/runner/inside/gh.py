"""`gh` with the root of trust of this rehearsal for `gh attestation verify`; everything else goes to GitHub's own `gh`.

What a rehearsal attests is signed under pysim's own root, which `gh` takes by an option. Who gives one is left alone.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

TRUST = "https://fulcio.sigstore.dev/pysim/client-trust-config.json"
OPTION = "--custom-trusted-root"
OTHERS = (OPTION, "--bundle-from-oci", "--help")


def wants_root(words: Sequence[str]) -> bool:
    """Whether a command line verifies attestations with the public root of trust."""
    verifies = list(words[:2]) in (["attestation", "verify"], ["at", "verify"])
    return verifies and not any(word.partition("=")[0] in OTHERS for word in words)


def trusted_root() -> Path:
    """A file with the root of trust, a JSON document a line as `gh` reads it."""
    with urllib.request.urlopen(TRUST, timeout=30) as answer:
        root = json.load(answer)["trustedRoot"]
    path = Path(os.environ.get("RUNNER_TEMP", "/tmp"), f"pysim-trusted-root-{os.getpid()}.jsonl")  # noqa: S108
    path.write_text(json.dumps(root) + "\n", encoding="utf-8")
    return path


def main(words: Sequence[str]) -> None:
    """Become `gh`."""
    here = Path(sys.argv[0]).resolve().parent
    folders = [each for each in os.environ.get("PATH", "").split(os.pathsep) if Path(each).resolve() != here]
    program = shutil.which("gh", path=os.pathsep.join(folders))
    if program is None:
        sys.stderr.write("gh: command not found\n")
        sys.exit(127)
    more = [OPTION, str(trusted_root())] if wants_root(words) else []
    os.execv(program, ["gh", *words, *more])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
