"""The doctor on the cloud lane.

Where the repository may use it, it is asked for its list of models: the name is looked up, TLS is
spoken, the key goes along, and nothing of the user's. Where the person says so, each model is asked for
one token as well. That question goes the way of everything that goes there: through the gate and into
the ledger. It is fixed words, cut from no file, so that no repository has to grant it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from twolane_server.border.gate import Gate
from twolane_server.border.ledger import Ledger
from twolane_server.border.standing import Standing
from twolane_server.doctor.asking import heard
from twolane_server.doctor.finding import broken, fine, of_error, unset
from twolane_server.errors import KeyUnusable, LaneError, LedgerError, ModelMissing, Refused
from twolane_server.fragments import Fragment, Label
from twolane_server.lanes.key import read_key
from twolane_server.lanes.local import FIXED_WORDS
from twolane_server.prompts import Message, Prompt, Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from twolane_server.border.standing import ReadStanding
    from twolane_server.doctor.finding import Finding
    from twolane_server.fragments import Origin
    from twolane_server.settings.resolved import Folders, Settings

__all__ = ["Contact", "findings"]

_LANE = "cloud lane"
_SERVER = "cloud server"
_FIX = "correct [cloud] in the settings"
_ASKS = "`twolane doctor --cloud`"
_LONGEST_SECONDS = 30.0


class Contact(StrEnum):
    """How far the cloud lane is contacted: not at all, for its list of models, or for an answer."""

    NONE = "none"
    LIST = "list"
    ANSWER = "answer"


async def findings(
    settings: Settings, folders: Folders, environ: Mapping[str, str], contact: Contact
) -> tuple[Finding, ...]:
    """Whether the lane is set up, and what its server and each model say, as far as it is contacted."""
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
    if contact is Contact.NONE:
        why = f"Not contacted, since nothing may go there from here; {_ASKS} asks it all the same."
        return (fine(_LANE, f"{said} {why}"),)
    models = (settings.cloud.model, *(one.cloud_model for one in settings.actions))
    wanted = tuple(dict.fromkeys(model for model in models if model))
    if contact is Contact.LIST:
        return fine(_LANE, said), *await _listed(wanted, settings, environ)
    asked = [each for model in wanted for each in await _asked(model, settings, folders, environ)]
    return fine(_LANE, said), *asked


async def _listed(
    wanted: tuple[str, ...], settings: Settings, environ: Mapping[str, str]
) -> list[Finding]:
    """What the server's list tells; nothing of that is recorded, since it carries nothing."""
    found: list[Finding] = []
    nobody = LedgerError("The doctor records nothing.")
    gate = Gate(_patient(settings), environ, nobody, _standing(settings))
    try:
        await gate.probe()
        for model in wanted:
            try:
                there = await gate.resolve(model)
            except ModelMissing as error:
                found.append(of_error(f"cloud model {model}", error, _FIX))
                continue
            said = f"{there} is listed; whether it takes the key and answers, {_ASKS} asks it."
            found += [fine(f"cloud model {model}", said), *_window(gate, model, settings)]
    except Refused as error:
        found = [broken(_SERVER, "; ".join(error.reasons), "correct that, and ask again")]
    except (LaneError, KeyUnusable) as error:
        found = [of_error(_SERVER, error, _FIX)]
    else:
        told = "It was found, is trusted where it speaks TLS, and lists its models."
        found.insert(0, fine(_SERVER, told))
    finally:
        await gate.aclose()
    return found


def _window(gate: Gate, model: str, settings: Settings) -> Iterator[Finding]:
    holds = gate.window(model)
    if holds < settings.cloud.window:
        yield unset(
            "cloud window",
            f"{model} holds {holds:,} tokens and the settings say {settings.cloud.window:,}; the lower"
            " number holds once the server was asked.",
            f"write `window = {holds}` into [cloud] in the settings",
        )


def _patient(settings: Settings) -> Settings:
    seconds = min(settings.cloud.deadline_seconds, _LONGEST_SECONDS)
    return replace(settings, cloud=replace(settings.cloud, deadline_seconds=seconds))


async def _asked(
    model: str, settings: Settings, folders: Folders, environ: Mapping[str, str]
) -> list[Finding]:
    """What comes of one token."""
    check = f"cloud model {model}"
    patient = _patient(settings)
    patient = replace(patient, cloud=replace(patient.cloud, model=model))
    try:
        ledger = await asyncio.to_thread(Ledger.open, folders.state / "ledger")
    except LedgerError as error:
        return [broken(check, "Not asked, since that could not be recorded.", str(error))]
    gate = Gate(patient, environ, ledger, _standing(settings))
    try:
        cleared = await gate.clear(
            _question(), reasons=("you asked for it: twolane doctor --cloud",)
        )
        answer = await heard(gate.stream(cleared))
        windows = [*_window(gate, model, settings)]
    except Refused as error:
        return [broken(check, "; ".join(error.reasons), "correct that, and ask again")]
    except (LaneError, KeyUnusable) as error:
        return [of_error(check, error, _FIX)]
    finally:
        await gate.aclose()
        await asyncio.to_thread(ledger.close)
    said = f"{cleared.model} at {cleared.host}: {answer}"
    slow = answer.seconds > settings.cloud.first_token_seconds
    fix = "choose another model or relay, or raise cloud.first_token_seconds"
    told = unset(check, f"{said}, which is slow.", fix) if slow else fine(check, said)
    return [told, *windows]


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
