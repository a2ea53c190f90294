"""The shipped fake."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING

import pytest

from twolane_server.errors import AnswerIncomplete, LaneError, LaneTimeout, SettingsError
from twolane_server.lanes.base import Chunk, LaneName, Request
from twolane_server.lanes.scripted import Reply, Scripted, load_script

if TYPE_CHECKING:
    from pathlib import Path


def asking(*contents: str) -> Request:
    messages = [{"role": "user", "content": content} for content in contents]
    return Request(json.dumps({"messages": messages}).encode())


async def read(lane: Scripted, request: Request) -> list[Chunk]:
    async with contextlib.aclosing(lane.stream(request)) as stream:
        return [chunk async for chunk in stream]


async def text_of(lane: Scripted, *contents: str) -> str:
    return "".join(chunk.text for chunk in await read(lane, asking(*contents)))


async def test_the_first_reply_that_fits_and_is_left() -> None:
    lane = Scripted(
        LaneName.LOCAL,
        [Reply(("once",), times=1), Reply(("a ", "b"), match='say "ä"'), Reply(("rest",))],
    )
    assert await lane.resolve("any") == lane.model == "scripted"
    said = [await text_of(lane, "system", 'please say "ä"') for _ in range(2)]
    assert [*said, await text_of(lane, "x")] == ["once", "a b", "rest"]
    assert lane.requests[0] == asking("system", 'please say "ä"').body
    assert len(lane.requests) == 3
    assert lane.broken_off == 0


async def test_the_end_says_how_it_ended() -> None:
    lane = Scripted(LaneName.CLOUD, [Reply(("x" * 40,), finish="length")])
    chunks = await read(lane, asking("a"))
    assert [chunk.finish for chunk in chunks] == [None, "length"]
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion == 10


async def test_errors_come_after_the_pieces_and_do_not_grow() -> None:
    lane = Scripted(LaneName.LOCAL, [Reply(("a",), error=LaneTimeout("slow"))])
    depths: list[int] = []
    for _ in range(3):
        stream = lane.stream(asking("a"))
        assert (await anext(stream)).text == "a"
        with pytest.raises(LaneTimeout) as caught:
            await anext(stream)
        depths.append(len(caught.traceback))
    assert len(set(depths)) == 1


async def test_no_reply_left() -> None:
    lane = Scripted(LaneName.LOCAL, [Reply(("a",), match="b")])
    with pytest.raises(AnswerIncomplete):
        await read(lane, asking("c"))


async def test_delays_can_be_cancelled() -> None:
    lane = Scripted(LaneName.LOCAL, [Reply(("a", "b"), delay_seconds=3_600)])
    task = asyncio.create_task(read(lane, asking("a")))
    await asyncio.sleep(0.01)
    begin = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - begin < 10
    assert lane.broken_off == 1


ENTRIES = [
    {"match": "x", "chunks": ["a", "b"], "delay_seconds": 1, "finish": "length", "times": 2},
    {"reply": "c", "error": "timeout"},
]


def test_files_in_json_and_toml(tmp_path: Path) -> None:
    bare, table, toml = (tmp_path / name for name in ("a.json", "b.json", "c.toml"))
    bare.write_text(json.dumps(ENTRIES))
    table.write_text(json.dumps({"replies": ENTRIES}))
    toml.write_text(
        '[[replies]]\nmatch = "x"\nchunks = ["a", "b"]\ndelay_seconds = 1\nfinish = "length"\n'
        'times = 2\n[[replies]]\nreply = "c"\nerror = "timeout"\n'
    )
    for file in (bare, table, toml):
        first, second = load_script(file)
        assert first == Reply(("a", "b"), "x", 1.0, "length", None, 2)
        assert second.chunks == ("c",)
        assert isinstance(second.error, LaneError)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid"),
        ("7", "no list"),
        ("{}", "no list"),
        ("[7]", "reply 1: needs"),
        ('[{"reply": "a"}, {}]', "reply 2: needs"),
        ('[{"chunks": ["a", 7]}]', "no text"),
        ('[{"reply": "a", "delya": 1}]', "unknown key `delya`"),
        ('[{"reply": "a", "error": "boom"}]', "only these errors"),
        ('[{"reply": "a", "match": 7}]', "are texts"),
        ('[{"reply": "a", "times": "x"}]', "are numbers"),
    ],
)
def test_files_that_are_wrong(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "script.json"
    file.write_text(text)
    with pytest.raises(SettingsError, match=words) as caught:
        load_script(file)
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_script(tmp_path / "none.json")
