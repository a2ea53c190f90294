"""What the tools of GPUs print, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["NVIDIA_QUERY", "Gpu", "Vendor", "parse_nvidia"]

NVIDIA_QUERY = (
    "nvidia-smi",
    "--query-gpu=index,name,memory.total,memory.used,compute_cap",
    "--format=csv,noheader,nounits",
)
_FIELDS = 5


class Vendor(StrEnum):
    """Who made a GPU."""

    NVIDIA = "NVIDIA"
    AMD = "AMD"


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU.

    Attributes:
        index: its number, as its driver counts.
        name: as its driver calls it.
        memory: in MiB.
        used: of that, by other programs now; in MiB.
        vendor: who made it.
        capability: NVIDIA's compute capability, as `(8, 9)`; `None` where it is not told.
    """

    index: int
    name: str
    memory: int
    used: int = 0
    vendor: Vendor = Vendor.NVIDIA
    capability: tuple[int, int] | None = None

    def __str__(self) -> str:
        gib = round(self.memory / 1024)
        busy = f", {self.used / 1024:.1f} GB in use" if self.used > self.memory // 20 else ""
        return f"{self.vendor} {self.name.removeprefix(f'{self.vendor} ')} ({gib} GB{busy})"


def parse_nvidia(printed: str) -> tuple[tuple[Gpu, ...], tuple[str, ...]]:
    """The GPUs that `NVIDIA_QUERY` printed, and the lines that could not be read."""
    gpus: list[Gpu] = []
    strange: list[str] = []
    for line in filter(None, map(str.strip, printed.splitlines())):
        gpu = _gpu([field.strip() for field in line.split(",")])
        if gpu is None:
            strange.append(line)
        else:
            gpus.append(gpu)
    return tuple(gpus), tuple(strange)


def _gpu(fields: list[str]) -> Gpu | None:
    """One line. Drivers write `[N/A]` or `[Not Supported]` for what they do not know."""
    if len(fields) != _FIELDS:
        return None
    index, name, memory, used, capability = fields
    if not (index.isdecimal() and memory.isdecimal()):
        return None
    major, _, minor = capability.partition(".")
    known = (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else None
    return Gpu(
        index=int(index),
        name=name if name.isprintable() else "GPU",
        memory=int(memory),
        used=int(used) if used.isdecimal() else 0,
        capability=known,
    )
