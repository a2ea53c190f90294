"""The real server process with an editor that counts UTF-16, from the list to the edit."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import pytest
from lsprotocol import types

from support_fake_server import FakeServer, answer, refusal
from support_lsp import Editor, config, initialize_params
from support_waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

BEFORE = "# é 😀\r\nfrom os import sep\r\n\r\n\r\ndef join(a: str, b: str) -> str:\r\n    return a + sep + b  # 😀\r\n"
SENTENCE = "Join two paths, 😀 included."
AFTER = BEFORE.replace("str:\r\n", f'str:\r\n    """{SENTENCE}"""\r\n')
SLOW = [{"chunks": [f"{word} " for word in SENTENCE.split()] * 20, "delay_seconds": 0.05}]


class Desk:
    """A repository, scratch folders, a script for the local lane, and an editor on the server."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "repository"
        self.root.mkdir()
        subprocess.run(["git", "init", "--quiet", self.root], check=True)
        self.file = self.root / "a.py"
        self.file.write_text("saved = 1\n", "utf-8")
        self.uri = self.file.as_uri()
        self.replies = folder / "replies.json"
        self.environ = {
            "PATH": os.environ["PATH"],
            "TWOLANE_CONFIG_DIR": str(folder / "config"),
            "TWOLANE_STATE_DIR": str(folder / "state"),
            "TWOLANE_CACHE_DIR": str(folder / "cache"),
        }
        self.options: dict[str, object] = {
            "preview": True,
            "local": {"url": f"scripted:{self.replies}"},
        }

    @asynccontextmanager
    async def editor(self, replies: Sequence[object]) -> AsyncGenerator[Editor]:
        self.replies.write_text(json.dumps(replies), "utf-8")
        editor = cast("Editor", await config(self.environ).start())
        try:
            await editor.initialize_session(initialize_params(str(self.root), self.options))
            yield editor
            await editor.shutdown_session()
        finally:
            await editor.end()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def _said(editor: Editor) -> list[str]:
    return [message.message for message in editor.messages]


async def test_list_run_stream_apply(desk: Desk) -> None:
    async with desk.editor([{"chunks": ["Join two paths, ", "😀 included."]}]) as editor:
        editor.open(desk.uri, "python", BEFORE)
        actions = await editor.labelled(desk.uri, 5)
        title = re.escape("Write docstring  [local: NDA no twolane.toml]") + "  ~[0-9.]+k? tokens"
        assert re.fullmatch(title, actions[0].title)
        answer = await editor.run(actions[0])
        assert answer["applied"] is True
        assert answer["decision"] == "local: NDA (no twolane.toml, and unknown is NDA)"
        assert editor.texts[desk.uri] == AFTER
        streamed = "".join(preview["text"] for preview in editor.previews)
        assert streamed == SENTENCE
        assert editor.previews[-1]["done"] is True


async def test_the_menu_of_a_small_repository_says_little_before_anything_was_sent(
    desk: Desk,
) -> None:
    async with desk.editor([]) as editor:
        editor.open(desk.uri, "python", BEFORE)
        while True:  # until the repository was looked at, which no menu waits for
            (action, *_) = await editor.labelled(desk.uri, 5)
            size = re.search("~([0-9]+) tokens", action.title)
            if size is not None:
                break
        assert int(size[1]) < 500


async def test_a_client_without_preview_sees_tokens_and_the_time_left(desk: Desk) -> None:
    words = [f"word{number} " for number in range(30)]
    with FakeServer(answer(*words, delay=0.05), models=("Qwen3-Coder",)).start_in_thread() as lane:
        desk.options |= {"local": {"url": lane.url}, "preview": False}
        async with desk.editor([]) as editor:
            editor.open(desk.uri, "python", BEFORE)
            for time in range(4):
                (action, *_) = await editor.labelled(desk.uri, 5)
                assert (await editor.run(action, f"t{time}"))["applied"] is True
                editor.undo()
        assert editor.previews == []
        told = [_reports(editor, f"t{time}") for time in range(4)]
        assert all(re.search(r" · [0-9]+ tokens$", reports[1]) for reports in told), "no pace yet"
        left = re.compile(r" · [0-9]+ tokens · (at most|about) [0-9]+ (?:s|min) left$")
        kinds = [{found[1] for one in each if (found := left.search(one))} for each in told]
        assert kinds == [{"at most"}] * 3 + [{"about"}], "the fourth goes by three like it"


def _reports(editor: Editor, token: str) -> list[str]:
    """The messages of a command's progress."""
    found = editor.progress_reports[token]
    return [one.message or "" for one in found if isinstance(one, types.WorkDoneProgressReport)]


