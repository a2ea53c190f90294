"""Whether the chunks of a stream are those of one answer, each once and in order.

The chat format numbers no chunk, so this can only be told by what servers happen to send beside the
text: one id for the whole answer, a time, counts of tokens that grow as the answer does. What is not
there, or means nothing on this server (some give each chunk an id of its own), proves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twolane_server.lanes.base import Usage


class Order:
    """Follows one stream."""

    def __init__(self) -> None:
        self._first_id = self._id = ""
        self._same_id = False
        self._created = 0.0
        self._count: int | None = None
        self._text = ""
        self._rises = self._repeats = False

    def lost(self, chunk: dict[str, Any], text: str, usage: Usage | None) -> bool:
        """Take the next chunk; whether it belongs elsewhere.

        Args:
            chunk: as it came.
            text: what it says.
            usage: the counts in it.
        """
        identity, created, lost = chunk.get("id"), chunk.get("created"), False
        if identity and identity == self._id:
            self._same_id = True
        elif identity and isinstance(identity, str):
            lost = self._other_answer(identity)
        if created != self._created and isinstance(created, int | float):
            lost, self._created = lost or created < self._created, created
        if text and usage is not None:
            lost = self._goes_back(usage.completion, text) or lost
        return lost

    @property
    def repeated(self) -> bool:
        """Whether some chunk came twice; known when all have come."""
        return self._rises and self._repeats

    def _other_answer(self, identity: str) -> bool:
        before, self._id = self._id, identity
        if not before:
            self._first_id = identity
            return False
        return self._same_id or identity == self._first_id

    def _goes_back(self, count: int, text: str) -> bool:
        before, self._count = self._count, count
        last, self._text = self._text, text
        if before is None:
            return False
        self._rises = self._rises or count > before
        self._repeats = self._repeats or (count == before and text == last)
        return count < before
