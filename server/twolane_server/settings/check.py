"""One level of settings, checked: the good values live, each bad one is a problem and left out."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError

from twolane_server.problems import Problem
from twolane_server.settings.sent import CloudLane, SentSettings
from twolane_server.settings.values import HOW_TO_GIVE_A_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

__all__ = ["Level", "check"]

_PLAIN = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "literal_error": "must be one of auto, local, cloud",
    "string_unicode": "must be text without lone surrogates",
}
_KEY_NAMES = frozenset(
    {"key", "apikey", "secret", "token", "password", "bearer", "authorization", "auth"}
)
_LONGEST_NAME = 40
# How pydantic says that not a value but its name in the table is wrong.
_OF_A_NAME = "[key]"
# What decides to whom code and key go: the rest of [cloud] may fall back to a default.
_DESTINATION = {"cloud", *(f"cloud.{key}" for key in CloudLane.model_fields if "key" in key)}
_DESTINATION.add("cloud.url")


@dataclass(frozen=True, slots=True)
class Level:
    """What one source said, checked.

    Attributes:
        sent: the values that are good.
        problems: the others, one each.
        nda_whole: whether every rule about NDA could be read; if not, some rule is unknown.
        mode_whole: the same of `mode`.
        cloud_whole: the same of where the cloud lane is and which key it takes.
        budget_whole: the same of what it may cost.
    """

    sent: SentSettings
    problems: tuple[Problem, ...] = ()
    nda_whole: bool = True
    mode_whole: bool = True
    cloud_whole: bool = True
    budget_whole: bool = True


def check(raw: Mapping[str, object], source: str) -> Level:
    """Check what one source said.

    Args:
        raw: tables and values, as TOML or JSON gave them; `None` stands for "not said".
        source: the file or other place, for the problems: `settings.toml`.
    """
    data = _copy(raw)
    problems: list[Problem] = []
    wrong: set[str] = set()
    while True:
        try:
            sent = SentSettings.model_validate(data)
        except ValidationError as error:
            # Backwards, so that what is left of a list keeps its places.
            for detail in reversed(error.errors(include_url=False, include_input=False)):
                problem, meant = _explain(detail, source)
                problems.insert(0, problem)
                wrong.add(meant)
                _drop(data, detail["loc"])
        else:
            tables = {meant.partition(".")[0] for meant in wrong}
            return Level(
                sent,
                tuple(problems),
                nda_whole="nda" not in tables,
                mode_whole="mode" not in tables,
                cloud_whole=not wrong & _DESTINATION,
                budget_whole="budget" not in tables,
            )


def _copy(raw: Mapping[str, object]) -> dict[str, object]:
    """All tables and lists anew, and without what is `None`."""
    return {_name(key): _copy_value(value) for key, value in raw.items() if value is not None}


def _name(key: object) -> str:
    """Lone surrogates, which JSON can hold and a model's field cannot, become question marks."""
    return str(key).encode("utf-8", "replace").decode("utf-8")


def _copy_value(value: object) -> object:
    if isinstance(value, dict):
        return _copy(cast("dict[str, object]", value))
    return list(cast("list[object]", value)) if isinstance(value, list) else value


def _drop(data: dict[str, object], place: tuple[int | str, ...]) -> None:
    """Take a value out, if it was not taken out with its table or for another fault already."""
    *steps, last = place[:-1] if place[-1] == _OF_A_NAME else place
    holder: object = data
    for step in steps:
        if isinstance(holder, dict):
            holder = cast("dict[int | str, object]", holder).get(step)
    if isinstance(holder, list):
        del cast("list[object]", holder)[int(last)]
    elif isinstance(holder, dict):
        cast("dict[int | str, object]", holder).pop(last, None)


def _explain(detail: ErrorDetails, source: str) -> tuple[Problem, str]:
    """The problem, and the key it is about: for an unknown one, what it was meant to be."""
    place = detail["loc"]
    name = _dotted(place)
    if detail["type"] == "extra_forbidden":
        key = str(place[-1])
        if _names_a_key(key):
            return Problem(f"{source}: {name}", f"ignored; {HOW_TO_GIVE_A_KEY}."), str(place[0])
        near = _nearest(place)
        hint = f"; did you mean `{near}`?" if near else ""
        safe = _safe_side(near or name)
        said = f"unknown key{hint or '.'} {safe}" if safe else f"unknown key, ignored{hint}"
        return Problem(f"{source}: {name}", said), near or name
    message = _PLAIN.get(detail["type"]) or detail["msg"]
    message = message.removeprefix("Value error, ").replace("Input should be", "must be")
    safe = _safe_side(name)
    return Problem(f"{source}: {name}", f"{message}{'. ' if safe else '; ignored.'}{safe}"), name


def _safe_side(meant: str) -> str:
    """What holds until a key is mended that must not fall back to a default; else empty."""
    if meant.partition(".")[0] == "nda":
        return "Until that is mended, all code is taken as NDA."
    if meant == "mode":
        return "Until that is mended, the mode is local."
    if meant in _DESTINATION or meant.partition(".")[0] == "budget":
        return "Until that is mended, the cloud lane is not used."
    return ""


def _dotted(place: tuple[int | str, ...]) -> str:
    """`nda.paths[0]`; a name that might itself be a secret is cut."""
    parts: list[str] = []
    for step in place:
        if step == _OF_A_NAME:
            continue
        if isinstance(step, int):
            parts[-1] += f"[{step}]"
        else:
            fit = step.isprintable() and len(step) <= _LONGEST_NAME and not _looks_secret(step)
            parts.append(step if fit else "(a name not shown)")
    return ".".join(parts)


def _looks_secret(name: str) -> bool:
    return name.lower().startswith("sk-") or (
        len(name) >= 24 and any(c.isdigit() for c in name) and "_" not in name  # noqa: PLR2004 - keys are as long
    )


def _names_a_key(name: str) -> bool:
    return bool(_KEY_NAMES & {*name.lower().replace("-", "_").split("_"), name.lower()}) and (
        "tokens" not in name.lower()
    )


def _nearest(place: tuple[int | str, ...]) -> str | None:
    model: object = SentSettings
    for step in place[:-1]:
        if get_origin(model) is dict:  # a table with names of the user's, all of one kind
            model = get_args(model)[1]
        else:
            model = cast("type[BaseModel]", model).model_fields[str(step)].annotation
    model = cast("type[BaseModel]", model)
    found = get_close_matches(str(place[-1]).lower(), model.model_fields, n=1)
    return ".".join([*map(str, place[:-1]), found[0]]) if found else None
