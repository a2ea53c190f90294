"""Print what a vLLM wheel needs, for pip: all but torch, which is chosen by hand, and its satellites.

torchvision, torchaudio and torchcodec read pictures and sound; to write code needs none of them.
"""

from __future__ import annotations

import email
import re
import sys
import zipfile
from pathlib import Path

LEFT_OUT = {"torch", "torchvision", "torchaudio", "torchcodec"}


def needs(wheel: Path) -> list[str]:
    """The requirements of a wheel, without its extras'."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    required: list[str] = metadata.get_all("Requires-Dist") or []
    return [
        one
        for one in required
        if "extra ==" not in one and re.split(r"[^\w.-]", one)[0] not in LEFT_OUT
    ]


if __name__ == "__main__":
    print("\n".join(needs(Path(sys.argv[1]))))