async def test_one_undo_takes_it_back_and_it_can_be_done_again(desk: Desk) -> None:
    async with desk.editor([{"reply": SENTENCE}]) as editor:
        editor.open(desk.uri, "python", BEFORE)
        (action, *_) = await editor.labelled(desk.uri, 5)
        assert (await editor.run(action))["applied"] is True
        assert len(editor.edits) == 1
        editor.undo()
        assert editor.texts[desk.uri] == BEFORE
        (action, *_) = await editor.actions(desk.uri, 5)
        assert (await editor.run(action))["applied"] is True
        assert editor.texts[desk.uri] == AFTER


async def test_the_document_follows_the_editor_while_it_types(desk: Desk) -> None:
    async with desk.editor([{"reply": SENTENCE}]) as editor:
        editor.open(desk.uri, "python", BEFORE)
        for column, key in enumerate("é😀\x0c\u2028"):
            at = types.Position(0, 5 + 2 * column)
            editor.replace(desk.uri, types.Range(at, at), key if key != "é" else "éé")
        expected = editor.texts[desk.uri].replace("str:\r\n", f'str:\r\n    """{SENTENCE}"""\r\n')
        (action, *_) = await editor.labelled(desk.uri, 5)
        assert (await editor.run(action))["applied"] is True
        assert editor.texts[desk.uri] == expected


@pytest.mark.parametrize("way", ["request", "progress"])
async def test_cancel_stops_the_work_and_changes_nothing(desk: Desk, way: str) -> None:
    async with desk.editor(SLOW) as editor:
        editor.open(desk.uri, "python", BEFORE)
        (action, *_) = await editor.labelled(desk.uri, 5)
        running = editor.run(action, "token")
        await asyncio.wait_for(editor.streamed.wait(), PATIENCE)
        if way == "progress":
            editor.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams("token"))
        else:
            editor.cancel_all()
        with pytest.raises(BaseException, match=r"(?i)cancel"):
            await asyncio.wait_for(running, PATIENCE)
        # The work itself stops, not only its answer.
        await until(lambda: editor.previews[-1]["done"])
        pieces = len(editor.previews)
        await asyncio.sleep(0.3)
        assert len(editor.previews) == pieces
        assert editor.texts[desk.uri] == BEFORE
        ends = cast("list[types.WorkDoneProgressReport]", editor.progress_reports["token"])
        assert ends[-1] == types.WorkDoneProgressEnd(message="stopped")


async def test_an_edit_meanwhile_drops_the_answer_and_says_so(desk: Desk) -> None:
    async with desk.editor([{"chunks": [SENTENCE], "delay_seconds": 2.0}]) as editor:
        editor.open(desk.uri, "python", BEFORE)
        (action, *_) = await editor.labelled(desk.uri, 5)
        running = editor.run(action, "token")
        await editor.begun("token")
        top = types.Position(0, 0)
        editor.replace(desk.uri, types.Range(top, top), "# new\r\n")
        answer = await running
        assert answer["applied"] is False
        assert editor.texts[desk.uri] == "# new\r\n" + BEFORE
        assert any("changed while the model was writing" in said for said in _said(editor))


async def test_progress_names_lane_and_reason_and_never_the_text(desk: Desk) -> None:
    async with desk.editor([{"chunks": [SENTENCE]}]) as editor:
        editor.open(desk.uri, "python", BEFORE)
        (action, *_) = await editor.labelled(desk.uri, 5)
        await editor.run(action, "token")
        reports = cast("list[types.WorkDoneProgressReport]", editor.progress_reports["token"])
        said = " ".join(str(report.message) for report in reports)
        assert "local: NDA (no twolane.toml" in said
        assert "paths" not in said
        assert reports[-1] == types.WorkDoneProgressEnd(message="done")


async def test_who_waits_for_a_lane_sees_its_place_and_may_cancel(desk: Desk) -> None:
    desk.options["local"] = {"url": f"scripted:{desk.replies}", "concurrency": 1}
    async with desk.editor(SLOW) as editor:
        editor.open(desk.uri, "python", BEFORE)
        (action, *_) = await editor.labelled(desk.uri, 5)
        running = {token: editor.run(action, token) for token in ("first", "second")}
        place = "Waiting for the local lane: next in turn"

        def waiting() -> list[str]:
            reports = cast("dict[str, list[types.WorkDoneProgressReport]]", editor.progress_reports)
            return [
                token
                for token in running
                if place in [report.message for report in reports.get(token, [])]
            ]

        await until(waiting)
        (token,) = waiting()
        editor.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
        with pytest.raises(BaseException, match=r"(?i)cancel"):
            await asyncio.wait_for(running.pop(token), PATIENCE)
        assert editor.texts[desk.uri] == BEFORE
        (other,) = running
        editor.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(other))
        with pytest.raises(BaseException, match=r"(?i)cancel"):
            await asyncio.wait_for(running[other], PATIENCE)


