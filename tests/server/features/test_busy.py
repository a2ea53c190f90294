"""A yes to the cloud counts until something of the answer has come, and nothing waits for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from twolane_server.features.busy import CLOUD, HERE, TakeCloudError, unless_cloud

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from twolane_server.orders import Result

DONE = cast("Result", object())


class Person:
    """Says something after some seconds, or never."""

    def __init__(self, says: str | Exception | None, seconds: float) -> None:
        self.says, self.seconds = says, seconds

    async def window_show_message_request_async(
        self, params: types.ShowMessageRequestParams
    ) -> types.MessageActionItem | None:
        assert [each.title for each in params.actions or ()] == [CLOUD, HERE]
        await asyncio.sleep(self.seconds)
        if isinstance(self.says, Exception):
            raise self.says
        return None if self.says is None else types.MessageActionItem(self.says)


class Work:
    """Takes some seconds; knows whether it was given up."""

    def __init__(self, seconds: float, begins: float = 60.0) -> None:
        self.seconds, self.begins = seconds, begins
        self.given_up = self.begun = False

    async def run(self) -> Result:
        try:
            await asyncio.sleep(min(self.begins, self.seconds))
            self.begun = True
            await asyncio.sleep(max(0.0, self.seconds - self.begins))
        except asyncio.CancelledError:
            self.given_up = True
            raise
        return DONE


async def carried(person: Person, work: Work) -> Result:
    server = cast("LanguageServer", person)
    return await unless_cloud(server, "?", work.run(), lambda: work.begun)


async def test_a_yes_in_time_gives_the_work_up() -> None:
    work = Work(30)
    with pytest.raises(TakeCloudError):
        await carried(Person(CLOUD, 0.02), work)
    assert work.given_up


@pytest.mark.parametrize(
    "person",
    [
        Person(HERE, 0.01),
        Person(None, 0.01),
        Person("something else", 0.01),
        Person(JsonRpcException("it cannot ask"), 0.01),
        Person(CLOUD, 60),
    ],
)
async def test_anything_else_lets_it_go_on(person: Person) -> None:
    work = Work(0.1)
    assert await carried(person, work) is DONE
    assert not work.given_up


async def test_a_yes_after_the_first_text_is_too_late() -> None:
    work = Work(0.2, begins=0.01)
    assert await carried(Person(CLOUD, 0.05), work) is DONE


async def test_a_fault_of_the_work_is_told() -> None:
    async def fails() -> Result:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - any error will do
        await unless_cloud(cast("LanguageServer", Person(None, 60)), "?", fails(), lambda: False)


async def test_a_cancel_ends_both() -> None:
    work = Work(30)
    task = asyncio.create_task(carried(Person(CLOUD, 30), work))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.given_up
    assert asyncio.all_tasks() == {asyncio.current_task()}
