"""A lane that was chosen, and why: what the rules of `choose` say, in the words that people read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twolane_server.lanes.base import LaneName

if TYPE_CHECKING:
    from twolane_server.fragments import Label

__all__ = ["Decision"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A lane and why.

    Attributes:
        lane: which way.
        model: the lane's model, for people.
        label: the prompt's label.
        reasons: why, the deciding one first; never empty.
        gist: the deciding reason in a word or two, for menus; empty where the lane says it all.
        beyond_budget: whether the user wants the cloud in this request, whatever the budget says.
    """

    lane: LaneName
    model: str
    label: Label
    reasons: tuple[str, ...]
    gist: str = ""
    beyond_budget: bool = False

    def answered_by(self, model: str) -> Decision:
        """With the model that answered: on the local lane that may be a stand-in."""
        return replace(self, model=model) if self.lane is LaneName.LOCAL else self

    def __str__(self) -> str:
        return f"{self._head}: {'; '.join(self.reasons)}"

    @property
    def short(self) -> str:
        """For a menu's title: `[cloud deepseek-v3.2]`, `[local: NDA clients/**]`."""
        return f"[{self._head}: {self.gist}]" if self.gist else f"[{self._head}]"

    @property
    def _head(self) -> str:
        return self.lane.value if self.lane is LaneName.LOCAL else f"cloud {self.model}"