async def test_a_rewrite_takes_its_instruction_from_the_client(desk: Desk) -> None:
    code = "def join(a: str, b: str) -> str:\n    return f'{a}{sep}{b}'  # 😀\n"
    async with desk.editor([{"reply": f"Sure:\n```python\n{code}```\n"}]) as editor:
        editor.open(desk.uri, "python", BEFORE)
        actions = await editor.labelled(desk.uri, 5)
        rewrite = next(each for each in actions if each.title.startswith("Rewrite selection…"))
        answer = await editor.run(rewrite, instruction="use an f-string")
        assert answer["applied"] is True, _said(editor)
        body = "    return f'{a}{sep}{b}'  # 😀\r\n"
        assert editor.texts[desk.uri] == BEFORE.replace("    return a + sep + b  # 😀\r\n", body)


async def test_bad_settings_are_shown_and_the_rest_works(desk: Desk) -> None:
    desk.options |= {"modee": "local", "cloud": {"url": "ftp://x", "window": -1}}
    settings = desk.root.parent / "config" / "settings.toml"
    settings.parent.mkdir()
    settings.write_text("broken = [", "utf-8")
    async with desk.editor([{"reply": SENTENCE}]) as editor:
        editor.open(desk.uri, "python", BEFORE)
        (action, *_) = await editor.labelled(desk.uri, 5)
        assert (await editor.run(action))["applied"] is True
        said = "\n".join(_said(editor))
        for part in ("settings.toml", "modee", "cloud.url", "cloud.window"):
            assert part in said


async def test_a_policy_that_cannot_be_read_is_shown_once_and_means_local(desk: Desk) -> None:
    (desk.root / "twolane.toml").write_text("[nda\npaths =", "utf-8")
    async with desk.editor([{"reply": SENTENCE}]) as editor:
        editor.open(desk.uri, "python", BEFORE)
        (action, *_) = await editor.labelled(desk.uri, 5)
        assert "[local: NDA twolane.toml cannot be read]" in action.title
        await asyncio.sleep(2.1)  # until a listing reads it anew
        await editor.actions(desk.uri, 5)
        await until(lambda: any("twolane.toml" in said for said in _said(editor)))
        await asyncio.sleep(0.3)
        (said,) = [said for said in _said(editor) if "twolane.toml" in said]
        assert "is not valid TOML" in said
        assert "NDA" in said


async def test_settings_change_while_it_runs(desk: Desk) -> None:
    async with desk.editor([{"reply": SENTENCE}]) as editor:
        editor.open(desk.uri, "python", BEFORE)
        await editor.labelled(desk.uri, 5)
        editor.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"twolane": {"mode": "sideways"}})
        )
        await until(lambda: any("mode" in said for said in _said(editor)))
        answer = await editor.command("twolane.mode", [{"mode": "local"}])
        assert answer == {"mode": "local"}


MALFORMED: dict[str, list[object] | None] = {
    "an empty object": [{}],
    "a number": [7],
    "nothing": [None],
    "no arguments": None,
    "no range": [{"action": "dance", "uri": "URI", "range": None}],
}


@pytest.mark.parametrize("arguments", MALFORMED.values(), ids=MALFORMED.keys())
async def test_a_malformed_command_is_a_sentence(
    desk: Desk, arguments: list[object] | None
) -> None:
    async with desk.editor([]) as editor:
        found = await editor.command("twolane.run", arguments)
        assert found["applied"] is False
        assert "takes one object" in _said(editor)[-1]


async def test_a_document_that_is_not_open_is_a_sentence(desk: Desk) -> None:
    place = {"line": 0, "character": 0}
    run = {"action": "docstring", "uri": desk.uri, "range": {"start": place, "end": place}}
    async with desk.editor([]) as editor:
        found = await editor.command("twolane.run", [run])
        assert found["applied"] is False
        assert "not open" in _said(editor)[-1]


async def test_a_saved_marker_shows_in_the_menu_at_once(desk: Desk) -> None:
    (desk.root / "twolane.toml").write_text("[nda]\n", "utf-8")
    async with desk.editor([]) as editor:
        editor.open(desk.uri, "python", BEFORE)
        (action, *_) = await editor.labelled(desk.uri, 5)
        assert "NDA" not in action.title
        desk.file.write_text(f"# CONFIDENTIAL\n{BEFORE}", "utf-8")
        saved = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(desk.uri))
        editor.text_document_did_save(saved)
        async with asyncio.timeout(PATIENCE):
            while "NDA" not in action.title:
                (action, *_) = await editor.actions(desk.uri, 5)
                await asyncio.sleep(0.02)
        assert "[local: NDA marker CONFIDENTIAL]" in action.title


