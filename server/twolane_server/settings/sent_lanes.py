"""What a person may write about the lanes: where they are, their limits, and when one is ill."""

from __future__ import annotations

from pydantic import Field

from twolane_server.settings.values import (
    CloudUrl,
    Count,
    File,
    LocalUrl,
    Model,
    Network,
    Retries,
    Seconds,
    Sent,
    Share,
    Variable,
    Window,
)

__all__ = ["CloudLane", "Health", "LocalLane"]


class _Lane(Sent):
    model: Model | None = Field(
        default=None, description="An id of the server, or a part of one that fits a single id."
    )
    key_environment: Variable | None = Field(
        default=None, description="The name of the environment variable that holds the key."
    )
    key_file: File | None = Field(
        default=None,
        description="A file that holds the key and nothing else; relative to the config folder.",
    )
    key_keyring: File | None = Field(
        default=None, description="The service in the desktop's key store; the user is `twolane`."
    )
    window: Window | None = Field(
        default=None, description="How many tokens prompt and answer may have together."
    )
    connect_seconds: Seconds | None = Field(
        default=None, description="How long a connection may take."
    )
    idle_seconds: Seconds | None = Field(default=None, description="How long the answer may pause.")
    deadline_seconds: Seconds | None = Field(
        default=None, description="How long the whole answer may take."
    )
    concurrency: Count | None = Field(
        default=None, description="How many requests may be under way at once."
    )
    requests_per_minute: Count | None = Field(
        default=None, description="How many requests may begin in any minute; not said, no limit."
    )
    queue_seconds: Seconds | None = Field(
        default=None, description="How long a request may wait for its turn."
    )
    retries: Retries | None = Field(
        default=None,
        description="How often a request is sent again before anything of its answer came.",
    )
    retry_seconds: Seconds | None = Field(
        default=None,
        description="The longest pause before a request is sent again; a server that wants a "
        "longer one is left alone.",
    )
    first_token_seconds: Seconds | None = Field(
        default=None,
        description="A first token later than that counts as slow; see `health.slow_rate`.",
    )


class LocalLane(_Lane):
    """The team's own model, which code under NDA stays with."""

    url: LocalUrl | None = Field(
        default=None,
        description="The base URL of an OpenAI-compatible API, up to and with /v1; or `scripted:` "
        "and a name, for the fake that needs no server.",
    )
    allow: list[Network] | None = Field(
        default=None,
        description="Addresses and networks that the URL may lead to, beside this machine and "
        'private networks: `["203.0.113.7", "100.64.0.0/10"]`.',
    )
    keep_warm: bool | None = Field(
        default=None,
        description="Whether the server is sent one word each 75 seconds while the editor is in use "
        "and the machine is not on its battery, so that the next answer begins at once.",
    )


class CloudLane(_Lane):
    """The relay for open code. Plain http only on this machine."""

    url: CloudUrl | None = Field(
        default=None,
        description="The base URL of an OpenAI-compatible API, up to and with /v1.",
    )


class Health(Sent):
    """When a lane is ill. The cloud's work goes to the local lane then, until a probe succeeds."""

    window_seconds: Seconds | None = Field(
        default=None, description="How far back a lane's health looks."
    )
    least_requests: Count | None = Field(
        default=None, description="How many requests in that time it takes for a judgement."
    )
    least_bad: Count | None = Field(
        default=None,
        description="How many of them must be bad, whatever the share: one that fails among few says "
        "nothing.",
    )
    error_rate: Share | None = Field(
        default=None, description="The greatest share of failures that is still healthy."
    )
    slow_rate: Share | None = Field(
        default=None, description="The greatest share of slow first tokens that is still healthy."
    )
    breaker_failures: Count | None = Field(
        default=None, description="After how many failures in a row a lane is left alone."
    )
    rest_seconds: Seconds | None = Field(
        default=None, description="How long it is left alone at first; twice as long each time."
    )
    longest_rest_seconds: Seconds | None = Field(
        default=None, description="How long it is left alone at most, whatever a server asks for."
    )
    longest_local_rest_seconds: Seconds | None = Field(
        default=None,
        description="The same of the local lane, which has nobody else to go to.",
    )
    refused_key_seconds: Seconds | None = Field(
        default=None,
        description="How long the cloud lane is left alone at most after it refused the key (401).",
    )
    unpaid_seconds: Seconds | None = Field(
        default=None,
        description="How long the cloud lane is left alone when the account has no balance (402).",
    )
    rollback_seconds: Seconds | None = Field(
        default=None,
        description="How long the cloud's work goes to the local lane at least, once the cloud "
        "lane's health is bad.",
    )
