"""What keeps code under NDA in, switched off one by one: each time some channel's test must fail.

The gate's own checks are switched off in tests/server/border/test_checks.py.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from support_bench import Bench, open_bench
from support_channels import CHANNELS
from twolane_server import service
from twolane_server.border import searches
from twolane_server.border.records import origins
from twolane_server.border.searches import Searches
from twolane_server.lanes.base import LaneName
from twolane_server.prompts import Prompt
from twolane_server.repositories import indexed
from twolane_server.repositories.indexed import Indexed
from twolane_server.rules.tainted import Tainted

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from pathlib import Path

    from twolane_server.actions.base import Surroundings
    from twolane_server.border.standing import ReadStanding, Standing
    from twolane_server.fragments import Origin
    from twolane_server.repositories.shown import Shown
    from twolane_server.repositories.surroundings import Seen, Wanted
    from twolane_server.rules.verdicts import Verdict
    from twolane_server.settings.resolved import Settings


pytestmark = pytest.mark.slow
EXAMPLES = range(12)
_UNWATCHED = (
    "import sys, twolane_server.recognition.pasted as pasted\n"
    "pasted.Watched.look = lambda *_: None\n"
    "from twolane_server.cli import main\n"
    "sys.exit(main(['lsp']))\n"
)


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Bench]:
    with open_bench(tmp_path, monkeypatch, capfd) as bench:
        yield bench


def _nothing(*_: object) -> None:
    """Instead of a check."""


def _labels_are_not_read_again(bench: Bench) -> None:
    make = service.read_standing

    def make_once(settings: Settings, **more: Any) -> ReadStanding:  # noqa: ANN401 - as it came
        read = make(settings, **more)
        known: dict[tuple[Origin, ...], Standing] = {}

        def once(origins: tuple[Origin, ...]) -> Standing:
            if origins not in known:
                known[origins] = read(origins)
            return known[origins]

        return once

    bench.patch.setattr(service, "read_standing", make_once)


def _what_commits_touched_is_not_judged_again(bench: Bench) -> None:
    bench.patch.setattr(Prompt, "sources", property(origins))


def _everything_is_shown_to_everybody(bench: Bench) -> None:
    make = indexed.surroundings

    def as_local(
        seen: Seen,
        wanted: Wanted,
        verdict: Callable[[str], Verdict],
        nda_code: Callable[[Sequence[str]], Container[str]] | None,
        shown: Shown,
        *,
        told: object,
    ) -> Surroundings:
        mine = replace(wanted, audience=LaneName.LOCAL)
        return make(seen, mine, verdict, nda_code, shown, told=told)

    bench.patch.setattr(Indexed, "_allowed", _nothing)
    bench.patch.setattr(indexed, "surroundings", as_local)


def _pasted_code_is_not_remembered(bench: Bench) -> None:
    bench.server = (sys.executable, "-c", _UNWATCHED)


def _what_was_pasted_is_not_noted(bench: Bench) -> None:
    bench.patch.setattr(Tainted, "why", _nothing)


def _wrapped_code_is_not_looked_into(bench: Bench) -> None:
    def as_it_is(text: str) -> tuple[str, ...]:
        return (text,)

    bench.patch.setattr(searches, "unwrapped", as_it_is)


def _code_is_not_recognised(bench: Bench) -> None:
    bench.patch.setattr(Searches, "nda_code", _nothing)


def _words_are_not_looked_for(bench: Bench) -> None:
    bench.patch.setattr(Searches, "word", _nothing)


MUTATIONS: dict[Callable[[Bench], None], str] = {
    _labels_are_not_read_again: "l49_tightened_while_it_waits",
    _what_commits_touched_is_not_judged_again: "l49_what_a_commit_touched_while_its_message_waits",
    _everything_is_shown_to_everybody: "l16_retrieved_pieces",
    _pasted_code_is_not_remembered: "l26_undone",
    _what_was_pasted_is_not_noted: "l51_after_a_paste",
    _wrapped_code_is_not_looked_into: "l53_written_otherwise",
    _code_is_not_recognised: "l15_pasted_snippet",
    _words_are_not_looked_for: "l29_identifiers",
}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.__name__.strip("_"))
def test_what_is_switched_off_is_missed(bench: Bench, mutation: Callable[[Bench], None]) -> None:
    mutation(bench)
    with pytest.raises(AssertionError):
        bench.run(CHANNELS[MUTATIONS[mutation]], EXAMPLES)


@pytest.mark.parametrize("channel", sorted(set(MUTATIONS.values())))
def test_with_all_switched_on_the_same_examples_pass(bench: Bench, channel: str) -> None:
    bench.run(CHANNELS[channel], EXAMPLES)
