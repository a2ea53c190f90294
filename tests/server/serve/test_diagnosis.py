"""What went wrong, from messages of real runs.

Those without a GPU were recorded with vLLM 0.32.0 on a processor, the others are from reports of the
projects that print them (vLLM, PyTorch, CUDA, huggingface_hub, transformers).
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twolane_server.serve.diagnosis import diagnose

CORE = "(EngineCore pid=7780) ERROR 11-26 12:00:29 [core.py:718] "

MESSAGES = [
    (
        (
            'File "launcher.py", line 348, in create_server_socket\n    sock.bind(addr)\n'
            "OSError: [Errno 98] Address already in use"
        ),
        "The port is in use by another program.",
    ),
    ("/v/bin/python: No module named vllm", "vLLM is not installed in that Python."),
    ("ModuleNotFoundError: No module named 'vllm'", "vLLM is not installed in that Python."),
    (
        "importlib.metadata.PackageNotFoundError: No package metadata was found for vllm",
        "This is vLLM's build for processors, whose own `vllm` command fails.",
    ),
    (
        (
            "RuntimeError: The NVIDIA driver on your system is too old (found version 12080). Please"
            " update your GPU driver by downloading and installing a new version"
        ),
        "The NVIDIA driver is too old for this vLLM: it can do CUDA 12.8 at most.",
    ),
    (
        "RuntimeError: CUDA driver version is insufficient for CUDA runtime version",
        "The NVIDIA driver is too old for the CUDA version that this vLLM was built for.",
    ),
    (
        (
            f"{CORE}RuntimeError: Unexpected error from cudaGetDeviceCount(). Did you run some cuda"
            " functions before calling NumCudaDevices() that might have already set an error? Error"
            " 803: system has unsupported display driver / cuda driver combination"
        ),
        "The NVIDIA driver and its libraries are of different versions.",
    ),
    (
        (
            "RuntimeError: Unexpected error from cudaGetDeviceCount(). Did you run some cuda functions"
            " before calling NumCudaDevices()? Error 802: system not yet initialized"
        ),
        "The GPUs are not ready: their fabric manager does not run.",
    ),
    (
        "ImportError: libcudart.so.13: cannot open shared object file: No such file or directory",
        "This vLLM was built for another CUDA version than the one that is installed with it.",
    ),
    (
        "ImportError: /v/vllm/_C.abi3.so: undefined symbol: _ZN3c104cuda9SetDeviceEa",
        "This vLLM was built for another PyTorch than the one that is installed with it.",
    ),
    (
        (
            f"{CORE}torch.AcceleratorError: CUDA error: no kernel image is available for execution on"
            " the device"
        ),
        "This vLLM has no code for GPUs of this age.",
    ),
    (
        (
            "RuntimeError: Failed to infer device type, please set the environment variable"
            " `VLLM_LOGGING_LEVEL=DEBUG` to turn on verbose logging to help debug the issue."
        ),
        "vLLM finds no GPU, and it is not the build for processors.",
    ),
    (
        "RuntimeError: No CUDA GPUs are available",
        "vLLM finds no GPU, and it is not the build for processors.",
    ),
    (
        (
            f"{CORE}ValueError: To serve at least one request with the model's max seq len (65536),"
            " (6.0 GiB KV cache is needed, which is larger than the available KV cache memory (3.12"
            " GiB). Based on the available memory, the estimated maximum model length is 34048. Try"
            " increasing `gpu_memory_utilization` or decreasing `max_model_len`"
        ),
        (
            "The window of 65536 tokens needs 6.0 GB for the cache, and there are 3.12. Take a smaller"
            " one with --window 34048."
        ),
    ),
    (
        (
            "ValueError: The model's max seq len (131072) is larger than the maximum number of tokens"
            " that can be stored in KV cache (67456). Try increasing `gpu_memory_utilization`"
        ),
        "The window of 131072 tokens does not fit beside the model; 67456 would.",
    ),
    (
        (
            "ValueError: Free memory on device (31.44/47.38 GiB) on startup is less than desired GPU"
            " memory utilization (0.95, 45.01 GiB). Decrease GPU memory utilization or reduce GPU"
            " memory used by other processes."
        ),
        "Other programs use the GPU: 31.44 of 47.38 GB are free.",
    ),
    (
        (
            "ValueError: Free memory on device cuda:0 (19.77/22.05 GiB) on startup is less than desired"
            " GPU memory utilization (0.9, 19.84 GiB)."
        ),
        "Other programs use the GPU: 19.77 of 22.05 GB are free.",
    ),
    (
        (
            "engine.py:366] ValueError: No available memory for the cache blocks. Try increasing"
            " `gpu_memory_utilization` when initializing the engine."
        ),
        "The model leaves no memory for the cache.",
    ),
    (
        (
            "RuntimeError: Worker failed with error 'Available memory on node 0 (14.13/16.71 GiB) on kv"
            " cache allocation is less than requested memory for kv (200.0 GiB). Decrease"
            " --kv-cache-memory-bytes, VLLM_CPU_KVCACHE_SPACE, or reduce CPU memory used by other"
            " processes.', please check the stack trace above for the root cause"
        ),
        "There is not enough memory without a GPU: 14.13 of 16.71 GB are free.",
    ),
    (
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 350.00 MiB. GPU 0 has a total"
            " capacity of 23.68 GiB of which 212.81 MiB is free."
        ),
        "The GPU's memory does not suffice.",
    ),
    (
        (
            "RuntimeError: [enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't"
            " allocate memory: you tried to allocate 22020096 bytes."
        ),
        "The machine's memory does not suffice.",
    ),
    (
        (
            "OSError: You are trying to access a gated repo.\nMake sure to have access to it at"
            " https://huggingface.co/meta-llama/Llama-3.2-1B-Instruct.\n401 Client Error."
        ),
        "The model's owner wants to know who fetches it (a gated model).",
    ),
    (
        (
            "huggingface_hub.errors.LocalEntryNotFoundError: Cannot find an appropriate cached snapshot"
            " folder for the specified revision on the local disk and outgoing traffic has been"
            " disabled. To enable repo look-ups and downloads online, pass 'local_files_only=False'"
        ),
        "The model's files are not all on this machine, and vLLM was told to fetch nothing.",
    ),
    (
        (
            "huggingface_hub.errors.HFValidationError: Repo id must be in the form 'repo_name' or"
            " 'namespace/repo_name': '/nowhere/model'. Use `repo_type` argument if needed."
        ),
        "There is no such model: neither a folder of that name, nor one on the hub.",
    ),
    (
        (
            "OSError: a/b is not a local folder and is not a valid model identifier listed on"
            " 'https://huggingface.co/models'"
        ),
        "There is no such model: neither a folder of that name, nor one on the hub.",
    ),
    (
        (
            "OSError: We couldn't connect to 'https://huggingface.co' to load the files, and couldn't"
            " find them in the cached files.\nCheck your internet connection"
        ),
        "The model's files cannot be fetched: the hub cannot be reached.",
    ),
    ("OSError: [Errno 28] No space left on device", "The disk is full."),
    (
        (
            "(Worker pid=1) ERROR [multiproc_executor.py:953] safetensors._safetensors_rust.Safetensor"
            "Error: Error while deserializing header: incomplete metadata, file not fully covered"
        ),
        "A file of the model is damaged or not whole.",
    ),
    (
        "PermissionError: [Errno 13] Permission denied: '/data/hub/.locks'",
        "vLLM may not read or write one of its files.",
    ),
    (
        (
            f"{CORE}ValueError: The output_size of gate's and up's weight = 192 is not divisible by"
            " weight quantization block_n = 128."
        ),
        "The model's FP8 blocks cannot be cut over so many GPUs.",
    ),
    (
        (
            "  Value error, Total number of attention heads (9) must be divisible by tensor parallel"
            " size (2). [type=value_error, input_value=ArgsKwargs((), {'model_co..."
        ),
        "The model's 9 attention heads cannot be cut over 2 GPUs.",
    ),
    (
        "ValueError: World size (4) is larger than the number of available GPUs (2) in this node.",
        "vLLM was to use more GPUs than it sees.",
    ),
    (
        (
            "  Value error, User-specified max_model_len (65536) is greater than the derived"
            " max_model_len (max_position_embeddings=8192.0 or model_max_length=None in model's"
            " config.json). To allow overriding this maximum, set the env var"
        ),
        "The model holds 8192 tokens at most, and 65536 are wanted.",
    ),
    (
        (
            "ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0."
            " Your Tesla T4 GPU has compute capability 7.5. You can use float16 instead"
        ),
        "These GPUs cannot compute in bfloat16.",
    ),
    (
        (
            "ValueError: The quantization method fp8 is not supported for the current GPU. Minimum"
            " capability: 75. Current capability: 70."
        ),
        "These GPUs cannot read weights of the kind fp8.",
    ),
    (
        (
            "  Value error, Model architectures ['NoSuchForCausalLM'] are not supported for now."
            " Supported architectures: dict_keys(['AfmoeForCausalLM', 'ApertusForCausalLM',"
        ),
        "This vLLM does not know the model's architecture.",
    ),
    (
        "KeyError: 'invalid tool call parser: qwen9 (chose from { apertus,cohere_command3,hermes,",
        "This vLLM has no tool parser qwen9.",
    ),
    (
        "api_server.py: error: unrecognized arguments: --no-such-flag 3",
        "This vLLM does not know the flag --no-such-flag.",
    ),
    (
        "api_server.py: error: argument --port: invalid int value: 'x'",
        "vLLM does not take the value of --port.",
    ),
    (
        "RuntimeError: NCCL error: unhandled system error (run with NCCL_DEBUG=INFO for details)",
        "The GPUs cannot talk to one another (NCCL).",
    ),
]


@pytest.mark.parametrize(("message", "told"), MESSAGES)
def test_messages(message: str, told: str) -> None:
    lines = ["INFO something", *message.split("\n"), "RuntimeError: Engine core failed. See above."]
    found = diagnose(lines, 1)
    assert str(found).startswith(told)
    assert found.fix.endswith(".")
    assert "{" not in str(found)


def test_every_message_is_told_apart_from_what_is_unknown() -> None:
    unknown = diagnose(["something else"], 1)
    assert unknown.what == "vLLM ended for a reason that twolane does not know."
    assert all(diagnose([message], 1).what != unknown.what for message, _ in MESSAGES)


@pytest.mark.parametrize("status", [-9, 137])
def test_killed_from_outside(status: int) -> None:
    assert "memory was used up" in diagnose([], status).what


@given(st.lists(st.text(), max_size=5), st.none() | st.integers(-64, 255))
def test_whatever_it_prints_there_is_an_answer(lines: list[str], status: int | None) -> None:
    found = diagnose(lines, status)
    assert found.what
    assert found.fix


def test_a_long_log_takes_no_time() -> None:
    lines = ["max seq len (1) " * 50, "GiB KV cache is needed " * 50] * 200
    assert diagnose(lines, 1).what.endswith("does not know.")
