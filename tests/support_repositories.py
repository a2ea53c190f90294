"""Who knows of no repository, for tests of what does not depend on one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twolane_server.actions.base import NOTHING

if TYPE_CHECKING:
    from twolane_server.actions.base import Surroundings
    from twolane_server.actions.impact import Impact
    from twolane_server.border.standing import Prints
    from twolane_server.impacts import WantedImpact
    from twolane_server.settings.resolved import NdaRules
    from twolane_server.surroundings import Wanted


@dataclass(frozen=True)
class Nothing:
    """Recognises nothing."""

    def found(self, *texts: str) -> str | None:
        del texts
        return None


class Alone:
    """A document has no surroundings, and nothing is under NDA elsewhere."""

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

    def stays(self, path: str) -> str | None:
        del path
        return None

    async def quoted(self, path: str, names: tuple[str, ...], nda: NdaRules) -> str | None:
        del path, names, nda
        return None

    async def aclose(self) -> None: ...
