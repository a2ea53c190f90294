"""Verdicts that follow what changes are those that one made from nothing comes to."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_repository import make_repository, put
from support_trust import make_folders
from twolane_server.documents import Document
from twolane_server.fragments import Label
from twolane_server.recognition.known_code import nda_sources
from twolane_server.recognition.recognised import Recognised
from twolane_server.repositories.indexed import Indexed
from twolane_server.rules.labels import rules_for
from twolane_server.rules.verdicts import Verdicts
from twolane_server.settings.resolved import NdaRules
from twolane_server.text import Text
from twolane_server.unsaved import OpenFile, Unsaved

if TYPE_CHECKING:
    from collections.abc import Iterable

    from twolane_server.border.fingerprints import Source

RULES, OWN = NdaRules(), NdaRules(paths=("b*",))
OPEN = "def plain(a):\n    return a\n"
CODE = """\
def settle(rows, quota, gateway):
    overdrawn = gateway.overdrawn(rows, quota)
    for meter in overdrawn:
        gateway.throttle(meter, quota[meter.kind] * 0.375)
    return gateway.settled(rows, overdrawn)
"""

_FILES = st.sampled_from(["a.py", "b.py", "clients/c.py", "lib/d.py", "e.txt"])
_TEXTS = st.sampled_from([OPEN, CODE, f"# NDA\n{CODE}", "# CONFIDENTIAL\n", ""])
_POLICIES = st.sampled_from(
    ['[nda]\npaths = ["clients/**"]\n', "[nda]\n", '[nda]\nmarkers = ["plain"]\n', "[nda", None]
)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), _FILES, _TEXTS),
        st.tuples(st.just("type"), _FILES, _TEXTS),
        st.tuples(st.just("close"), _FILES, _TEXTS),
        st.tuples(st.just("delete"), _FILES, _TEXTS),
        st.tuples(st.just("move"), _FILES, _FILES),
        st.tuples(st.just("policy"), st.sampled_from(["", "lib/"]), _POLICIES),
    ),
    min_size=1,
    max_size=8,
)


class Desk:
    """A repository, its index, and an editor at it."""

    def __init__(self, top: Path) -> None:
        self.root = make_repository(top / "r", '[nda]\npaths = ["clients/**"]\n')
        put(self.root / "a.py", OPEN)
        put(self.root / "clients" / "c.py", CODE)
        self.indexed = Indexed(self.root, make_folders(top / "own"))
        self.indexed.refresh()
        self.typed: dict[str, str] = {}
        self.changed: set[str] = set()

    def do(self, what: str, path: str, text: str | None) -> None:
        file = self.root / path
        if what in {"type", "close"}:
            self.typed.pop(path, None)
            if what == "type":
                self.typed[path] = str(text)
        elif what == "policy":
            file = file / "twolane.toml"
            file.unlink(missing_ok=True)
            if text is not None:
                put(file, text)
            path += "twolane.toml"
        elif what == "write":
            put(file, str(text))
        elif what == "move" and file.exists():
            put(self.root / str(text), "")
            file.replace(self.root / str(text))
            self.changed.add(str(text))
        elif what == "delete":
            file.unlink(missing_ok=True)
        self.changed.add(path)

    def sync(self) -> None:
        """As a watcher tells, and an editor."""
        self.indexed.refresh(self.changed)
        self.changed.clear()
        self.indexed.sync(
            [
                Document((self.root / path).as_uri(), str(self.root / path), "", 1, Text.of(text))
                for path, text in self.typed.items()
            ]
        )

    def verdicts(self, rules: NdaRules) -> Verdicts:
        return self.indexed._verdicts(rules)  # pyright: ignore[reportPrivateUsage]

    def anew(self, rules: NdaRules) -> Verdicts:
        opened = self.indexed._opened  # pyright: ignore[reportPrivateUsage]
        return Verdicts(self.indexed.repository, rules, opened)


@settings(max_examples=400)
@given(_STEPS)
def test_what_follows_is_what_is_judged_from_nothing(
    steps: list[tuple[str, str, str | None]],
) -> None:
    with TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        with closing(desk.indexed):
            for step in steps:
                desk.do(*step)
                desk.sync()
                files = desk.indexed.repository.index.files
                for rules in (RULES, OWN):
                    kept, anew = desk.verdicts(rules), desk.anew(rules)
                    each = {path: anew(path) for path in files}
                    nda = {p: files[p].digest for p, v in each.items() if v.label is Label.NDA}
                    assert dict(kept.nda()) == nda
                    assert kept.visible() == sum(verdict.open for verdict in each.values())
                    assert {path: kept(path) for path in files} == each
                    assert {path: kept.open(path) for path in files} == {
                        path: verdict.open for path, verdict in each.items()
                    }


@pytest.mark.parametrize("which", ["opened", "former"])
def test_what_speaks_for_a_file_beside_it_shows_at_once(tmp_path: Path, which: str) -> None:
    desk = Desk(tmp_path)
    with closing(desk.indexed):
        repository, opened = desk.indexed.repository, dict[str, OpenFile]()
        verdicts = Verdicts(repository, RULES, opened)
        assert verdicts.visible() == 1
        assert verdicts.open("a.py")
        assert not verdicts.open("clients/c.py")
        assert not verdicts.open("none.py")
        if which == "former":
            repository.formers["a.py"] = ("clients/a.py",)
        else:
            opened["a.py"] = OpenFile((str(desk.root / "clients" / "a.py"),))
        assert not verdicts.open("a.py")
        assert verdicts.visible() == 0
        assert not verdicts.open("a.py")
        opened.clear()
        repository.formers.clear()
        assert verdicts.open("a.py")


@settings(max_examples=40)
@given(_STEPS)
def test_code_is_recognised_after_any_changes_as_if_all_was_read_anew(
    steps: list[tuple[str, str, str | None]],
) -> None:
    with TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        with closing(desk.indexed):
            desk.indexed.known_code(RULES)
            for step in steps:
                desk.do(*step)
                desk.sync()
                recognised = desk.indexed.known_code(RULES)
                opened = Unsaved(desk.indexed._opened)  # pyright: ignore[reportPrivateUsage]
                sources = list(
                    nda_sources(desk.indexed.repository, desk.anew(RULES), opened=opened)
                )
                assert recognised.pending(sources, 1) == 0
                texts = [source.read() or "" for source in sources]
                assert recognised.found(CODE) or not any(CODE in text for text in texts)


def test_a_change_of_an_open_file_asks_of_no_other_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path)
    with closing(desk.indexed):
        desk.indexed.known_code(RULES)
        asked: list[Path] = []
        judged = rules_for

        def counted(path: Path, *args: object, **kwargs: object) -> object:
            asked.append(path)
            return judged(path, *args, **kwargs)  # pyright: ignore[reportArgumentType]

        def never(_: Recognised, files: Iterable[Source]) -> None:
            raise AssertionError(files)

        monkeypatch.setattr("twolane_server.rules.labels.rules_for", counted)
        monkeypatch.setattr(Recognised, "sync", never)
        desk.do("type", "a.py", OPEN * 2)
        desk.sync()
        desk.indexed.known_code(RULES)
        assert asked == [desk.root / "a.py"]
        desk.do("type", "a.py", f"# NDA\n{OPEN}")
        desk.sync()
        with pytest.raises(AssertionError):
            desk.indexed.known_code(RULES)


def test_what_another_process_took_away_is_taken_in_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with closing(desk.indexed):
        assert desk.indexed.known_code(RULES).found(CODE)
        with closing(Recognised(desk.root, make_folders(tmp_path / "own"))) as other:
            other.release(["clients/c.py"])
        assert desk.indexed.known_code(RULES).found(CODE)
