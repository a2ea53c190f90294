"""Who knows of no repository, for tests of what does not depend on one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.actions.base import NOTHING
from twolane_server.recognition.quoting import Quoted
from twolane_server.rules.tainted import Tainted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from twolane_server.actions.base import Surroundings
    from twolane_server.actions.impact import Impact
    from twolane_server.border.standing import Prints
    from twolane_server.repositories.impacts import WantedImpact
    from twolane_server.repositories.surroundings import Wanted
    from twolane_server.settings.resolved import NdaRules
    from twolane_server.text import Text


@dataclass(frozen=True)
class Nothing:
    """Recognises nothing."""

    def whole(self, text: str) -> str | None:
        del text
        return None

    def found(self, *texts: str) -> str | None:
        del texts
        return None


class Alone:
    """A document has no surroundings, and nothing is under NDA elsewhere."""

    def __init__(self) -> None:
        self.tainted = Tainted(Path("no state folder"))

    async def around(self, wanted: Wanted) -> Surroundings:
        del wanted
        return NOTHING

    async def impact(self, wanted: WantedImpact) -> Impact | None:
        del wanted
        return None

    async def before(self, path: str) -> tuple[str, ...]:
        del path
        return ()

    def known_code(self, path: str, nda: NdaRules) -> Prints:
        del path, nda
        return Nothing()

    async def pasted(self, path: str, text: str) -> str | None:
        del path, text
        return None

    def opened(self, paths: Sequence[str]) -> list[tuple[Text, ...]]:
        return [() for _ in paths]

    def code_bytes(self, roots: Iterable[Path]) -> int | None:
        del roots
        return None

    async def quoted(self, path: str, names: tuple[str, ...], nda: NdaRules) -> Quoted:
        del path, names, nda
        return Quoted()

    async def aclose(self) -> None: ...
