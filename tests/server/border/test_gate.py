"""The only way to the cloud."""

from __future__ import annotations

import asyncio
import copy
import gc
import json
import subprocess
import sys
from contextlib import aclosing, closing
from dataclasses import FrozenInstanceError, replace
from typing import TYPE_CHECKING

import pytest

from support_border import (
    ANSWER,
    OPEN,
    SOURCE,
    Clock,
    RecordingCloud,
    prompt,
    sending,
)
from support_waiting import PATIENCE
from twolane_server.border.cleared import Cleared
from twolane_server.border.gate import Gate, local_request
from twolane_server.border.ledger import Ledger
from twolane_server.errors import (
    FingerprintsUnusable,
    KeyUnusable,
    LaneDropped,
    LaneTimeout,
    LedgerError,
    Refused,
    SettingsError,
)
from twolane_server.fragments import Fragment, Label, Origin
from twolane_server.prompts import Message, Prompt, Role
from twolane_server.settings.resolved import (
    ActionSettings,
    KeySource,
    LaneSettings,
    Price,
    Settings,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator
    from pathlib import Path

    from twolane_server.border.standing import Standing
    from twolane_server.lanes.base import Chunk

SETTINGS = Settings(cloud=LaneSettings("https://api.example.test/v1", "deepseek-v3.2"))


class Border:
    """A gate, its ledger, its cloud, and a standing that a test may change meanwhile."""

    def __init__(
        self,
        ledger: Ledger | LedgerError,
        cloud: RecordingCloud | None = None,
        settings: Settings = SETTINGS,
    ) -> None:
        self.standing = OPEN
        self.asked: list[tuple[Origin, ...]] = []
        self.cloud = cloud or RecordingCloud()
        self.ledger = ledger
        self.gate = Gate(
            settings,
            {},
            ledger,
            self.read,
            clock=Clock(),
            connect=lambda _settings, _environ: self.cloud,
        )

    def read(self, sources: tuple[Origin, ...]) -> Standing:
        self.asked.append(sources)
        return self.standing

    async def send(self, cleared: Cleared) -> list[Chunk]:
        async with aclosing(self.gate.stream(cleared)) as chunks:
            return [chunk async for chunk in chunks]

    @property
    def outcomes(self) -> list[object]:
        assert isinstance(self.ledger, Ledger)
        return [row.public()["outcome"] for row in self.ledger.rows()]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(tmp_path / "ledger")) as opened:
        yield opened


async def test_what_is_sent_is_what_was_cleared_and_what_the_ledger_holds(ledger: Ledger) -> None:
    border = Border(ledger)
    cleared = await border.gate.clear(prompt("def é(): ..."), reasons=("its home lane",))
    assert border.cloud.bodies == []
    assert await border.send(cleared) == list(ANSWER)
    [body] = border.cloud.bodies
    assert json.loads(body)["model"] == "deepseek-v3.2-relay"
    assert json.loads(body)["messages"][1] == {"role": "user", "content": "def é(): ..."}
    [row] = ledger.rows()
    assert row.text is not None
    assert row.text.encode() == body
    assert row.sent["sha256"] == cleared.sha256
    assert row.sent["bytes"] == len(body) == cleared.size
    assert row.sent["reasons"] == ["its home lane"]
    assert row.sent["policy_hash"] == "p1"
    assert row.files == cleared.files == (SOURCE,)
    assert row.public()["tokens"] == {"in": 40, "cached": 10, "out": 3}
    assert row.public()["outcome"] == "stop"
    assert row.public()["host"] == "api.example.test:443"
    assert row.ended is not None
    assert isinstance(seconds := row.ended["seconds"], float)
    assert 0 <= seconds < 1, "the clock of the entries moves on by a second at each look"
    assert ledger.verify().whole


async def test_the_entry_is_on_disk_before_the_first_byte_goes_out(ledger: Ledger) -> None:
    border = Border(ledger)
    cleared = await border.gate.clear(prompt())
    seen: list[int] = []
    send = border.cloud.stream

    def watch(request: object) -> object:
        seen.append(len(list(ledger.rows())))
        return send(request)  # pyright: ignore[reportArgumentType] - passed on as it came

    border.cloud.stream = watch  # pyright: ignore[reportAttributeAccessIssue] - a spy
    await border.send(cleared)
    assert seen == [1]


