"""How much of a repository the menu expects to come with a prompt, against what came when it was measured."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from twolane_server.documents import Document
from twolane_server.lanes.base import LaneName
from twolane_server.repositories.brought import Brought, usually
from twolane_server.rules.knowledge import Known
from twolane_server.rules.labels import FileRules
from twolane_server.rules.ways import Way
from twolane_server.settings.resolved import NdaRules
from twolane_server.text import Text

if TYPE_CHECKING:
    from twolane_server.orders import Ready

CLOUD, LOCAL = LaneName.CLOUD, LaneName.LOCAL
WINDOW = {CLOUD: 131_072, LOCAL: 65_536}
ROOT = Path("/r")
DOCUMENT = Document("file:///r/a.py", "/r/a.py", "python", 1, Text.of("x = 1\n"))


def known(*roots: Path) -> Known:
    ways = tuple(Way(root / "a.py", (root,), ()) for root in roots)
    return Known(FileRules(ways, NdaRules(), ()))


def ready(lane: LaneName, tokens: int) -> Ready:
    def prompt_tokens(_: LaneName) -> int:
        return tokens

    made = SimpleNamespace(
        decision=SimpleNamespace(lane=lane), question=SimpleNamespace(prompt_tokens=prompt_tokens)
    )
    return cast("Ready", made)


@pytest.mark.parametrize(
    ("lane", "code", "document", "least", "most"),
    [
        (CLOUD, 2_684, 2_678, 0, 535),  # two files of heck, one of them all but empty
        (CLOUD, 3_203, 307, 160, 160),  # of click
        (CLOUD, 7_856, 2_589, 533, 635),  # of bytes
        (CLOUD, 533_077, 19_000, 783, 995),  # all of click
        (LOCAL, 3_203, 307, 214, 214),
        (LOCAL, 8_556, 8_083, 519, 758),  # of itsdangerous
        (LOCAL, 18_917, 4_260, 866, 1_009),  # of requests
        (LOCAL, 60_224, 9_647, 3_131, 3_933),  # all of itsdangerous
        (LOCAL, 155_618, 14_200, 8_332, 10_538),  # all of tenacity
        (LOCAL, 360_360, 30_503, 12_220, 13_521),  # all of requests
    ],
)
def test_it_is_near_what_came(
    lane: LaneName, code: int, document: int, least: int, most: int
) -> None:
    assert least / 1.7 <= usually(lane, WINDOW[lane], code, document) <= most * 1.7


@pytest.mark.parametrize("lane", [CLOUD, LOCAL])
def test_no_more_comes_than_there_is_or_fits(lane: LaneName) -> None:
    assert usually(lane, WINDOW[lane], 0, 0) == 0
    assert usually(lane, WINDOW[lane], 6_863, 6_863) < 150, "the document alone"
    small = usually(lane, 8_192, 1_000_000, 6_863)
    assert small < usually(lane, WINDOW[lane], 1_000_000, 6_863)


@pytest.mark.parametrize(("lane", "least"), [(CLOUD, 968), (LOCAL, 2_075)])
def test_before_a_repository_was_looked_at_it_is_taken_for_a_middling_one(
    lane: LaneName, least: int
) -> None:
    window = WINDOW[lane]
    assert Brought(lambda _: None).of(known(ROOT), DOCUMENT)(lane, window) == least
    assert Brought(lambda _: 0).of(known(ROOT), DOCUMENT)(lane, window) == 0
    assert Brought(lambda _: None).of(known(), DOCUMENT)(lane, window) == 0, "in none"


def test_after_a_prompt_it_is_what_came_with_that_in_this_repository_on_this_lane() -> None:
    def size(_: tuple[Path, ...]) -> int:
        return 500_000

    brought = Brought(size)
    brought.learn(known(ROOT), ready(LOCAL, 300), ready(LOCAL, 1_000))
    assert brought.of(known(ROOT), DOCUMENT)(LOCAL, WINDOW[LOCAL]) == 700
    assert brought.of(known(ROOT), DOCUMENT)(CLOUD, WINDOW[CLOUD]) == 968
    assert brought.of(known(Path("/s")), DOCUMENT)(LOCAL, WINDOW[LOCAL]) == 12_488
    brought.learn(known(ROOT), ready(LOCAL, 300), ready(LOCAL, 300))
    assert brought.of(known(ROOT), DOCUMENT)(LOCAL, WINDOW[LOCAL]) == 0
