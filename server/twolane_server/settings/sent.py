"""What a person may write: `settings.toml`, `initializationOptions`, and a repository's `twolane.toml`.

These models check and describe; the program uses the frozen types of `resolved` and `policy`. The
JSON schemas are made from them (`python -m twolane_server.settings.schema`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from twolane_server.settings.sent_lanes import CloudLane, Health, LocalLane
from twolane_server.settings.values import (
    WORD_LENGTH,
    Day,
    Dollars,
    File,
    Glob,
    Language,
    Model,
    Seconds,
    Sent,
    Tokens,
    Window,
    Word,
)

__all__ = [
    "Actions",
    "Budget",
    "CloudLane",
    "Embedded",
    "Health",
    "LocalLane",
    "Models",
    "Nda",
    "Price",
    "SentPolicy",
    "SentSettings",
]


class Embedded(Sent):
    """The model in twolane's own process, for when nothing answers on the local lane's URL."""

    enabled: bool | None = Field(default=None, description="Whether it may stand in.")
    gguf: File | None = Field(
        default=None,
        description="A model file of your own; relative to the config folder.",
    )
    window: Window | None = Field(
        default=None, description="How many tokens prompt and answer may have together."
    )


class Models(Sent):
    """What one action takes instead of the lanes' own."""

    cloud_model: Model | None = Field(
        default=None, description="The model of this action on the cloud lane."
    )
    local_model: Model | None = Field(
        default=None, description="The model of this action on the local lane."
    )
    max_tokens: Tokens | None = Field(
        default=None, description="How many tokens the answer may have."
    )


class Actions(Sent):
    """Models of single actions; what is not said here is as the lane says."""

    docstring: Models = Field(default=Models(), description="Of writing a docstring.")
    docstrings: Models = Field(default=Models(), description="Of writing all of a file's.")
    rewrite: Models = Field(default=Models(), description="Of rewriting a selection.")
    refactor: Models = Field(default=Models(), description="Of refactoring the repository.")
    fix: Models = Field(default=Models(), description="Of fixing a diagnostic.")
    tests: Models = Field(default=Models(), description="Of writing tests.")
    explain: Models = Field(default=Models(), description="Of explaining code.")
    pr: Models = Field(default=Models(), description="Of writing a pull request's text.")
    commit: Models = Field(default=Models(), description="Of writing a commit message.")
    changes: Models = Field(default=Models(), description="Of reviewing what changed.")
    review: Models = Field(default=Models(), description="Of reviewing code.")


class Price(Sent):
    """What a model of the cloud lane costs, in US dollars for a million tokens."""

    input: Dollars | None = Field(default=None, description="Of the prompt.")
    cached: Dollars | None = Field(
        default=None,
        description="Of that part of the prompt that the server had in its cache; the same as "
        "`input` when it is not said.",
    )
    output: Dollars | None = Field(default=None, description="Of the answer.")
    as_of: Day | None = Field(default=None, description="The day on which that was so.")
    source: str | None = Field(default=None, max_length=WORD_LENGTH, description="Who says so.")


class Budget(Sent):
    """What the cloud lane may cost."""

    usd_per_month: Dollars | None = Field(
        default=None,
        description="US dollars in a month of UTC; what would cost more stays local.",
    )


class Check(Sent):
    """A program that looks at a refactoring before it is offered. Counts in settings.toml alone."""

    command: list[Word] = Field(
        default=[],
        max_length=64,
        description="The program and its arguments, such as the tests or a type checker. It runs in a "
        "temporary working tree that holds the changes, without a shell.",
    )
    seconds: Seconds | None = Field(
        default=None, description="How long it may take until it is stopped."
    )


class Nda(Sent):
    """What is under NDA."""

    paths: list[Glob] = Field(
        default=[],
        description="Globs in gitignore syntax for files under NDA, relative to the folder of "
        "twolane.toml (in your own settings, to each repository). No `!`: rules only tighten.",
    )
    markers: list[Word] = Field(
        default=[],
        description="Words in a file's head that put it under NDA, beside CONFIDENTIAL, NDA, "
        "TRADE SECRET and PROPRIETARY AND CONFIDENTIAL.",
    )
    words: list[Word] = Field(
        default=[],
        description="Names of clients and projects; a prompt that holds one stays local.",
    )


class SentSettings(Sent):
    """Your own settings of twolane."""

    model_config = ConfigDict(title="twolane settings.toml")

    mode: Literal["auto", "local", "cloud"] | None = Field(
        default=None,
        description="How the lane is chosen; code under NDA stays local in every mode.",
    )
    local: LocalLane = LocalLane()
    cloud: CloudLane = CloudLane()
    embedded: Embedded = Embedded()
    actions: Actions = Actions()
    prices: dict[Model, Price] = Field(
        default={},
        description='Prices by model, such as `[prices."deepseek-v3.2"]`; each needs `input`, '
        "`output` and `as_of`. Without one, the cost of a model is not known.",
    )
    budget: Budget = Budget()
    health: Health = Health()
    check: Check = Check()
    nda: Nda = Nda()
    language: Language | None = Field(
        default=None,
        description="Which language explanations and reviews are written in: English, Deutsch.",
    )


class SentPolicy(Sent):
    """What a repository says about itself. It can only tighten."""

    model_config = ConfigDict(title="twolane.toml")

    nda: Nda = Nda()
