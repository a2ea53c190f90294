"""From a decision to a whole answer, with the real gate, ledger and lanes; only servers are played."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

from support_border import OPEN as OPEN_STANDING
from support_border import prompt
from support_fake_server import (
    DONE,
    FOREVER,
    Answer,
    FakeServer,
    answer,
    chunk,
    counted,
    event,
    refusal,
    usage,
)
from support_team import (
    CANARY,
    CLOUD,
    CLOUD_MODEL,
    KEY,
    LOCAL,
    LOCALLY,
    Team,
    a_cloud,
    asked,
    question,
    team,
    touched,
)
from support_waiting import PATIENCE
from twolane_server.border.ledger import Ledger, verify
from twolane_server.errors import (
    AnswerIncomplete,
    AnswerTruncated,
    LaneError,
    LaneRejected,
    LaneTimeout,
    LaneUnreachable,
    SettingsError,
    TooLarge,
)
from twolane_server.fragments import Label
from twolane_server.lanes.base import LaneName, Usage
from twolane_server.lanes.openai_chat import OpenAIChat
from twolane_server.routing.choose import choose
from twolane_server.routing.run import Reply
from twolane_server.settings.resolved import (
    ActionSettings,
    EmbeddedSettings,
    Mode,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from twolane_server.border.records import Sending
    from twolane_server.border.standing import Standing
    from twolane_server.prompts import Prompt


async def test_the_cloud_answers_and_the_ledger_holds_what_it_was_sent(tmp_path: Path) -> None:
    async with a_cloud(answer("Say", " hello.")) as cloud, team(tmp_path, cloud) as us:
        reply = await us.run()
        assert reply.text == "Say hello."
        assert reply.decision.lane is CLOUD
        assert reply.usage == Usage(prompt=10, completion=3)
        assert reply.first_token_at > 0
        assert us.pieces == [("Say", 1), (" hello.", 2)]
        assert us.notices == []
        [sent] = cloud.chats
        assert CANARY in sent.body.decode()
        [row] = us.rows
        assert row.text == sent.body.decode()
        assert row.sent["lane"] == "cloud"
        assert row.sent["host"] == cloud.host
        assert row.public()["outcome"] == "stop"
        assert verify(us.folders.state / "ledger").whole


async def test_the_local_lane_answers_and_its_text_is_not_kept(tmp_path: Path) -> None:
    async with (
        a_cloud() as cloud,
        FakeServer(answer("Hi")) as local,
        team(tmp_path, cloud, local) as us,
    ):
        reply = await us.run(asked(Label.NDA), LOCALLY)
        assert (reply.text, reply.decision.lane) == ("Hi", LOCAL)
        assert reply.model.startswith("Qwen/Qwen3-Coder")
        assert CANARY in local.chats[0].body.decode()
        [row] = us.rows
        assert row.text is None
        assert row.sent["bytes"] == len(local.chats[0].body)
        assert row.sent["label"] == "NDA"
        assert CANARY not in json.dumps(row.sent)
        assert us.outcomes == [("local", "stop")]
        assert touched(cloud) == (0, b"")


def slow_disk(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Have no entry written before the event is set."""
    free, write = threading.Event(), Ledger.before_send

    def slowly(ledger: Ledger, sending: Sending, allowed: Callable[[], None]) -> int:
        assert free.wait(PATIENCE)
        return write(ledger, sending, allowed)

    monkeypatch.setattr(Ledger, "before_send", slowly)
    return free


async def test_the_local_lane_does_not_wait_for_the_disk_but_what_is_shown_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = slow_disk(monkeypatch)
    async with (
        a_cloud() as cloud,
        FakeServer(answer("Hi")) as local,
        team(tmp_path, cloud, local) as us,
    ):
        running = asyncio.create_task(us.run(asked(Label.NDA), LOCALLY))
        assert await local.until(lambda server: b"/chat/completions" in server.received)
        assert not us.rows
        done, _ = await asyncio.wait([running], timeout=0.1)
        assert not done, "what came was used before it was on record"
        assert not us.pieces, "what came was shown before it was on record"
        free.set()
        assert (await running).text == "Hi"
        assert us.outcomes == [("local", "stop")]