@pytest.mark.parametrize(
    ("asked", "standing"),
    [
        (prompt(label=Label.NDA), OPEN),
        (prompt(), replace(OPEN, label=Label.NDA)),
        (prompt(), replace(OPEN, granted=False)),
        (prompt("client = AcmeCorp()"), OPEN),
    ],
    ids=["prompt NDA", "sources NDA", "no grant", "word"],
)
async def test_a_refused_prompt_touches_neither_network_nor_ledger(
    ledger: Ledger, asked: Prompt, standing: Standing
) -> None:
    border = Border(ledger)
    border.standing = standing
    with pytest.raises(Refused, match="Nothing was sent to the cloud") as refused:
        await border.gate.clear(asked)
    assert refused.value.reasons
    assert (border.cloud.resolved, border.cloud.bodies, border.outcomes) == (0, [], [])


async def test_a_word_that_is_split_over_fragments_is_found(ledger: Ledger) -> None:
    parts = tuple(Fragment(text, Label.OPEN) for text in ("import ac", "me_co", "rp"))
    asked = Prompt("docstring", (Message(Role.USER, parts),), max_tokens=10)
    with pytest.raises(Refused, match="Acme Corp"):
        await Border(ledger).gate.clear(asked)


async def test_a_word_among_the_stops_is_found(ledger: Ledger) -> None:
    with pytest.raises(Refused, match="Acme Corp"):
        await Border(ledger).gate.clear(replace(prompt(), stop=("# acme-corp",)))


async def test_the_final_bytes_are_checked_and_not_only_the_draft(ledger: Ledger) -> None:
    border = Border(ledger, RecordingCloud(listed="acme-corp/deepseek"))
    with pytest.raises(Refused, match="Acme Corp"):
        await border.gate.clear(prompt())
    assert border.cloud.bodies == []


async def test_what_the_server_s_own_window_does_not_hold_stays(ledger: Ledger) -> None:
    """It tells it with its list; before that the settings' word is all there is."""
    least = prompt().tokens("deepseek-v3.2") + prompt().max_tokens
    border = Border(ledger, RecordingCloud(holds=least - 1))
    assert border.gate.window("deepseek-v3.2") == SETTINGS.cloud.window
    with pytest.raises(Refused, match=f"do not fit the cloud lane's window of {least - 1:,}"):
        await border.gate.clear(prompt())
    assert border.gate.window("deepseek-v3.2") == least - 1
    with pytest.raises(Refused, match="do not fit"):
        await border.send(await border.gate.clear(prompt()))
    assert (border.cloud.resolved, border.cloud.bodies) == (1, [])


@pytest.mark.parametrize("more", [0, 10_000_000])
async def test_a_larger_window_than_the_settings_say_changes_nothing(
    ledger: Ledger, more: int
) -> None:
    border = Border(ledger, RecordingCloud(holds=SETTINGS.cloud.window + more))
    await border.send(await border.gate.clear(prompt()))
    assert border.gate.window("deepseek-v3.2") == SETTINGS.cloud.window


TIGHTENED: list[Standing] = [
    replace(OPEN, label=Label.NDA, reasons=("clients/** in twolane.toml",)),
    replace(OPEN, granted=False),
    replace(OPEN, words=("docstrings",)),
]


@pytest.mark.parametrize("later", TIGHTENED, ids=["label", "grant", "words"])
async def test_a_policy_tightened_while_the_request_was_queued_holds_it(
    ledger: Ledger, later: Standing
) -> None:
    border = Border(ledger)
    cleared = await border.gate.clear(prompt())
    border.standing = later
    with pytest.raises(Refused):
        await border.send(cleared)
    assert (border.cloud.bodies, border.outcomes) == ([], [])
    border.standing = OPEN
    with pytest.raises(Refused, match="sent already"):
        await border.send(cleared)


async def test_the_standing_is_asked_for_the_prompts_files(ledger: Ledger) -> None:
    border = Border(ledger)
    await border.send(await border.gate.clear(prompt()))
    assert border.asked == [(SOURCE,)] * 3


async def test_where_the_model_is_known_the_standing_is_asked_once_when_it_is_sent(
    ledger: Ledger,
) -> None:
    border = Border(ledger)
    await border.send(await border.gate.clear(prompt()))
    border.asked.clear()
    cleared = await border.gate.clear(prompt())
    assert border.asked == []
    await border.send(cleared)
    assert border.asked == [(SOURCE,)]
    assert (border.cloud.resolved, len(border.cloud.bodies)) == (1, 2)


