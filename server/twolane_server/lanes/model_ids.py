"""Which of a server's models is meant by the name in the settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from twolane_server.errors import ModelMissing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_server.lanes.failures import Peer

_SHOWN = 10
_LONGEST = 100


def pick(wanted: str, ids: Sequence[str], peer: Peer) -> str:
    """The one id that `wanted` names: exactly, but for case, or as a part of it.

    Parts are compared without case and punctuation, so that `Qwen3-Coder` fits
    `Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8`.

    Raises:
        ModelMissing: none fits, or several do. Names the ids that exist.
    """
    if wanted in ids:
        return wanted
    there = list(dict.fromkeys(ids))
    for fits in (
        [one for one in there if one.casefold() == wanted.casefold()],
        [one for one in there if _bare(wanted) and _bare(wanted) in _bare(one)],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise ModelMissing(
                f"{wanted} fits several models at {peer.host}: {_listed(fits)}. Write one of them"
                f" into {peer.lane}.model in the settings."
            )
    if not there:
        raise ModelMissing(f"{peer.host} has no model loaded. Load {wanted} there.")
    raise ModelMissing(
        f"{peer.host} has no model {wanted}; it has {_listed(there)}. Write one of them into"
        f" {peer.lane}.model in the settings."
    )


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())


def _listed(ids: Sequence[str]) -> str:
    shown = [one if one.isprintable() else ascii(one) for one in ids[:_SHOWN]]
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return ", ".join(name[:_LONGEST] for name in shown) + more
