"""Where a model's files are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support_repository import put
from twolane_server.errors import CannotServe
from twolane_server.serve.weights import find_weights, model_in

if TYPE_CHECKING:
    from pathlib import Path

CODER = "Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8"
CONFIG = {
    "architectures": ["Qwen3MoeForCausalLM"],
    "num_hidden_layers": 48,
    "num_attention_heads": 32,
    "num_key_value_heads": 4,
    "hidden_size": 2048,
    "head_dim": 128,
    "max_position_embeddings": 262_144,
    "quantization_config": {"quant_method": "fp8"},
}


def snapshot(cache: Path, *files: str) -> Path:
    """A model in Hugging Face's cache whose index names two files of weights."""
    folder = cache / "models--Qwen--Qwen3-Coder-30B-A3B-Instruct-FP8" / "snapshots" / "abc"
    weights = {"a": "model-1.safetensors", "b": "model-2.safetensors"}
    put(folder / "model.safetensors.index.json", json.dumps({"weight_map": weights}))
    for file in files:
        put(folder / file)
    return folder


def test_a_folder(tmp_path: Path) -> None:
    found = find_weights(str(tmp_path), {})
    assert (found.here, found.place, found.source) == (True, tmp_path.resolve(), "")


@pytest.mark.parametrize("name", ["/nowhere/model", "./nowhere", "~/no-such-folder-at-all"])
def test_a_folder_that_is_not_there(name: str) -> None:
    with pytest.raises(CannotServe, match="There is no folder"):
        find_weights(name, {})


@pytest.mark.parametrize(
    ("files", "whole"),
    [
        (("config.json", "model-1.safetensors", "model-2.safetensors"), True),
        (("config.json", "model-1.safetensors"), False),
        (("model-1.safetensors", "model-2.safetensors"), False),
    ],
)
def test_the_cache_counts_only_when_it_is_whole(
    tmp_path: Path, files: tuple[str, ...], *, whole: bool
) -> None:
    snapshot(tmp_path, *files)
    found = find_weights(CODER, {"HF_HUB_CACHE": str(tmp_path)})
    assert (found.here, found.place) == (whole, tmp_path)
    assert found.source == ("" if whole else f"https://huggingface.co/{CODER}")


def test_an_index_that_cannot_be_read_is_not_whole(tmp_path: Path) -> None:
    folder = snapshot(tmp_path, "config.json")
    for broken in ("", "[]", '{"weight_map": 3}'):
        put(folder / "model.safetensors.index.json", broken)
        assert not find_weights(CODER, {"HF_HUB_CACHE": str(tmp_path)}).here


@pytest.mark.parametrize(
    ("environ", "place", "source"),
    [
        ({"HOME": "/h"}, "/h/.cache/huggingface/hub", "https://huggingface.co/a/b"),
        ({"HF_HOME": "/x"}, "/x/hub", "https://huggingface.co/a/b"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub", "https://huggingface.co/a/b"),
        ({"HF_HUB_CACHE": "/y", "HF_HOME": "/x"}, "/y", "https://huggingface.co/a/b"),
        ({"HOME": "/h", "HF_ENDPOINT": "https://mirror.test/"}, None, "https://mirror.test/a/b"),
        (
            {"HOME": "/h", "VLLM_USE_MODELSCOPE": "True"},
            "/h/.cache/modelscope",
            "https://modelscope.cn/models/a/b",
        ),
    ],
)
def test_where_it_would_be_fetched_from_and_to(
    environ: dict[str, str], place: str | None, source: str
) -> None:
    found = find_weights("a/b", environ)
    assert (found.here, found.source) == (False, source)
    assert place in {None, str(found.place)}


def test_what_a_folder_tells(tmp_path: Path) -> None:
    put(tmp_path / "config.json", json.dumps(CONFIG))
    put(tmp_path / "model-1.safetensors", b"\0" * 3_000_000)
    put(tmp_path / "model-2.safetensors", b"\0" * 1_000_000)
    model = model_in(tmp_path)
    assert model is not None
    assert (model.weights, model.token, model.heads, model.window) == (0.004, 96, 4, 262_144)
    assert (model.tool_parser, model.quantized) == ("qwen3_coder", True)
    put(tmp_path / "config.json", json.dumps(CONFIG | {"head_dim": None, "architectures": []}))
    narrow = model_in(tmp_path)
    assert narrow is not None
    assert (narrow.token, narrow.tool_parser) == (48, "")  # 2048 / 32 instead of 128


@pytest.mark.parametrize("config", [None, "", "[]", "{}", '{"num_hidden_layers": "many"}'])
def test_a_folder_that_tells_nothing(tmp_path: Path, config: str | None) -> None:
    if config is not None:
        put(tmp_path / "config.json", config)
    assert model_in(tmp_path) is None
