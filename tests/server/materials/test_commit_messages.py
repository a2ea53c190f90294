"""A commit's message is as secret as what its commit touched, by the rules as they are when it is sent."""

from __future__ import annotations

import asyncio
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support_git import Repo
from support_repositories import Alone
from support_trust import grant, make_folders
from twolane_context.spans import Span
from twolane_server.actions.base import Reads, Subject
from twolane_server.actions.commit import CommitMessage
from twolane_server.actions.pull import PullRequestText
from twolane_server.border.gate import local_request
from twolane_server.border.records import origins
from twolane_server.fragments import Label
from twolane_server.materials import commit_messages, gathering
from twolane_server.materials.changed_files import Scope, gather_files
from twolane_server.materials.gathering import gather, read_head
from twolane_server.rules.globs import compile_globs
from twolane_server.rules.knowledge import Known, read_known, read_standing
from twolane_server.rules.markers import find_markers
from twolane_server.rules.tainted import Tainted
from twolane_server.settings.resolved import Settings
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from twolane_server.border.standing import Standing
    from twolane_server.fragments import Origin
    from twolane_server.materials.gathering import Gathered
    from twolane_server.prompts import Prompt

ENVIRON = {"PATH": os.environ["PATH"]}
TEMPLATE = ".github/pull_request_template.md"