@pytest.mark.parametrize(
    ("asked", "standing"),
    [(prompt(label=Label.NDA), OPEN), (prompt("client = AcmeCorp()"), OPEN)]
    + [(prompt(), later) for later in TIGHTENED],
)
async def test_what_is_refused_first_is_refused_later_too(
    ledger: Ledger, asked: Prompt, standing: Standing
) -> None:
    border = Border(ledger)
    await border.send(await border.gate.clear(prompt()))
    border.standing = standing
    with pytest.raises(Refused):
        await border.send(await border.gate.clear(asked))
    assert (len(border.cloud.bodies), border.outcomes) == (1, ["stop"])


async def test_the_standing_is_asked_for_all_that_a_fragment_is_judged_by(ledger: Ledger) -> None:
    """Of a commit's message that is each file that the commit touched; the ledger tells of none."""
    border = Border(ledger)
    touched = (Origin("/repo/a.py", texts=("0" * 40,)), Origin("/repo/b.py", commit="1" * 40))
    said = Fragment("Do it", Label.OPEN, Origin(also=touched))
    whole = Prompt("commit", (Message(Role.USER, (said,)),), max_tokens=9)
    cleared = await border.gate.clear(whole)
    await border.send(cleared)
    assert border.asked == [touched] * 3
    assert cleared.files == ()
    [row] = ledger.rows()
    assert row.files == ()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError("x"), "what is NDA here cannot be read"),
        (ValueError("x"), "what is NDA here cannot be read"),
        (FingerprintsUnusable("No fingerprints."), "No fingerprints"),
    ],
)
async def test_a_policy_that_cannot_be_read_means_no(
    ledger: Ledger, error: Exception, told: str
) -> None:
    border = Border(ledger)

    def fail(_sources: tuple[Origin, ...]) -> Standing:
        raise error

    border.gate = Gate(SETTINGS, {}, ledger, fail, connect=lambda _s, _e: border.cloud)
    with pytest.raises(Refused, match=told):
        await border.gate.clear(prompt())
    assert border.cloud.resolved == 0


async def test_a_ticket_opens_once(ledger: Ledger) -> None:
    border = Border(ledger)
    cleared = await border.gate.clear(prompt())
    await border.send(cleared)
    with pytest.raises(Refused, match="sent already"):
        await border.send(cleared)
    assert len(border.cloud.bodies) == 1


def _equal(cleared: Cleared) -> Cleared:
    return replace(cleared)


@pytest.mark.parametrize("forge", [_equal, copy.copy, copy.deepcopy])
async def test_a_forged_ticket_opens_nothing(
    ledger: Ledger, forge: Callable[[Cleared], Cleared]
) -> None:
    border = Border(ledger)
    cleared = await border.gate.clear(prompt())
    with pytest.raises(Refused, match="not cleared"):
        await border.send(forge(cleared))
    with pytest.raises(Refused, match="not cleared"):
        await border.send(Cleared("m", "api.example.test:443", 3, "0" * 64, ()))
    with pytest.raises(Refused, match="not cleared"):
        await Border(ledger).send(cleared)
    assert border.cloud.bodies == []


async def test_a_ticket_whose_answer_never_began_opens_again_with_an_entry_of_its_own(
    ledger: Ledger,
) -> None:
    border = Border(ledger, RecordingCloud(answer=(LaneDropped("gone"),)))
    cleared = await border.gate.clear(prompt())
    with pytest.raises(LaneDropped):
        await border.send(cleared)
    border.cloud.answer = ANSWER
    assert await border.send(cleared) == list(ANSWER)
    assert border.outcomes == ["LaneDropped", "stop"]
    assert len(border.cloud.bodies) == 2
    assert [row.text for row in ledger.rows()] == [body.decode() for body in border.cloud.bodies]
    assert len(set(border.cloud.bodies)) == 1
    assert border.asked == [(SOURCE,)] * 4, "the policy is read again before each"
    with pytest.raises(Refused, match="sent already"):
        await border.send(cleared)


async def test_a_ticket_whose_answer_began_does_not(ledger: Ledger) -> None:
    border = Border(ledger, RecordingCloud(answer=(ANSWER[0], LaneDropped("gone"))))
    cleared = await border.gate.clear(prompt())
    with pytest.raises(LaneDropped):
        await border.send(cleared)
    with pytest.raises(Refused, match="sent already"):
        await border.send(cleared)
    assert len(border.cloud.bodies) == 1


