"""Which models a server has, and which of them is meant by a name in the settings."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from twolane_server.errors import AnswerIncomplete, ModelMissing
from twolane_server.lanes.shapes import as_list, as_object, parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twolane_server.lanes.failures import Peer

# vLLM's and SGLang's name for a model's window in tokens, and those of relays.
_WINDOWS = ("max_model_len", "context_length", "context_window", "max_context_length")
_SHOWN = 10
_LONGEST = 100


class Models:
    """The models of one server, as it listed them last.

    Args:
        peer: the server, in words.
        own: the lane's own model by its name in the settings; all others belong to actions.

    Attributes:
        listed: the ids, each with its window in tokens where the server tells it.
        vllm: those of them that vLLM serves, by its own word.
    """

    def __init__(self, peer: Peer, own: str) -> None:
        self._peer = peer
        self._own = own
        self._ids: dict[str, str] = {}
        self.listed: dict[str, int | None] = {}
        self.vllm: frozenset[str] = frozenset()

    def take(self, raw: bytes) -> None:
        """Read a server's list.

        Raises:
            AnswerIncomplete: it is none.
        """
        entries = as_list((as_object(parsed(raw)) or {}).get("data"))
        if entries is None:
            raise AnswerIncomplete(
                f"{self._peer.host} sent no list of models. Check {self._peer.lane}.url in the"
                " settings."
            )
        self.forget()  # what was true before is not, if nothing fits now
        self.listed, self.vllm = _read(entries)

    def forget(self) -> None:
        """The server's models may have changed."""
        self.listed, self.vllm = {}, frozenset()
        self._ids.clear()

    def known(self, wanted: str) -> str | None:
        """The id that a name in the settings means; `None` if the list at hand has none."""
        if wanted not in self._ids and self.listed:
            with suppress(ModelMissing):
                return self.pick(wanted)
        return self._ids.get(wanted)

    def pick(self, wanted: str) -> str:
        """The same, or an error that names those that exist.

        Raises:
            ModelMissing: none fits, or several do.
        """
        lane = self._peer.lane
        setting = f"{lane}.model" if wanted == self._own else f"the action's {lane}_model"
        self._ids[wanted] = pick(wanted, tuple(self.listed), self._peer, setting)
        return self._ids[wanted]


def _read(entries: list[Any]) -> tuple[dict[str, int | None], frozenset[str]]:
    """The ids, each with its window, and those that vLLM serves."""
    found: dict[str, int | None] = {}
    vllm: set[str] = set()
    for entry in entries:
        model = as_object(entry) or {}
        windows = [one for name in _WINDOWS if type(one := model.get(name)) is int and one > 0]
        if isinstance(name := model.get("id"), str):
            found[name] = min(windows, default=None)
            if model.get("owned_by") == "vllm":
                vllm.add(name)
    return found, frozenset(vllm)


def pick(wanted: str, ids: Sequence[str], peer: Peer, setting: str) -> str:
    """The one id that `wanted` names: exactly, but for case, as a whole name, or as a part of it.

    Names and parts are compared without case and punctuation, so that `Qwen3-Coder` fits
    `Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8`. Of a name, who is named before the slash may be left
    out: `deepseek-v3.2` is `deepseek/deepseek-v3.2` also where `deepseek/deepseek-v3.2-exp` is.

    Args:
        wanted: the model as the settings name it.
        ids: those that exist.
        peer: where they are.
        setting: the key in the settings, for the sentence.

    Raises:
        ModelMissing: none fits, or several do. Names the ids that exist.
    """
    if wanted in ids:
        return wanted
    there = list(dict.fromkeys(ids))
    bare = _bare(wanted)
    for fits in (
        [one for one in there if one.casefold() == wanted.casefold()],
        [one for one in there if bare and bare in {_bare(one), _bare(one.rpartition("/")[2])}],
        [one for one in there if bare and bare in _bare(one)],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise ModelMissing(
                f"{wanted} fits several models at {peer.host}: {_listed(fits)}. Write one of them"
                f" into {setting} in the settings."
            )
    if not there:
        raise ModelMissing(f"{peer.host} has no model loaded. Load {wanted} there.")
    raise ModelMissing(
        f"{peer.host} has no model {wanted}; it has {_listed(there)}. Write one of them into"
        f" {setting} in the settings."
    )


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())


def _listed(ids: Sequence[str]) -> str:
    shown = [one if one.isprintable() else ascii(one) for one in ids[:_SHOWN]]
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return ", ".join(name[:_LONGEST] for name in shown) + more
