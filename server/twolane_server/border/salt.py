"""What keeps cached prefixes of code under NDA apart from all others on a shared vLLM.

vLLM reuses the work on a prompt's beginning for whoever sends the same one. From how fast an answer
comes, or from `cached_tokens`, others who may use that server could find out what was sent there
before. With a `cache_salt` only requests with the same salt share. Code under NDA gets one that
its user alone knows: it stays the same from one start of the editor to the next, so that the cache is
of use. Open code gets none, and shares with everybody who uses the server.
"""

from __future__ import annotations

import secrets
from hashlib import blake2b
from typing import TYPE_CHECKING

from twolane_server.border.print_store import read_key
from twolane_server.fragments import Label

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["salt_for"]

_KEY = "cache-salt.key"


def salt_for(label: Label, state: Path) -> str | None:
    """The salt for a prompt with a label; `None` for open ones. Reads the disk.

    Args:
        label: the prompt's.
        state: the state folder, where the user's key is; made at first use. Where it cannot be,
            each request has a salt of its own, and nothing is shared.
    """
    if label is Label.OPEN:
        return None
    try:
        key = read_key(state / _KEY)
    except OSError:
        key = secrets.token_bytes(32)
    return blake2b(b"nda", key=key, digest_size=16).hexdigest()