@pytest.mark.parametrize("end", [asyncio.CancelledError(), ZeroDivisionError("x")])
async def test_a_ticket_that_was_given_up_does_not(ledger: Ledger, end: BaseException) -> None:
    cloud = RecordingCloud()
    border = Border(ledger, cloud)

    async def fail(_request: object) -> AsyncGenerator[Chunk]:
        raise end
        yield ANSWER[0]

    cloud.stream = fail  # pyright: ignore[reportAttributeAccessIssue] - a cloud that ends so
    cleared = await border.gate.clear(prompt())
    with pytest.raises(type(end)):
        await border.send(cleared)
    with pytest.raises(Refused, match="sent already"):
        await border.send(cleared)


async def test_a_policy_tightened_between_two_attempts_uses_the_ticket_up(ledger: Ledger) -> None:
    border = Border(ledger, RecordingCloud(answer=(LaneDropped("gone"),)))
    cleared = await border.gate.clear(prompt())
    with pytest.raises(LaneDropped):
        await border.send(cleared)
    border.standing = TIGHTENED[0]
    with pytest.raises(Refused, match=r"clients/\*\*"):
        await border.send(cleared)
    border.standing = OPEN
    with pytest.raises(Refused, match="sent already"):
        await border.send(cleared)
    assert len(border.cloud.bodies) == 1


async def test_a_probe_carries_nothing_and_is_in_no_ledger(ledger: Ledger) -> None:
    border = Border(ledger)
    await border.gate.probe()
    assert (border.cloud.resolved, border.cloud.bodies, border.outcomes) == (1, [], [])
    assert border.asked == []


async def test_a_ticket_holds_no_text_and_cannot_be_changed(ledger: Ledger) -> None:
    border = Border(ledger)
    cleared = await border.gate.clear(prompt("canary_text = 1"))
    assert "canary" not in repr(cleared)
    assert "canary" not in repr(list(border.gate._passages.values()))  # pyright: ignore[reportPrivateUsage] - what a debugger would show
    with pytest.raises(FrozenInstanceError):
        cleared.sha256 = "0"  # pyright: ignore[reportAttributeAccessIssue] - that is the test
    del cleared
    gc.collect()
    assert len(border.gate._passages) == 0  # pyright: ignore[reportPrivateUsage] - text must not stay behind


async def test_no_ledger_no_cloud() -> None:
    border = Border(LedgerError("The disk that holds the ledger is full; free some space."))
    with pytest.raises(
        Refused, match=r"nothing is sent to the cloud\. The disk .* full"
    ) as refused:
        await border.gate.clear(prompt())
    assert refused.value.reasons == (
        "the ledger cannot be written, so nothing is sent to the cloud",
    )
    assert border.cloud.resolved == 0


async def test_a_ledger_that_fails_at_the_last_moment_holds_the_request(
    ledger: Ledger, tmp_path: Path
) -> None:
    border = Border(ledger)
    cleared = await border.gate.clear(prompt())
    (tmp_path / "ledger" / "ledger.head").unlink()
    with pytest.raises(Refused, match="nothing is sent to the cloud"):
        await border.send(cleared)
    assert border.cloud.bodies == []


async def test_a_ledger_that_fails_after_the_answer_does_not_take_it_away(
    ledger: Ledger, tmp_path: Path
) -> None:
    border = Border(ledger)
    got: list[Chunk] = []
    async with aclosing(border.gate.stream(await border.gate.clear(prompt()))) as chunks:
        async for chunk in chunks:
            got.append(chunk)
            (tmp_path / "ledger" / "ledger.head").unlink(missing_ok=True)
    assert got == list(ANSWER)
    assert border.outcomes == ["unknown"]


async def test_a_lanes_error_comes_through_and_is_recorded(ledger: Ledger) -> None:
    border = Border(ledger, RecordingCloud(answer=(ANSWER[0], LaneTimeout("too slow"))))
    with pytest.raises(LaneTimeout, match="too slow"):
        await border.send(await border.gate.clear(prompt()))
    assert border.outcomes == ["LaneTimeout"]
    assert border.cloud.stopped == 1