async def test_other_languages_offer_no_edit_of_code(desk: Desk) -> None:
    async with desk.editor([]) as editor:
        uri = desk.uri.replace(".py", ".txt")
        editor.open(uri, "plaintext", "def join(): pass\n")
        titles = [action.title.partition("  ")[0] for action in await editor.actions(uri, 0)]
        assert titles == ["Explain…", "Write commit message", "Write PR text"]


async def test_a_client_that_wants_other_kinds_gets_nothing(desk: Desk) -> None:
    async with desk.editor([]) as editor:
        editor.open(desk.uri, "python", BEFORE)
        place = types.Position(5, 0)
        for only, some in (("quickfix", False), ("refactor", True), ("refactor.rewrite", True)):
            context = types.CodeActionContext([], [types.CodeActionKind(only)])
            params = types.CodeActionParams(
                types.TextDocumentIdentifier(desk.uri), types.Range(place, place), context
            )
            found = await editor.text_document_code_action_async(params)
            assert bool(found) is some, only


async def test_an_untitled_document_is_nda(desk: Desk) -> None:
    async with desk.editor([{"reply": SENTENCE}]) as editor:
        editor.open("untitled:Untitled-1", "python", BEFORE)
        (action, *_) = await editor.labelled("untitled:Untitled-1", 5)
        assert "[local: NDA no file" in action.title
        assert (await editor.run(action))["applied"] is True


async def _granted(desk: Desk) -> None:
    """A policy, a grant and a key, so that the cloud lane may be used."""
    (desk.root / "twolane.toml").write_text("[nda]\n", "utf-8")
    desk.environ["A_KEY"] = "sk-" + "x" * 20
    trust = (sys.executable, "-m", "twolane_server.cli", "trust", "--yes", str(desk.root))
    await asyncio.to_thread(
        subprocess.run, trust, env=desk.environ, check=True, stdout=subprocess.DEVNULL
    )


async def test_a_cloud_in_bad_health_is_told_once_and_the_menu_says_local(desk: Desk) -> None:
    await _granted(desk)
    late = [answer(f"Join {at} paths.", delay=0.1) for at in range(3)]
    with FakeServer(*late, models=("deepseek-v3.2",)).start_in_thread() as cloud:
        desk.options |= {
            "cloud": {"url": cloud.url, "key_environment": "A_KEY", "first_token_seconds": 0.05},
            "health": {"least_requests": 3},
        }
        async with desk.editor([{"reply": SENTENCE}]) as editor:
            editor.open(desk.uri, "python", BEFORE)
            for at in range(3):
                assert _said(editor) == []
                (action, *_) = await editor.labelled(desk.uri, 5)
                assert action.title.startswith("Write docstring  [cloud deepseek-v3.2]"), at
                await editor.run(action)
            (said,) = _said(editor)
            assert said.startswith("twolane: The cloud lane is left alone for 60 s. Its health is")
            assert "3 of 3 requests had no first token after 0.05 s" in said
            (action, *_) = await editor.actions(desk.uri, 5)
            assert action.title.startswith("Write docstring  [local: cloud unusable]  ~")
            done = await editor.run(action)
            assert "it is left alone for" in done["decision"]
            assert len(_said(editor)) == 1
            assert len(cloud.chats) == 3


async def test_when_the_cloud_fails_the_editor_says_who_answered_and_why(desk: Desk) -> None:
    await _granted(desk)
    with FakeServer(refusal(401), models=("deepseek-v3.2",)).start_in_thread() as cloud:
        desk.options["cloud"] = {"url": cloud.url, "key_environment": "A_KEY"}
        async with desk.editor([{"reply": SENTENCE}]) as editor:
            editor.open(desk.uri, "python", BEFORE)
            (action, *_) = await editor.labelled(desk.uri, 5)
            title = re.escape("Write docstring  [cloud deepseek-v3.2]")
            size = r"~[0-9.]+k? tokens, up to ~\$0.[0-9]{4}"
            assert re.fullmatch(f"{title}  {size}", action.title), action.title
            answer = await editor.run(action, "token")
            assert answer["applied"] is True
            assert answer["decision"].startswith("local: ")
            (said,) = _said(editor)
            assert "401" in said
            assert {preview["decision"] for preview in editor.previews} == {answer["decision"]}
