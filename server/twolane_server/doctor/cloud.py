"""The doctor on the cloud lane.

It is contacted only where the person asks for it, and the question goes the way of everything that
goes there: through the gate and into the ledger. It is fixed words, cut from no file, so that no
repository has to grant it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from twolane_server.border.gate import Gate
from twolane_server.border.ledger import Ledger
from twolane_server.border.standing import Standing
from twolane_server.doctor.asking import heard
from twolane_server.doctor.finding import broken, fine, of_error, unset
from twolane_server.errors import KeyUnusable, LaneError, LedgerError, Refused
from twolane_server.fragments import Fragment, Label
from twolane_server.lanes.key import read_key
from twolane_server.lanes.local import FIXED_WORDS
from twolane_server.prompts import Message, Prompt, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twolane_server.border.standing import ReadStanding
    from twolane_server.doctor.finding import Finding
    from twolane_server.fragments import Origin
    from twolane_server.settings.resolved import Folders, Settings

__all__ = ["findings"]

_LANE = "cloud lane"
_LONGEST_SECONDS = 30.0


async def findings(
    settings: Settings, folders: Folders, environ: Mapping[str, str], *, ask: bool
) -> tuple[Finding, ...]:
    """Whether the lane is set up; where `ask`, also what each model that the settings name says."""
    if settings.cloud_fault:
        said = f"{settings.cloud_fault[0].upper()}{settings.cloud_fault[1:]}, so it is not used."
        return (broken(_LANE, said, "correct what `settings` names"),)
    try:
        key = read_key(settings.cloud.key, environ)
    except KeyUnusable as error:
        return (broken(_LANE, str(error), "set a usable key"),)
    if key is None:
        source = settings.cloud.key.environment or "[cloud] in the settings"
        said = "It has no key, so everything stays local."
        return (unset(_LANE, said, f"put the relay's key into {source}"),)
    said = f"{settings.cloud.model} at {settings.cloud.url}; a key was found."
    if not ask:
        return (fine(_LANE, f"{said} Not contacted; `twolane doctor --cloud` asks it."),)
    models = (settings.cloud.model, *(one.cloud_model for one in settings.actions))
    wanted = dict.fromkeys(model for model in models if model)
    return fine(_LANE, said), *[await _asked(model, settings, folders, environ) for model in wanted]


async def _asked(
    model: str, settings: Settings, folders: Folders, environ: Mapping[str, str]
) -> Finding:
    check = f"cloud model {model}"
    seconds = min(settings.cloud.deadline_seconds, _LONGEST_SECONDS)
    cloud = replace(settings.cloud, model=model, deadline_seconds=seconds)
    try:
        ledger = await asyncio.to_thread(Ledger.open, folders.state / "ledger")
    except LedgerError as error:
        return broken(check, "Not asked, since that could not be recorded.", str(error))
    gate = Gate(replace(settings, cloud=cloud), environ, ledger, _standing(settings))
    try:
        cleared = await gate.clear(
            _question(), reasons=("you asked for it: twolane doctor --cloud",)
        )
        answer = await heard(gate.stream(cleared))
    except Refused as error:
        return broken(check, "; ".join(error.reasons), "correct that, and ask again")
    except (LaneError, KeyUnusable) as error:
        return of_error(check, error, "correct [cloud] in the settings")
    finally:
        await gate.aclose()
        await asyncio.to_thread(ledger.close)
    return fine(check, f"{cleared.model} at {cleared.host}: {answer}")


def _question() -> Prompt:
    message = Message(Role.USER, (Fragment(FIXED_WORDS, Label.OPEN),))
    return Prompt("doctor", (message,), max_tokens=1)


def _standing(settings: Settings) -> ReadStanding:
    def read(origins: tuple[Origin, ...]) -> Standing:
        """The person's own word, for what is cut from no file and for nothing else."""
        fault = settings.nda.fault
        return Standing(
            label=Label.NDA if origins or fault else Label.OPEN,
            granted=not origins,
            words=settings.nda.words,
            reasons=(fault,) if fault else (),
            policy_hash="",
        )

    return read