async def test_an_unforeseen_error_comes_through_and_is_recorded(ledger: Ledger) -> None:
    border = Border(ledger, RecordingCloud(answer=(ZeroDivisionError("x"),)))
    with pytest.raises(ZeroDivisionError):
        await border.send(await border.gate.clear(prompt()))
    assert border.outcomes == ["failed"]


async def test_cancelling_reaches_the_lane_and_is_recorded(ledger: Ledger) -> None:
    border = Border(ledger, RecordingCloud(wait=asyncio.Event()))
    task = asyncio.create_task(border.send(await border.gate.clear(prompt())))
    await border.cloud.waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert border.cloud.stopped == 1
    assert border.outcomes == ["cancelled"]


async def test_closing_the_stream_early_reaches_the_lane_and_is_recorded(ledger: Ledger) -> None:
    border = Border(ledger)
    async with aclosing(border.gate.stream(await border.gate.clear(prompt()))) as chunks:
        assert await anext(chunks) == ANSWER[0]
    assert border.cloud.stopped == 1
    assert border.outcomes == ["cancelled"]


async def test_cancelling_while_the_entry_is_written_sends_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    border = Border(ledger)
    cleared = await border.gate.clear(prompt())
    begun, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    write = ledger.before_send

    def slowly(sending: object, allowed: object) -> int:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(PATIENCE)
        return write(sending, allowed)  # pyright: ignore[reportArgumentType] - passed on as it came

    monkeypatch.setattr(ledger, "before_send", slowly)
    task = asyncio.create_task(border.send(cleared))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    async with asyncio.timeout(PATIENCE):
        while border.outcomes != ["cancelled"]:  # noqa: ASYNC110 - written by a thread
            await asyncio.sleep(0.01)
    assert border.cloud.bodies == []


async def test_the_cloud_is_opened_once_and_closed_at_the_end(ledger: Ledger) -> None:
    border = Border(ledger)
    await border.gate.aclose()
    assert border.cloud.closed == 0
    await border.gate.clear(prompt())
    await border.gate.clear(prompt())
    await border.gate.aclose()
    await border.gate.aclose()
    assert border.cloud.closed == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [(KeyUnusable("no key"), KeyUnusable), (SettingsError("cloud.url is no URL."), Refused)],
)
async def test_a_cloud_that_cannot_be_opened_is_told(
    ledger: Ledger, error: Exception, told: type[Exception]
) -> None:
    def connect(_settings: object, _environ: object) -> RecordingCloud:
        raise error

    gate = Gate(SETTINGS, {}, ledger, lambda _: OPEN, connect=connect)
    with pytest.raises(told):
        await gate.clear(prompt())


async def test_a_cloud_of_which_it_is_not_known_where_it_is_gets_nothing(ledger: Ledger) -> None:
    cloud = RecordingCloud()
    unknown = replace(SETTINGS, cloud_fault="the URL of [cloud] cannot be used")
    gate = Gate(unknown, {}, ledger, lambda _: OPEN, connect=lambda _s, _e: cloud)
    with pytest.raises(Refused, match="the URL of") as refused:
        await gate.clear(prompt())
    assert refused.value.reasons == ("the URL of [cloud] cannot be used",)
    assert (cloud.resolved, cloud.bodies) == (0, [])


async def test_without_a_say_the_gate_opens_the_real_cloud_lane(ledger: Ledger) -> None:
    cloud = replace(SETTINGS.cloud, key=KeySource(environment="NO_SUCH_KEY"))
    gate = Gate(Settings(cloud=cloud), {}, ledger, lambda _: OPEN)
    with pytest.raises(KeyUnusable, match="NO_SUCH_KEY"):
        await gate.clear(prompt())


async def test_the_model_is_that_of_the_action(ledger: Ledger) -> None:
    cloud = RecordingCloud()
    review = ActionSettings("review", cloud_model="claude-sonnet-4.5")
    gate = Gate(
        replace(SETTINGS, actions=(review,)),
        {},
        ledger,
        lambda _: OPEN,
        connect=lambda _settings, _environ: cloud,
    )
    await gate.clear(replace(prompt(), action="review"))
    assert cloud.asked_for == "claude-sonnet-4.5"
    await gate.clear(prompt())
    assert cloud.asked_for == "deepseek-v3.2"


PRICED = replace(
    SETTINGS, prices=(Price("deepseek-v3.2-relay", 1.0, 0.1, 2.0, "2026-05-31", "the test"),)
)


