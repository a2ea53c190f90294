"""Where a model's files are: in a folder, in Hugging Face's cache, or still to be fetched."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from twolane_server.errors import CannotServe
from twolane_server.serve.models import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Weights", "find_weights", "model_in"]

_HUB = "https://huggingface.co"
_MODELSCOPE = "https://modelscope.cn"
_TRUE = {"1", "true", "yes", "on"}
_BYTES_PER_NUMBER = 2


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's files.

    Attributes:
        here: whether all of them are on this machine.
        place: the folder; where they are not here, the one that they would be fetched into.
        source: from where vLLM would fetch them; empty where they are here.
    """

    here: bool
    place: Path
    source: str = ""


def find_weights(model: str, environ: Mapping[str, str]) -> Weights:
    """Where the files of a model are. Reads the disk and asks nobody.

    Args:
        model: a folder, or a name as on Hugging Face.
        environ: tells where the cache is and from where vLLM fetches, as `huggingface_hub` reads it.

    Raises:
        CannotServe: the model is named as a folder, and none is there.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return Weights(here=True, place=folder.resolve())
    if folder.is_absolute() or model.startswith((".", "~")):
        raise CannotServe(f"There is no folder {model}. Correct --model.")
    if environ.get("VLLM_USE_MODELSCOPE", "").lower() in _TRUE:
        place = Path(environ.get("MODELSCOPE_CACHE") or _home(environ) / ".cache" / "modelscope")
        return Weights(here=False, place=place, source=f"{_MODELSCOPE}/models/{model}")
    cache = _cache(environ)
    if _whole(cache / f"models--{model.replace('/', '--')}"):
        return Weights(here=True, place=cache)
    hub = (environ.get("HF_ENDPOINT") or _HUB).rstrip("/")
    return Weights(here=False, place=cache, source=f"{hub}/{model}")


def model_in(folder: Path) -> Model | None:
    """What a model in a folder weighs and needs; `None` where its `config.json` does not tell."""
    try:
        told: object = json.loads((folder / "config.json").read_text("utf-8"))
        sizes = [file.stat().st_size for file in folder.glob("*.safetensors")]
    except (OSError, ValueError):
        return None
    config = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    names_of = ("num_hidden_layers", "num_key_value_heads", "max_position_embeddings")
    layers, heads, window = (_number(config.get(name)) for name in names_of)
    width = _number(config.get("head_dim")) or _number(config.get("hidden_size")) // max(
        1, _number(config.get("num_attention_heads"))
    )
    if not (layers and heads and window and width):
        return None
    names = cast("list[str]", config.get("architectures") or [])
    return Model(
        str(folder),
        sum(sizes) / 1e9,
        2 * layers * heads * width * _BYTES_PER_NUMBER / 1024,
        heads,
        window,
        "qwen3_coder" if any(name.startswith("Qwen3Moe") for name in names) else "",
        quantized="quantization_config" in config,
    )


def _number(value: object) -> int:
    return value if type(value) is int and value > 0 else 0


def _cache(environ: Mapping[str, str]) -> Path:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if environ.get(name):
            return Path(environ[name]).expanduser()
    if environ.get("HF_HOME"):
        return Path(environ["HF_HOME"]).expanduser() / "hub"
    top = environ.get("XDG_CACHE_HOME") or _home(environ) / ".cache"
    return Path(top) / "huggingface" / "hub"


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or Path.home())


def _whole(repository: Path) -> bool:
    """Whether some snapshot in the cache has a configuration and every file of weights."""
    return any(map(_snapshot_is_whole, repository.glob("snapshots/*")))


def _snapshot_is_whole(folder: Path) -> bool:
    if not (folder / "config.json").exists():
        return False
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        return any(folder.glob("*.safetensors"))
    try:
        files: dict[str, str] = json.loads(index.read_text("utf-8"))["weight_map"]
        return all((folder / name).exists() for name in set(files.values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
