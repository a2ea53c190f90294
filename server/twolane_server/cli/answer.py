"""What a person sees on the terminal while a model answers: notices, a bar, the text as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.text import Text as Styled

from twolane_server.cli.plain import plain

if TYPE_CHECKING:
    from types import TracebackType

    from twolane_server.cli.terminal import Terminal

__all__ = ["AnswerView"]

_COLUMNS = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())


class AnswerView:
    """Use it as a context: the bar is gone at the block's end, however it ends.

    Args:
        console: where to print.
    """

    def __init__(self, console: Terminal) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._said = ""
        self._mid_line = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        if error is not None and self._mid_line:
            self._console.print()  # what went wrong, the caller says on a line of its own

    def on_text(self, text: str, pieces: int) -> None:
        """Show more of the answer. A bar below it would redraw over it, so it goes first."""
        del pieces
        self._stop()
        self._console.print(Styled(plain(text), style="dim"), end="")
        self._mid_line = not text.endswith("\n")

    def on_notice(self, notice: str, share: float | None) -> None:
        """Say something once; while `share` grows from 0 to 1, as a bar."""
        if notice != self._said:
            self._stop()
            self._said = notice
            self._console.print(Styled(plain(notice), style="yellow"))
        if share is not None and share < 1:
            if self._bar is None:
                self._bar = Progress(*_COLUMNS, console=self._console, transient=True)
                self._bar.add_task("", total=1.0)
                self._bar.start()
            self._bar.update(self._bar.task_ids[0], completed=share)
        else:
            self._stop()

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