@dataclass
class Desk:
    """A repository with a grant, and what its border asks."""

    repo: Repo
    top: Path
    before: dict[str, tuple[str, ...]]

    @property
    def root(self) -> Path:
        return self.repo.root

    def read(self, path: str, former: tuple[str, ...] = ()) -> Known:
        return read_known(path, Settings(), make_folders(self.top), None, before=former)

    def gathered(self, reads: Reads) -> Gathered:
        return asyncio.run(
            gather(reads, str(self.root / "tool.py"), ENVIRON, self.read, Alone().before)
        )

    def prompt(self, reads: Reads, path: str = "tool.py") -> Prompt:
        action = PullRequestText() if reads is Reads.BRANCH else CommitMessage()
        read = self.gathered(reads)
        assert read.labelled.label is Label.OPEN, read.labelled
        text = Text.of("\n# Please say what\n")
        subject = Subject(
            text, None, str(self.root / path), Label.OPEN, Span(0, 0), material=read.material
        )
        return action.prepare(subject).prompt

    def standing(self, places: tuple[Origin, ...]) -> Standing:
        ask = read_standing(
            Settings(),
            make_folders(self.top),
            ENVIRON,
            Alone().known_code,
            before=lambda path: self.before.get(path, ()),
        )
        return ask(places)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A branch that touches `deep/side.py` and leaves it as it was: its commits alone speak of that."""
    repo = Repo(tmp_path / "r")
    start = {"twolane.toml": "[nda]\n", TEMPLATE: "## What\n"}
    repo.commit("Start", tool_py="x = 1\n", deep__side_py="y = 1\n", **start)
    grant(repo.root, make_folders(tmp_path))
    repo.git("checkout", "-qb", "work")
    repo.commit("Sides: speak of it", deep__side_py="# Blue Heron\ny = 2\n")
    repo.commit("Take it back", deep__side_py="y = 1\n")
    repo.commit("Tell", tool_py="x = 2\n")
    repo.stage(tool_py="x = 3\n")
    return Desk(repo, tmp_path, {})


def _rule(desk: Desk) -> None:
    desk.repo.put("twolane.toml", '[nda]\npaths = ["side.py"]\n')


def _folder(desk: Desk) -> None:
    desk.repo.put("twolane.toml", '[nda]\npaths = ["deep/"]\n')


def _marker(desk: Desk) -> None:
    """Of a text that neither the disk has nor either end of the branch."""
    desk.repo.put("twolane.toml", '[nda]\nmarkers = ["Blue Heron"]\n')


def _ignored(desk: Desk) -> None:
    desk.repo.put(".aiignore", "side.py\n")


def _ignored_nearer(desk: Desk) -> None:
    desk.repo.put("deep/.cursorignore", "*\n")


def _nearer_marker(desk: Desk) -> None:
    desk.repo.put("deep/twolane.toml", '[nda]\nmarkers = ["Blue Heron"]\n')


def _broken(desk: Desk) -> None:
    desk.repo.put("deep/twolane.toml", "[nda\n")


def _label_pasted(desk: Desk) -> None:
    desk.repo.put("deep/side.py", "# CONFIDENTIAL\ny = 1\n")


def _code_pasted(desk: Desk) -> None:
    Tainted(make_folders(desk.top).state).add(str(desk.root / "deep" / "side.py"), "it holds code")


def _gone(desk: Desk) -> None:
    (desk.root / "deep" / "side.py").unlink()


def _linked(desk: Desk) -> None:
    _gone(desk)
    desk.repo.put("twolane.toml", '[nda]\npaths = ["other.py"]\n')
    desk.repo.put("other.py", "y = 1\n")
    (desk.root / "deep" / "side.py").symlink_to("../other.py")


WAYS = (
    *(_rule, _folder, _marker, _ignored, _ignored_nearer, _nearer_marker, _broken),
    *(_label_pasted, _code_pasted, _gone, _linked),
)
BOTH = [Reads.BRANCH, Reads.INDEX]


@pytest.mark.parametrize("reads", BOTH)
@pytest.mark.parametrize("tighten", WAYS, ids=lambda each: each.__name__.strip("_"))
def test_a_message_is_judged_by_the_rules_of_when_it_is_sent(
    tighten: Callable[[Desk], None], reads: Reads, desk: Desk
) -> None:
    prompt = desk.prompt(reads)
    assert b"Sides: speak of it" in local_request(prompt, "m").body
    places = prompt.sources
    assert desk.standing(places).label is Label.OPEN
    tighten(desk)
    assert desk.standing(places).label is Label.NDA
    # What is not of the message alone would not have said so.
    assert desk.standing(origins(prompt)).label is Label.OPEN


@pytest.mark.parametrize("reads", BOTH)
def test_a_name_that_the_rules_beside_a_touched_file_forbid_counts(
    reads: Reads, desk: Desk
) -> None:
    places = desk.prompt(reads).sources
    assert desk.standing(places).words == ()
    desk.repo.put("deep/twolane.toml", '[nda]\nwords = ["Sides"]\n')
    assert desk.standing(places).words == ("Sides",)


def test_in_gits_own_buffer_too(desk: Desk) -> None:
    """Which lies in `.git`: that says nothing, since no text of it is sent."""
    prompt = desk.prompt(Reads.INDEX, ".git/COMMIT_EDITMSG")
    assert desk.standing(prompt.sources).label is Label.OPEN
    _rule(desk)
    assert desk.standing(prompt.sources).label is Label.NDA


def _template_named(desk: Desk) -> None:
    desk.repo.put("twolane.toml", f'[nda]\npaths = ["{TEMPLATE}"]\n')


def _template_ignored(desk: Desk) -> None:
    desk.repo.put(".github/.aiignore", "*.md\n")


def _template_labelled(desk: Desk) -> None:
    desk.repo.put(TEMPLATE, "CONFIDENTIAL\n")


def _template_marked(desk: Desk) -> None:
    desk.repo.put("twolane.toml", '[nda]\nmarkers = ["## What"]\n')


def _template_pasted(desk: Desk) -> None:
    Tainted(make_folders(desk.top).state).add(str(desk.root / TEMPLATE), "it holds code")


@pytest.mark.parametrize(
    "tighten",
    [_template_named, _template_ignored, _template_labelled, _template_marked, _template_pasted],
    ids=lambda each: each.__name__.strip("_"),
)
def test_a_template_is_judged_again(tighten: Callable[[Desk], None], desk: Desk) -> None:
    places = desk.prompt(Reads.BRANCH).sources
    tighten(desk)
    assert desk.standing(places).label is Label.NDA


def _old_text(repo: Repo) -> None:
    """A line goes that a later rule takes for a marker."""
    repo.commit("Mark", tool_py="# Blue Heron\nx = 1\n")
    repo.git("branch", "-f", "main")
    repo.stage(tool_py="x = 3\n")


@pytest.mark.parametrize("reads", [*BOTH, Reads.STAGED, Reads.TREE, Reads.RANGE, Reads.HEAD])
def test_what_a_diff_takes_away_is_judged_again(reads: Reads, desk: Desk) -> None:
    _old_text(desk.repo)
    file = str(desk.root / "tool.py")
    if reads in (Reads.BRANCH, Reads.RANGE):
        desk.repo.commit("Unmark")
    if reads.many_files:
        scope = Scope(revisions="main..HEAD")
        read = gather_files(reads, file, scope, ENVIRON, read=desk.read, before=Alone().before)
        places = tuple(one.named for one in asyncio.run(read).material.files)
    elif reads is Reads.HEAD:
        head = read_head(file, ENVIRON, desk.read).head
        assert head is not None
        places = (head.origin,)
    else:
        places = tuple(one.origin for one in desk.gathered(reads).material.diff)
    judged = tuple(each for one in places for each in (one, *one.also))
    assert desk.standing(judged).label is Label.OPEN
    desk.repo.put("twolane.toml", '[nda]\nmarkers = ["Blue Heron"]\n')
    assert desk.standing(judged).label is Label.NDA


@pytest.mark.parametrize("reads", [*BOTH, Reads.STAGED])
def test_both_names_of_a_file_that_is_renamed_are_judged_again(reads: Reads, desk: Desk) -> None:
    desk.repo.commit("Before", was_py="v = 1\n" * 40)
    desk.repo.git("branch", "-f", "main")
    desk.repo.git("mv", "was.py", "is.py")
    if reads is Reads.BRANCH:
        desk.repo.commit("Rename")
    file = str(desk.root / "is.py")
    if reads is Reads.STAGED:
        read = gather_files(reads, file, Scope(), ENVIRON, read=desk.read, before=Alone().before)
        places = tuple(one.named for one in asyncio.run(read).material.files)
    else:
        places = tuple(one.origin for one in desk.gathered(reads).material.diff)
    for name in ("was.py", "is.py"):
        judged = tuple(each for one in places for each in (one, *one.also))
        desk.repo.put("twolane.toml", "[nda]\n")
        assert desk.standing(judged).label is Label.OPEN
        desk.repo.put("twolane.toml", f'[nda]\npaths = ["{name}"]\n')
        assert desk.standing(judged).label is Label.NDA


def test_a_link_is_judged_again_by_where_it_led(desk: Desk) -> None:
    (desk.root / "link").symlink_to("deep/side.py")
    desk.repo.git("add", "link")
    desk.repo.commit("Link")
    (desk.root / "link").unlink()
    (desk.root / "link").symlink_to("tool.py")
    desk.repo.git("add", "link")
    desk.repo.commit("Link elsewhere")
    desk.repo.git("branch", "-f", "main", "HEAD~1")
    places = desk.prompt(Reads.BRANCH).sources
    assert desk.standing(places).label is Label.OPEN
    _rule(desk)
    assert desk.standing(places).label is Label.NDA


def test_a_name_that_a_file_had_is_judged_again(desk: Desk) -> None:
    places = desk.prompt(Reads.INDEX).sources
    desk.before[str(desk.root / "tool.py")] = (str(desk.root / "was.py"),)
    assert desk.standing(places).label is Label.OPEN
    desk.repo.put("twolane.toml", '[nda]\npaths = ["was.py"]\n')
    assert desk.standing(places).label is Label.NDA


def test_a_text_that_git_has_no_more_is_unknown(desk: Desk) -> None:
    places = desk.prompt(Reads.BRANCH).sources
    assert desk.standing(places).label is Label.OPEN
    lost = desk.repo.git("rev-parse", "HEAD~2:deep/side.py").strip()
    (desk.root / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    standing = desk.standing(places)
    assert standing.reasons == ("what it held cannot be read",)


def test_a_marker_in_utf_16_is_one(desk: Desk) -> None:
    text = "# CONFIDENTIAL\n".encode("utf-16")
    desk.repo.commit("Wide", deep__side_py=text)
    desk.repo.commit("Narrow", deep__side_py="y = 1\n")
    assert desk.gathered(Reads.BRANCH).labelled.label is Label.NDA


def _many(repo: Repo, count: int, text: str) -> None:
    for number in range(count):
        repo.put(f"many/f{number}.py", f"{text}{number}\n")
    repo.git("add", "many")


def _commits(repo: Repo, *counts: int) -> None:
    """A commit for each count, that touches so many files."""
    repo.git("reset", "-q", "--hard")
    for number, count in enumerate(counts):
        _many(repo, count, f"z = {number}\n")
        repo.commit(f"Do very much {number}")


@pytest.mark.parametrize(
    ("counts", "left_out"),
    [((5,), 0), ((6,), 1), ((5,) * 4, 1)],
    ids=["as many", "more", "together more"],
)
def test_a_commit_that_touches_too_much_is_left_out_and_told_of(
    desk: Desk, counts: tuple[int, ...], left_out: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "_MOST_PATHS", 5)
    monkeypatch.setattr(commit_messages, "_MOST_PATHS", 19)
    _commits(desk.repo, *counts)
    material = desk.gathered(Reads.BRANCH).material
    said = "".join(one.text for one in material.messages)
    assert ("Do very much 0" in said) is (left_out == 0)
    assert material.messages_left_out == left_out
    asked = local_request(desk.prompt(Reads.BRANCH), "m").body
    assert (b"(1 more commits are left out)" in asked) is (left_out == 1)


def test_however_much_commits_touch_git_is_started_a_few_times(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    start = subprocess.Popen.__init__

    def counted(self: subprocess.Popen[bytes], args: list[str], **more: object) -> None:
        started.append(args)
        start(self, args, **more)  # pyright: ignore[reportArgumentType, reportCallIssue]

    _commits(desk.repo, 400, *([20] * 8))
    monkeypatch.setattr(subprocess.Popen, "__init__", counted)
    read = desk.gathered(Reads.BRANCH)
    assert read.labelled.label is Label.OPEN
    assert (len(read.material.messages), read.material.messages_left_out) == (11, 1)
    assert len(started) < 30
    started.clear()
    places = dict.fromkeys(each for one in read.material.messages for each in one.origin.also)
    assert desk.standing(tuple(places)).label is Label.OPEN
    assert len(started) == 2


def test_a_commit_that_touches_a_large_text_is_left_out(desk: Desk) -> None:
    """Its start is not looked at, so that nobody knows what it says."""
    desk.repo.commit("Add very much", large_txt="# Blue Heron\n" * 200_000)
    desk.repo.commit("Take it back", large_txt="x\n")
    material = desk.gathered(Reads.BRANCH).material
    assert "Add very much" not in {one.text for one in material.messages}
    assert material.messages_left_out == 2


_PATHS = ("a.py", "d/a.py", "d/b.py")
_TEXTS = ("x = 1\n", "# Blue Heron\nx = 1\n", "\n\n# RED-kite\n", "# nda\n", None)
_CHANGES = st.lists(
    st.dictionaries(st.sampled_from(_PATHS), st.sampled_from(_TEXTS), min_size=1, max_size=3),
    min_size=1,
    max_size=4,
)
_RULES = st.fixed_dictionaries(
    {
        "paths": st.lists(st.sampled_from(["a.py", "d/", "/a.py", "d/*.py", "c"]), max_size=2),
        "markers": st.lists(st.sampled_from(["Blue Heron", "Red Kite", "x = 9"]), max_size=2),
    }
)


def _judged_naively(desk: Desk, commit: str, rules: dict[str, list[str]]) -> Label:
    """By the names that a commit touched, their texts before and after it, and those of the disk."""
    git = desk.repo.git
    globs = compile_globs(tuple(rules["paths"]))
    touched = git("show", "--name-only", "--no-renames", "--format=", "-z", commit).split("\0")
    for path in filter(None, touched):
        texts: list[str] = []
        for side in (commit, f"{commit}~1"):
            try:
                texts.append(git("show", f"{side}:{path}"))
            except subprocess.CalledProcessError:
                continue  # not there on that side
        here = desk.root / path
        if globs.first(path):
            return Label.NDA
        # Of a file that is gone, the commit before the branch says what it was.
        texts.append(here.read_text("utf-8") if here.exists() else git("show", f"main:{path}"))
        if any(find_markers(text, tuple(rules["markers"])) for text in texts):
            return Label.NDA
    return Label.OPEN


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(_CHANGES, _RULES, _RULES)
def test_the_border_judges_as_a_naive_judge_of_the_whole_history_does(
    tmp_path_factory: pytest.TempPathFactory,
    changes: list[dict[str, str | None]],
    first: dict[str, list[str]],
    then: dict[str, list[str]],
) -> None:
    top = tmp_path_factory.mktemp("said")
    repo = Repo(top / "r")
    desk = Desk(repo, top, {})
    repo.commit("Start", tool_py="x = 1\n", **dict.fromkeys(_PATHS, "x = 0\n"))
    repo.git("checkout", "-qb", "work")
    for number, change in enumerate(changes):
        for path, text in change.items():
            if text is None:
                (repo.root / path).unlink(missing_ok=True)
            else:
                repo.put(path, text)
        repo.git("add", "-A")
        repo.commit(f"Do {number}")
    repo.commit("Tell", tool_py="x = 2\n")
    commits = repo.git("rev-list", "--reverse", "main..HEAD").split()

    def tightened(rules: dict[str, list[str]]) -> None:
        lines = (f"{name} = {values!r}\n" for name, values in rules.items())
        repo.put("twolane.toml", "[nda]\n" + "".join(lines))

    tightened(first)
    grant(repo.root, make_folders(top))
    gathered = desk.gathered(Reads.BRANCH).material
    by_text = {one.text: one for one in gathered.messages}
    both = {name: [*first[name], *then[name]] for name in first}
    for commit in commits:
        text = repo.git("show", "-s", "--format=%s", commit).strip()
        if text not in by_text:
            assert not repo.git("show", "--name-only", "--format=", commit).strip()
            continue  # it touched nothing
        said = by_text[text]
        tightened(both)
        assert said.label is _judged_naively(desk, commit, first)
        later = desk.standing(said.origin.also).label
        if said.label is Label.OPEN:
            assert later is _judged_naively(desk, commit, both)