async def test_who_is_cancelled_twice_leaves_an_entry_with_its_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = slow_disk(monkeypatch)
    async with (
        a_cloud() as cloud,
        FakeServer(Answer((chunk("Say"), FOREVER))) as local,
        team(tmp_path, cloud, local) as us,
    ):
        running = asyncio.create_task(us.run(asked(Label.NDA), LOCALLY))
        assert await local.until(lambda server: b"/chat/completions" in server.received)
        for _ in range(2):
            running.cancel()
            await asyncio.sleep(0.05)
        with pytest.raises(asyncio.CancelledError):
            await running
        free.set()
        assert await local.until(lambda _: us.outcomes == [("local", "cancelled")])


def test_a_reply_shows_no_text_in_a_log() -> None:
    assert CANARY not in repr(Reply(CANARY, LOCALLY, "m", None, 0.0))


REFUSALS: dict[str, tuple[Prompt, Standing | Exception, str]] = {
    "label of the prompt": (asked(Label.NDA), OPEN_STANDING, "NDA"),
    "label of the sources": (
        asked(),
        replace(OPEN_STANDING, label=Label.NDA, reasons=("clients/** in twolane.toml",)),
        "clients/** in twolane.toml",
    ),
    "no grant": (
        asked(),
        replace(OPEN_STANDING, granted=False, reasons=("never granted",)),
        "never granted",
    ),
    "a word": (prompt("import acme_corp"), OPEN_STANDING, "Acme Corp"),
    "a policy that cannot be read": (asked(), ValueError("x"), "cannot be read"),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_what_the_gate_refuses_goes_local_and_no_byte_goes_out(
    case: str, tmp_path: Path
) -> None:
    asking, standing, why = REFUSALS[case]
    async with a_cloud() as cloud, team(tmp_path, cloud) as us:
        us.standings = [standing]
        reply = await us.run(asking)
        assert touched(cloud) == (0, b"")
        assert (reply.text, reply.decision.lane) == ("from local", LOCAL)
        assert str(reply.decision).startswith("local: the border keeps it local: ")
        assert why in str(reply.decision)
        assert us.notices == [str(reply.decision)]
        assert us.outcomes == [("local", "stop")]


TIGHTER = {
    "label": replace(OPEN_STANDING, label=Label.NDA, reasons=("clients/** in twolane.toml",)),
    "grant": replace(OPEN_STANDING, granted=False, reasons=("taken back",)),
    "words": replace(OPEN_STANDING, words=("docstrings",)),
}


@pytest.mark.parametrize("how", TIGHTER)
async def test_a_policy_tightened_while_the_request_waits_holds_it(
    how: str, tmp_path: Path
) -> None:
    async with a_cloud() as cloud, team(tmp_path, cloud) as us:
        us.standings = [OPEN_STANDING, TIGHTER[how]]
        reply = await us.run()
        assert reply.decision.lane is LOCAL
        assert cloud.requests, "the standing changed after the list of models was read"
        assert cloud.chats == []
        assert CANARY.encode() not in cloud.received
        assert us.outcomes == [("local", "stop")]


BEFORE_THE_FIRST_TOKEN = {
    "401": (refusal(401), "does not accept the key"),
    "429": (refusal(429, retry_after="7"), "Try again in 7 s"),
    "500": (refusal(500), "fault of its own"),
    "redirect": (refusal(302, location="http://127.0.0.1:9/"), "never does"),
    "cut off": (Answer((b": keep-alive\n\n",), clean=False), "broke off"),
    "ended": (Answer((DONE,)), "stopped before"),
    "silence": (Answer((FOREVER,)), "stopped for 0.2 s"),
    "a web page": (Answer((b"<html>",), content_type="text/html"), "a web page"),
    "an error event": (Answer((event({"error": {"message": "no"}}),)), "reported an error"),
    "length without a word": (answer(finish="length"), "token limit"),
}


@pytest.mark.parametrize("case", BEFORE_THE_FIRST_TOKEN)
async def test_a_cloud_that_fails_before_its_first_token_is_exchanged_for_local(
    case: str, tmp_path: Path
) -> None:
    fault, why = BEFORE_THE_FIRST_TOKEN[case]
    async with a_cloud(fault) as cloud, team(tmp_path, cloud, idle=0.2) as us:
        reply = await us.run()
        assert (reply.text, reply.decision.lane) == ("from local", LOCAL)
        assert "the cloud lane cannot be used now: " in str(reply.decision)
        assert why in str(reply.decision)
        assert us.notices == [str(reply.decision)]
        assert us.pieces == [("from ", 1), ("local", 2)]
        assert [lane for lane, _ in us.outcomes] == ["cloud", "local"]
        assert us.outcomes[1] == ("local", "stop")
        assert us.outcomes[0][1] != "unknown"


async def test_a_cloud_that_is_down_is_exchanged_for_local(tmp_path: Path) -> None:
    async with team(tmp_path) as us:
        reply = await us.run()
        assert reply.decision.lane is LOCAL
        assert "Nothing answers at 127.0.0.1:9" in str(reply.decision)
        assert us.outcomes == [("local", "stop")], "nothing was sent, so nothing is recorded"


@pytest.mark.parametrize("key", [None, "two words"])
async def test_a_cloud_without_a_usable_key_is_not_even_called(
    key: str | None, tmp_path: Path
) -> None:
    async with a_cloud() as cloud, team(tmp_path, cloud) as us:
        us.environ.clear()
        us.environ |= {KEY: key} if key else {}
        reply = await us.run()
        assert reply.decision.lane is LOCAL
        assert KEY in str(reply.decision)
        assert touched(cloud) == (0, b"")


async def test_local_must_hold_what_the_cloud_could_have_held(tmp_path: Path) -> None:
    async with team(tmp_path, window=10) as us:
        with pytest.raises(TooLarge, match="window of 10"):
            await us.run()
        assert us.rows == []


AFTER_THE_FIRST_TOKEN: dict[str, tuple[Answer, type[LaneError]]] = {
    "cut off": (Answer((chunk("Say"),), clean=False), AnswerIncomplete),
    "ended": (Answer((chunk("Say"),)), AnswerIncomplete),
    "an error event": (
        Answer((chunk("Say"), event({"error": {"message": "no"}}))),
        AnswerIncomplete,
    ),
    "silence": (Answer((chunk("Say"), FOREVER)), LaneTimeout),
    "length": (answer("Say", finish="length"), AnswerTruncated),
    "content_filter": (answer("Say", finish="content_filter"), AnswerIncomplete),
    "tool_calls": (answer("Say", finish="tool_calls"), AnswerIncomplete),
}


@pytest.mark.parametrize("case", AFTER_THE_FIRST_TOKEN)
async def test_a_cloud_that_fails_after_its_first_token_is_an_error_and_nothing_else(
    case: str, tmp_path: Path
) -> None:
    fault, error = AFTER_THE_FIRST_TOKEN[case]
    async with (
        a_cloud(fault) as cloud,
        FakeServer() as local,
        team(tmp_path, cloud, local, idle=0.2) as us,
    ):
        with pytest.raises(error):
            await us.run()
        assert us.pieces == [("Say", 1)]
        assert us.notices == []
        assert touched(local) == (0, b"")
        assert len(cloud.chats) == 1, "it is not asked twice either"
        [(lane, outcome)] = us.outcomes
        assert lane == "cloud"
        assert outcome not in {"stop", "unknown"}


@pytest.mark.parametrize("label", Label)
async def test_a_local_lane_that_is_down_is_never_exchanged_for_the_cloud(
    label: Label, tmp_path: Path
) -> None:
    async with a_cloud() as cloud, FakeServer() as gone:
        pass
    async with cloud, team(tmp_path, cloud, gone) as us:
        with pytest.raises(LaneUnreachable, match="refused"):
            await us.run(asked(label), LOCALLY)
        assert touched(cloud) == (0, b"")
        assert us.rows == []


async def test_refused_by_the_gate_and_no_local_lane_is_an_error(tmp_path: Path) -> None:
    async with a_cloud() as cloud, FakeServer() as gone:
        pass
    async with cloud, team(tmp_path, cloud, gone) as us:
        us.standings = [TIGHTER["label"]]
        with pytest.raises(LaneUnreachable):
            await us.run()
        assert touched(cloud) == (0, b"")


async def test_a_local_lane_that_refuses_is_never_exchanged_for_the_cloud(tmp_path: Path) -> None:
    async with (
        a_cloud() as cloud,
        FakeServer(refusal(401)) as local,
        team(tmp_path, cloud, local) as us,
    ):
        with pytest.raises(LaneRejected):
            await us.run(decision=LOCALLY)
        assert touched(cloud) == (0, b"")
        assert us.outcomes == [("local", "LaneRejected")]


@pytest.mark.parametrize(
    ("finish", "error", "why"),
    [
        ("length", AnswerTruncated, "token limit"),
        ("content_filter", AnswerIncomplete, "A filter of the model's server"),
        ("eos", AnswerIncomplete, "ended the answer early"),
    ],
)
async def test_half_an_answer_of_the_local_lane_is_an_error(
    finish: str, error: type[LaneError], why: str, tmp_path: Path
) -> None:
    async with (
        a_cloud() as cloud,
        team(tmp_path, cloud, replies=[{"reply": "Say", "finish": finish}]) as us,
    ):
        with pytest.raises(error, match=f"{why}.*nothing was applied"):
            await us.run(decision=LOCALLY)
        assert touched(cloud) == (0, b"")
        assert us.outcomes == [("local", finish)]


@pytest.mark.parametrize("lane", LaneName)
async def test_cancelling_closes_the_socket_and_is_recorded(lane: LaneName, tmp_path: Path) -> None:
    slow = Answer((chunk("Say"), FOREVER))
    async with (
        a_cloud(slow) as cloud,
        FakeServer(slow) as local,
        team(tmp_path, cloud, local) as us,
    ):
        running = asyncio.create_task(us.run(decision=LOCALLY if lane is LOCAL else None))
        server = cloud if lane is CLOUD else local
        assert await server.until(lambda _: us.pieces)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert await server.until(lambda fake: fake.broken_off)
        assert us.outcomes == [(lane.value, "cancelled")]
        assert (cloud if lane is LOCAL else local).connections == 0


async def test_a_reader_that_fails_closes_the_socket_and_is_recorded(tmp_path: Path) -> None:
    def fail(_text: str, _count: int) -> None:
        raise ZeroDivisionError

    async with a_cloud(Answer((chunk("Say"), FOREVER))) as cloud, team(tmp_path, cloud) as us:
        decision = choose(question(us.settings, asked()))
        with pytest.raises(ZeroDivisionError):
            await us.runner.run(
                asked(),
                decision,
                us.settings,
                otherwise=Mock(return_value=LOCALLY),
                on_text=fail,
                on_notice=lambda _sentence, _share: None,
                on_decision=lambda _taken: None,
            )
        assert us.outcomes == [("cloud", "cancelled")]
        assert await cloud.until(lambda fake: fake.broken_off)


def _break_ledger(us: Team) -> Path:
    """A ledger that cannot be written, for root either: a file is where its folder should be."""
    us.folders.state.mkdir()
    stone = us.folders.state / "ledger"
    stone.write_text("no folder")
    return stone


async def test_without_a_ledger_nothing_is_sent_to_the_cloud(tmp_path: Path) -> None:
    async with a_cloud() as cloud, team(tmp_path, cloud) as us:
        _break_ledger(us)
        reply = await us.run()
        assert touched(cloud) == (0, b"")
        assert (reply.text, reply.decision.lane) == ("from local", LOCAL)
        assert "the ledger cannot be written" in us.notices[0]
        assert "make that folder yours and writable" in us.notices[1]


async def test_without_a_ledger_the_local_lane_works_and_says_so(tmp_path: Path) -> None:
    async with team(tmp_path) as us:
        _break_ledger(us)
        assert (await us.run(decision=LOCALLY)).text == "from local"
        [told] = us.notices
        assert "The ledger in" in told


async def test_a_ledger_that_is_mended_lets_the_cloud_work_again(tmp_path: Path) -> None:
    async with a_cloud() as cloud, team(tmp_path, cloud) as us:
        stone = _break_ledger(us)
        assert (await us.run()).decision.lane is LOCAL
        stone.unlink()
        assert (await us.run()).decision.lane is CLOUD
        assert us.outcomes == [("cloud", "stop")]


async def test_a_ledger_that_breaks_while_it_is_open_stops_the_cloud_alone(tmp_path: Path) -> None:
    async with a_cloud() as cloud, team(tmp_path, cloud) as us:
        assert (await us.run()).decision.lane is CLOUD
        (us.folders.state / "ledger" / "ledger.head").unlink()
        reply = await us.run()
        assert (reply.text, reply.decision.lane) == ("from local", LOCAL)
        assert len(cloud.chats) == 1
        assert "is not whole" in us.notices[-1]


async def test_closing_closes_lanes_gates_and_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[Ledger] = []
    close = Ledger.close

    def noted(ledger: Ledger) -> None:
        closed.append(ledger)
        close(ledger)

    monkeypatch.setattr(Ledger, "close", noted)
    async with a_cloud() as cloud, FakeServer() as local, team(tmp_path, cloud, local) as us:
        await us.run()
        await us.run(decision=LOCALLY)
        assert cloud.open
        assert local.open
        await us.runner.aclose()
        assert await cloud.until(lambda fake: fake.open == 0)
        assert await local.until(lambda fake: fake.open == 0)
        assert len(closed) == 1


async def test_the_first_requests_share_one_ledger_and_one_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    really = Ledger.open

    def noted(folder: Path) -> Ledger:
        opened.append(folder)
        return really(folder)

    monkeypatch.setattr(Ledger, "open", noted)
    async with a_cloud() as cloud, team(tmp_path, cloud) as us:
        replies = await asyncio.gather(*(us.run() for _ in range(4)), us.run(decision=LOCALLY))
        assert [reply.decision.lane for reply in replies] == [CLOUD] * 4 + [LOCAL]
        assert len(opened) == 1
        await us.runner.aclose()
        assert await cloud.until(lambda fake: fake.open == 0), "no gate was lost sight of"
        assert len(us.rows) == 5
        assert verify(us.folders.state / "ledger").whole


async def test_another_mode_keeps_the_local_lane(tmp_path: Path) -> None:
    replies: list[dict[str, object]] = [{"reply": "first", "times": 1}, {"reply": "second"}]
    async with team(tmp_path, replies=replies) as us:
        assert (await us.run(decision=LOCALLY)).text == "first"
        other = replace(us.settings, mode=Mode.LOCAL)
        assert (await us.run(decision=LOCALLY, settings=other)).text == "second"


async def test_other_endpoints_are_other_lanes(tmp_path: Path) -> None:
    async with a_cloud() as one, a_cloud(answer("two")) as two, team(tmp_path, one) as us:
        await us.run()
        cloud = replace(us.settings.cloud, url=two.url)
        assert (await us.run(settings=replace(us.settings, cloud=cloud))).text == "two"
        local = replace(us.settings.local, url=two.url, model=CLOUD_MODEL)
        reply = await us.run(decision=LOCALLY, settings=replace(us.settings, local=local))
        assert reply.text == "two"


async def test_what_a_server_counts_late_is_counted(tmp_path: Path) -> None:
    late = Answer(
        (chunk("Say"), chunk(finish="stop"), usage(40, 3, prompt_cache_hit_tokens=9), DONE)
    )
    async with a_cloud(late) as cloud, team(tmp_path, cloud) as us:
        assert (await us.run()).usage == Usage(prompt=40, completion=3, cached=9)
        assert us.rows[0].tokens == {"in": 40, "cached": 9, "out": 3}


async def test_the_local_server_s_counts_correct_the_estimate_of_its_model(tmp_path: Path) -> None:
    long = prompt("x = 1\n" * 2_000)
    estimated = long.tokens("Qwen3-Coder")
    telling = Answer((chunk("Say"), chunk(finish="stop"), usage(2 * estimated), DONE))
    async with FakeServer(telling) as local, team(tmp_path, local=local) as us:
        assert us.runner.learned.calibration(us.settings, "Qwen3-Coder").corrected(1_000) == 1_000
        await us.run(long, LOCALLY)
        assert us.runner.learned.calibration(us.settings, "Qwen3-Coder").corrected(1_000) == 2_200
        assert us.runner.learned.calibration(us.settings, "Qwen/Other").corrected(1_000) == 1_000


async def test_the_cloud_s_counts_say_nothing_of_the_local_model(tmp_path: Path) -> None:
    long = prompt("x = 1\n" * 2_000)
    telling = Answer((chunk("Say"), chunk(finish="stop"), usage(40_000), DONE))
    async with a_cloud(telling) as cloud, team(tmp_path, cloud) as us:
        await us.run(long)
        assert us.runner.learned.calibration(us.settings, "Qwen3-Coder").corrected(1_000) == 1_000


async def test_the_local_server_counts_a_prompt_of_any_label(tmp_path: Path) -> None:
    long = prompt(f"{CANARY} = 1\n" * 2_000, Label.NDA)
    estimated = long.tokens("Qwen3-Coder")
    async with (
        FakeServer(tokenize=counted(3 * estimated)) as local,
        a_cloud() as cloud,
        team(tmp_path, cloud, local) as us,
    ):
        assert await us.runner.count_local(long, us.settings) == 3 * estimated
        assert us.runner.learned.calibration(us.settings, "Qwen3-Coder").corrected(1_000) == 3_301
        assert CANARY in local.requests[-1].body.decode()
        assert touched(cloud) == (0, b"")


async def test_who_cannot_count_is_asked_once(tmp_path: Path) -> None:
    async with FakeServer() as local, team(tmp_path, local=local) as us:
        for _ in range(3):
            assert await us.runner.count_local(asked(), us.settings) is None
        assert [one.path for one in local.requests].count("/tokenize") == 1
    async with team(tmp_path) as us:  # a script
        assert await us.runner.count_local(asked(), us.settings) is None


async def test_a_server_that_is_down_counts_nothing_and_nobody_stands_in(tmp_path: Path) -> None:
    async with team(tmp_path) as us:
        local = replace(us.settings.local, url="http://127.0.0.1:9/v1")
        stand_in = replace(us.settings, local=local, embedded=EmbeddedSettings(enabled=True))
        assert await us.runner.count_local(asked(), stand_in) is None
        assert not us.notices


async def test_a_local_lane_that_settings_make_the_clouds_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings are read again before each run; a lane that was opened before must not escape it."""

    async def nobody(_self: OpenAIChat) -> None:
        raise LaneUnreachable("Nothing answers.")

    monkeypatch.setattr(OpenAIChat, "probe", nobody)
    async with team(tmp_path) as us:
        local = replace(us.settings.local, url="http://box.example.test:8000/v1")
        apart = replace(us.settings, local=local)
        with pytest.raises(LaneUnreachable):
            await us.run(decision=LOCALLY, settings=apart)
        cloud = replace(us.settings.cloud, url="https://box.example.test/v1")
        with pytest.raises(SettingsError, match="both lead to"):
            await us.run(decision=LOCALLY, settings=replace(apart, cloud=cloud))


async def test_each_action_takes_its_own_model_over_one_connection(tmp_path: Path) -> None:
    models = (CLOUD_MODEL, "claude-sonnet-4.5")
    async with FakeServer(models=models) as cloud, team(tmp_path, cloud) as us:
        review = ActionSettings("review", cloud_model="Claude-Sonnet-4.5")
        both = replace(us.settings, actions=(review,))
        for name in ("docstring", "review", "docstring"):
            await us.run(replace(asked(), action=name), settings=both)
        assert [row.sent["model"] for row in us.rows] == [CLOUD_MODEL, models[1], CLOUD_MODEL]
        sent = [request.json["model"] for request in cloud.requests if request.body]
        assert sent == [CLOUD_MODEL, models[1], CLOUD_MODEL]
        assert cloud.connections == 1


async def test_a_model_of_an_action_that_is_missing_is_told_and_stays_local(
    tmp_path: Path,
) -> None:
    async with a_cloud() as cloud, FakeServer() as local, team(tmp_path, cloud, local) as us:
        review = ActionSettings("review", cloud_model="claude-sonnet-4.5")
        both = replace(us.settings, actions=(review,))
        reply = await us.run(replace(asked(), action="review"), settings=both)
        assert reply.decision.lane is LOCAL
        assert "has no model claude-sonnet-4.5; it has deepseek-v3.2" in str(reply.decision)
        assert "the action's cloud_model" in str(reply.decision)


async def test_the_local_window_and_the_calibration_are_those_of_the_model(tmp_path: Path) -> None:
    entries = [{"id": "big", "max_model_len": 99_999}, {"id": "small", "max_model_len": 4_096}]
    listing = Answer((json.dumps({"data": entries}).encode(),), content_type="application/json")
    long = replace(prompt("x = 1\n" * 2_000), action="review")
    telling = Answer((chunk("Say"), chunk(finish="stop"), usage(2 * long.tokens("small")), DONE))
    async with (
        FakeServer(telling, models_answer=listing) as local,
        team(tmp_path, local=local) as us,
    ):
        review = ActionSettings("review", local_model="small")
        lane = replace(us.settings.local, model="big", window=65_536)
        both = replace(us.settings, local=lane, actions=(review,))
        assert us.runner.local_window(both, "small") == 65_536, "nobody was asked yet"
        await us.run(long, LOCALLY, settings=both)
        assert local.requests[-1].json["model"] == "small"
        assert us.runner.local_window(both, "small") == 4_096
        assert us.runner.local_window(both, "big") == 65_536
        assert us.runner.learned.calibration(both, "small").corrected(1_000) == 2_200
        assert us.runner.learned.calibration(both, "big").corrected(1_000) == 1_000


@pytest.mark.parametrize(
    ("label", "version", "salted"),
    [(Label.NDA, "0.32.0", True), (Label.OPEN, "0.32.0", False), (Label.NDA, None, False)],
)
async def test_only_vllm_is_told_to_keep_nda_prefixes_apart(
    tmp_path: Path, label: Label, version: str | None, *, salted: bool
) -> None:
    async with (
        FakeServer(answer("x"), version=version) as local,
        team(tmp_path, local=local) as here,
    ):
        for _ in range(2):
            await here.run(asked(label), LOCALLY)
    salts = {chat.json.get("cache_salt") for chat in local.chats}
    assert (None not in salts, len(salts)) == (salted, 1)


async def test_the_cloud_is_never_sent_a_salt(tmp_path: Path) -> None:
    cloud = FakeServer(answer("x"), models=(CLOUD_MODEL,), version="0.32.0")
    async with cloud, team(tmp_path, cloud) as here:
        await here.run()
    (chat,) = cloud.chats
    assert "cache_salt" not in chat.json
