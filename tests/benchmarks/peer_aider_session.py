"""Aider in a session like ours; run by Aider's own Python: `peer_aider_session.py ROOT URL MODEL`.

Reads the steps as one line of JSON, does them as Aider's user would (the file is in the chat, the
sentence says what to do), and prints `asked SECONDS` before the first and after each. An answer is one
token long, so Aider's chat history grows by its user's sentences only.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any


def sentence(step: dict[str, str]) -> str:
    """What a person would write."""
    name = step["line"].removeprefix("def ")
    if step["action"] == "docstring":
        return f"Write the docstring of {name}."
    return f"Rewrite {name}: {step['instruction']}."


def main(root: Path, url: str, model_name: str) -> None:
    """Open the chat, and do one step after the other."""
    os.environ |= {
        "OPENAI_API_BASE": url,
        "OPENAI_API_KEY": "none",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    steps: list[dict[str, str]] = json.loads(sys.stdin.readline())
    out = sys.stdout
    with contextlib.redirect_stdout(io.StringIO()), contextlib.chdir(root):
        model: Any = import_module("aider.models").Model(f"openai/{model_name}")
        model.edit_format = "diff"
        model.extra_params = {"max_tokens": 1}
        terminal: Any = import_module("aider.io").InputOutput(yes=True, pretty=False)
        coder: Any = import_module("aider.coders").Coder.create(
            main_model=model,
            io=terminal,
            fnames=[],
            auto_commits=False,
            dirty_commits=False,
            suggest_shell_commands=False,
            map_tokens=1_024,
        )
        print("asked 0", file=out, flush=True)
        for step in steps:
            file = root / step["file"]
            if step["old"]:
                text = file.read_text("utf-8").replace(step["old"], step["new"], 1)
                file.write_text(text, "utf-8")
            coder.abs_fnames.add(str(file))
            began = time.monotonic()
            coder.run(with_message=sentence(step))
            print(f"asked {time.monotonic() - began}", file=out, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
