"""JSON schemas of what a person may write, for editors that complete and check TOML.

`python -m twolane_server.settings.schema` writes them beside this file; a test finds drift.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.settings.sent import SentPolicy, SentSettings

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["schemas", "write"]

_MODELS: dict[str, type[BaseModel]] = {
    "settings.schema.json": SentSettings,
    "twolane.schema.json": SentPolicy,
}


def schemas() -> dict[str, str]:
    """The file names and the text of each schema."""
    return {
        name: json.dumps(
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                **model.model_json_schema(),
            },
            indent=2,
        )
        + "\n"
        for name, model in _MODELS.items()
    }


def write(folder: Path) -> None:
    """Write the schemas into `folder`.

    Raises:
        OSError: it cannot be written to.
    """
    for name, text in schemas().items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent)
