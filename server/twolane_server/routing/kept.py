"""What requests are carried out with: lanes, gates, their traffic and the ledger, opened once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from twolane_server.border.gate import Gate
from twolane_server.border.ledger import Ledger
from twolane_server.border.searches import Searches
from twolane_server.errors import LedgerError
from twolane_server.lanes.base import LaneName
from twolane_server.lanes.local import open_local
from twolane_server.lanes.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from twolane_server.border.standing import ReadStanding
    from twolane_server.lanes.local import Local
    from twolane_server.settings.resolved import Folders, Settings

__all__ = ["Kept"]


class Kept:
    """Each opened at first use, and kept for the settings that it was opened for.

    Args:
        folders: where the ledger and the model's cache are.
        environ: the environment variables, for keys.
        read_standing: what owner and repository say about a prompt's sources now.
        draw: chance, 0 to 1, for the pauses between attempts.
        tell: told what the embedded model fetches and loads, and how much of it is done.

    Attributes:
        gates: the ways to the cloud lane.
        locals: the local lanes, by what they were opened for.
        searches: look in texts for what must not leave.
    """

    def __init__(
        self,
        folders: Folders,
        environ: Mapping[str, str],
        read_standing: Callable[[Settings], ReadStanding],
        draw: Callable[[], float],
        tell: Callable[[str, float | None], None],
    ) -> None:
        self._folders = folders
        self._environ = environ
        self._read_standing = read_standing
        self._draw = draw
        self._tell = tell
        self._ledger: Ledger | LedgerError | None = None
        self._opening = asyncio.Lock()
        self._traffic: dict[object, Traffic] = {}
        self.gates: dict[Settings, Gate] = {}
        self.locals: dict[object, Local] = {}
        self.searches = Searches()

    def local_if_used(self, settings: Settings) -> Local | None:
        """The local lane, once anything has used it."""
        return self.locals.get(_local_key(settings))

    def local(self, settings: Settings) -> Local:
        """The local lane.

        Raises:
            KeyUnusable: a key is configured and cannot be used.
            SettingsError: its URL cannot be used.
        """
        lane = self.local_if_used(settings)
        if lane is None:
            lane = open_local(settings, self._folders, self._environ, self._tell)
            self.locals[_local_key(settings)] = lane
        return lane

    def traffic(self, name: LaneName, settings: Settings) -> Traffic:
        """A lane's own. Other settings of the lane, another key's place too, start anew."""
        lane = settings.local if name is LaneName.LOCAL else settings.cloud
        which = (name, lane, settings.health)
        traffic = self._traffic.get(which)
        if traffic is None:
            traffic = Traffic(name, lane, settings.health, draw=self._draw)
            self._traffic[which] = traffic
        return traffic

    def take_notices(self) -> tuple[str, ...]:
        """What a person should be told of the lanes, each once."""
        return tuple(told for each in self._traffic.values() for told in each.take_notices())

    async def gate(self, settings: Settings) -> Gate:
        """The way to the cloud lane; one without a ledger lets nothing out, and is not kept."""
        ledger = await self.ledger()
        gate = self.gates.get(settings)
        if gate is None:
            standing = self._read_standing(settings)
            gate = Gate(settings, self._environ, ledger, standing, searches=self.searches)
            if isinstance(ledger, Ledger):
                self.gates[settings] = gate
        return gate

    async def ledger(self) -> Ledger | LedgerError:
        """The ledger, tried again after a failure: a full disk may have been emptied."""
        async with self._opening:
            if not isinstance(self._ledger, Ledger):
                folder = self._folders.state / "ledger"
                try:
                    self._ledger = await asyncio.to_thread(Ledger.open, folder)
                except LedgerError as error:
                    self._ledger = error
            return self._ledger

    async def aclose(self) -> None:
        """Close everything that was opened."""
        for traffic in self._traffic.values():
            await traffic.aclose()
        for lane in self.locals.values():
            await lane.aclose()
        for gate in self.gates.values():
            await gate.aclose()
        if isinstance(self._ledger, Ledger):
            self._ledger.close()


def _local_key(settings: Settings) -> object:
    """What a local lane is opened for.

    Not all settings: another mode needs no second model in memory. The cloud's address is one of
    them, since the local lane is refused where that is.
    """
    return settings.local, settings.embedded, settings.cloud.url