async def test_what_it_cost_stands_in_the_chain_with_its_price(ledger: Ledger) -> None:
    border = Border(ledger, settings=PRICED)
    await border.send(await border.gate.clear(prompt()))
    [row] = ledger.rows()
    # 40 tokens in, 10 of them cached, 3 out.
    assert row.cost_usd == row.public()["cost_usd"] == 0.000_037
    assert row.whole()["price"] == {
        "model": "deepseek-v3.2-relay",
        "input": 1.0,
        "cached": 0.1,
        "output": 2.0,
        "as_of": "2026-05-31",
        "source": "the test",
    }
    most = (prompt().tokens("deepseek-v3.2") + 2 * prompt().max_tokens) / 1e6
    assert row.sent["most_usd"] == pytest.approx(most)
    assert ledger.verify().whole


async def test_without_a_price_it_is_not_known_what_it_cost(ledger: Ledger) -> None:
    border = Border(ledger, settings=replace(SETTINGS, prices=()))
    await border.send(await border.gate.clear(prompt()))
    [row] = ledger.rows()
    assert (row.cost_usd, row.sent["most_usd"], row.whole()["price"]) == (None, None, None)
    assert row.tokens["in"] == 40


async def test_a_budget_holds_the_request_that_would_exceed_it(ledger: Ledger) -> None:
    most = 1e-6 * (prompt().tokens("deepseek-v3.2") + 2 * prompt().max_tokens)
    border = Border(ledger, settings=replace(PRICED, usd_per_month=1.5 * most))
    await border.send(await border.gate.clear(prompt()))  # it cost much less than it might have
    cleared = await border.gate.clear(prompt())
    ledger.before_send(replace(sending(), most_usd=most))  # another editor's, which runs
    with pytest.raises(Refused, match=r"it may cost .* are left") as refusal:
        await border.send(cleared)
    assert len(refusal.value.reasons) == 1
    assert len(border.cloud.bodies) == 1
    assert len(list(ledger.rows())) == 2, "what was held is no sending"


async def test_what_the_person_wants_at_any_price_is_sent(ledger: Ledger) -> None:
    border = Border(ledger, settings=replace(PRICED, usd_per_month=0.0))
    with pytest.raises(Refused, match="of the month's budget"):
        await border.send(await border.gate.clear(prompt()))
    await border.send(await border.gate.clear(prompt(), beyond_budget=True))
    assert len(border.cloud.bodies) == 1


async def test_with_a_budget_a_model_without_a_price_is_not_asked(ledger: Ledger) -> None:
    border = Border(ledger, settings=replace(SETTINGS, prices=(), usd_per_month=20.0))
    with pytest.raises(Refused, match=r"no price of deepseek-v3\.2-relay is known \(add \[prices"):
        await border.send(await border.gate.clear(prompt()))
    assert border.cloud.bodies == []


async def test_requests_at_once_do_not_exceed_the_budget_together(ledger: Ledger) -> None:
    most = 1e-6 * (prompt().tokens("deepseek-v3.2") + 2 * prompt().max_tokens)
    cloud = RecordingCloud(wait=asyncio.Event())
    settings = replace(PRICED, usd_per_month=3.5 * most)
    borders = [Border(ledger, cloud, settings) for _ in range(2)]
    cleared = [(border, await border.gate.clear(prompt())) for border in borders for _ in range(5)]
    tasks = [asyncio.create_task(border.send(ticket)) for border, ticket in cleared]
    async with asyncio.timeout(PATIENCE):
        while sum(task.done() for task in tasks) + len(cloud.bodies) < len(tasks):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    done, waiting = await asyncio.wait(tasks, timeout=0.1)
    assert {type(task.exception()) for task in done} == {Refused}
    assert (len(done), len(waiting), len(cloud.bodies)) == (7, 3, 3)
    assert cloud.wait is not None
    cloud.wait.set()
    await asyncio.gather(*waiting)


def test_the_local_lane_may_have_any_label() -> None:
    body = json.loads(local_request(prompt("canary", Label.NDA), "qwen").body)
    assert body["model"] == "qwen"
    assert body["messages"][1]["content"] == "canary"
    assert sorted(body) == [
        "max_tokens",
        "messages",
        "model",
        "stream",
        "stream_options",
        "temperature",
    ]


def test_the_gate_loads_no_http_before_the_cloud_is_near() -> None:
    program = "import twolane_server.border.gate, sys; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
