"""What a killed index leaves: every file that it took, no half one, and no name that is used up for nothing."""

from __future__ import annotations

import gc
import io
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from simulator.indexes import indexes
from simulator.twins.pypi.store import Store

from .desk import Desk
from .distributions import Form, wheel
from .driving import Rig

KILLS = 30  # of the thousand and more that `python -m tests.twins.crashing FOLDER 100000` tries, one a line


def test_killed_anywhere_it_has_what_it_took_and_takes_the_rest(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.twins.crashing", str(tmp_path), str(KILLS)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= KILLS - 5


def test_who_opens_a_store_alone_removes_what_a_crash_left(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        assert desk.upload(Form(), desk.user_token()).status_code == 200
    del desk
    gc.collect()
    leftovers = [tmp_path / "staging" / "tmpabc", tmp_path / "packages" / "demo-9.tar.gz"]
    for path in leftovers:
        path.write_bytes(b"half")
    store = Store(tmp_path)
    assert not any(path.exists() for path in leftovers)
    assert (store.packages / Form().filename).read_bytes() == Form().content


def test_who_opens_a_store_that_is_in_use_removes_nothing(tmp_path: Path) -> None:
    first = Store(tmp_path)
    staged = first.stage(io.BytesIO(b"a file that is being judged"))
    Store(tmp_path)
    assert staged.path.read_bytes() == b"a file that is being judged"
    del first
    Store(tmp_path)
    assert not staged.path.exists()


def test_a_file_that_breaks_off_while_it_is_received_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError("No space left on device")
            return super().read(3)

    store = Store(tmp_path)
    with pytest.raises(OSError, match="No space"):
        store.stage(Broken(b"abcdef"))
    assert not any((tmp_path / "staging").iterdir())


def test_of_many_uploads_at_once_one_has_the_name(rig: Rig) -> None:
    job, token = rig.job(), rig.twins.upload_token("pypi")
    forms = [Form(content=wheel(body=f"number = {number}\n")) for number in range(8)]

    trust = ssl.create_default_context(cafile=str(job.ca_file))

    def send(form: Form) -> int:
        with httpx.Client(proxy=job.proxy, verify=trust, trust_env=False, timeout=60) as client:
            url, auth = indexes()["pypi"].upload_url, ("__token__", token)
            return client.post(url, data=form.data, files=form.files, auth=auth).status_code

    with ThreadPoolExecutor(len(forms)) as threads:
        statuses = list(threads.map(send, forms))
    assert sorted(statuses) == [200, *[400] * 7]
    (file,) = rig.twins.published()
    assert file.path.read_bytes() == forms[statuses.index(200)].content
    assert not any((rig.settings.folder / "index" / "pypi" / "staging").iterdir())
