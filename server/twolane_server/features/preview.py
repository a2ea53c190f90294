"""`twolane/preview`: the answer as it comes, for a client that asked for it.

A client opts in with `initializationOptions.preview: true`. Nothing else of the connection carries
a model's text before the edit does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from twolane_server.routing.choose import Decision
    from twolane_server.session import Session

METHOD = "twolane/preview"


class Preview:
    """The stream of one answer: `{uri, decision, text, done}`, `text` being what is new."""

    def __init__(
        self, server: LanguageServer, session: Session, uri: str, decision: Decision
    ) -> None:
        self._server = server
        self._wanted = session.preview
        self._common = {"uri": uri, "decision": str(decision)}

    def decide(self, decision: Decision) -> None:
        """Another lane has taken over."""
        self._common["decision"] = str(decision)

    def add(self, text: str) -> None:
        """Show more of the answer."""
        if self._wanted and text:
            self._send(text, done=False)

    def end(self) -> None:
        """Take the preview away: the edit is there, or there will be none."""
        if self._wanted:
            self._send("", done=True)

    def _send(self, text: str, *, done: bool) -> None:
        self._server.protocol.notify(METHOD, {**self._common, "text": text, "done": done})
