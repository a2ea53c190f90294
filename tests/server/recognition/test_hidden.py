"""Files under NDA that no index reads are known again as all others."""

from __future__ import annotations

import random
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from support_git import Repo
from support_repository import put
from support_trust import make_folders
from twolane_context.disk import stamps
from twolane_server.recognition import hidden
from twolane_server.recognition.hidden import Hidden, text_of
from twolane_server.repositories.indexed import Indexed
from twolane_server.rules.verdicts import Verdicts
from twolane_server.settings.resolved import NdaRules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from twolane_context.disk import Stamp

RULES = NdaRules()
CODE = """\
def settle(rows, quota, gateway):
    overdrawn = gateway.overdrawn(rows, quota)
    for meter in overdrawn:
        gateway.throttle(meter, quota[meter.kind] * 0.375)
    return gateway.settled(rows, overdrawn)
"""
OTHER = """\
class Turbine(Machine):
    def feather(self, wind, *, brake=None):
        while wind.gust > self.slack and (brake or self.brake).engage(wind):
            self.blades[0].pitch += wind.gust / self.slack
"""


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def root(tmp_path: Path) -> Path:
    repo = Repo(tmp_path / "r")
    repo.put("twolane.toml", '[nda]\npaths = ["clients/**", "*.key.py"]\n')
    repo.put(".gitignore", "clients/\nbuild/\n*.key.py\n")
    repo.put("open.py", "x = 1\n")
    return repo.root


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def indexed(root: Path, tmp_path: Path, clock: Clock) -> Iterator[Indexed]:
    with closing(Indexed(root, make_folders(tmp_path / "own"))) as made:
        made.hidden = Hidden(made.repository.root, clock)
        yield made


def known(indexed: Indexed, text: str = CODE) -> bool:
    """Whether a text that is about to be sent is recognised."""
    return indexed.known_code(RULES).found(text) is not None


def found(indexed: Indexed, clock: Clock | None = None) -> list[str]:
    indexed.refresh()
    look = Hidden(indexed.repository.root, clock or Clock()).look
    return [one.path for one in look(indexed.repository, Verdicts(indexed.repository, RULES))]


@pytest.mark.parametrize(
    "name",
    [
        *("clients/a.py", "clients/deep/er/a.txt", "b.key.py", "build/gen/b.key.py"),
        *("clients/a.py~", "100644 b\tc.key.py"),
    ],
)
def test_what_git_ignores_and_a_rule_names(root: Path, indexed: Indexed, name: str) -> None:
    put(root / name, CODE)
    assert known(indexed)
    assert not known(indexed, OTHER)


@pytest.mark.parametrize("name", ["build/a.py", "clients/node_modules/a.py", ".venv/clients/a.py"])
def test_what_no_rule_names_or_tools_keep_is_nobodys(
    root: Path, indexed: Indexed, name: str
) -> None:
    put(root / name, CODE)
    assert found(indexed) == []
    assert not known(indexed)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["secret/q.sql", "clients/q.sql"])
def test_what_is_utf_16(root: Path, indexed: Indexed, name: str, encoding: str) -> None:
    put(root / "twolane.toml", '[nda]\npaths = ["clients/**", "secret/**"]\n')
    put(root / name, CODE.encode(encoding))
    assert known(indexed)
    assert not known(indexed, OTHER)


def test_what_changes_there_is_noticed_without_a_word(
    root: Path, indexed: Indexed, clock: Clock
) -> None:
    put(root / "clients" / "a.py", "x = 1\n")
    put(root / "secret.sql", "x = 1\n".encode("utf-16"))
    put(root / "twolane.toml", '[nda]\npaths = ["clients/**", "secret.sql"]\n')
    assert not known(indexed)
    put(root / "clients" / "a.py", CODE)
    put(root / "secret.sql", OTHER.encode("utf-16"))
    assert known(indexed)
    assert known(indexed, OTHER)
    third = CODE.replace("overdrawn", "unsettled").replace("quota", "limit")
    put(root / "clients" / "b.py", third.replace("meter", "valve").replace("gateway", "boiler"))
    (root / "clients" / "a.py").unlink()
    clock.now += 5.0
    assert known(indexed, third.replace("meter", "valve").replace("gateway", "boiler"))
    assert known(indexed), "what was there stays known"


def test_what_becomes_utf_16_is_noticed_under_the_same_rules(
    root: Path, indexed: Indexed, clock: Clock
) -> None:
    put(root / "twolane.toml", '[nda]\npaths = ["secret/**"]\n')
    put(root / "secret" / "a.sql", "x = 1\n")
    assert not known(indexed)
    for name, code in (("a.sql", CODE), ("b.sql", OTHER)):
        put(root / "secret" / name, code.encode("utf-16"))
        clock.now += 5.0
        indexed.refresh([f"secret/{name}"])
        assert known(indexed, code)


def test_who_watches_has_git_asked_again_only_for_what_may_be_hidden(
    root: Path, indexed: Indexed, clock: Clock
) -> None:
    indexed.refresh()
    indexed.hidden.watched = True
    put(root / "clients" / "a.py", "x = 1\n")
    assert not known(indexed)
    put(root / "clients" / "b.py", CODE)
    clock.now += 60.0
    indexed.refresh(["open.py", "build/gen.py", "open.py~"])
    assert not known(indexed)
    indexed.refresh(["clients/b.py"])
    assert known(indexed)
    put(root / "clients" / "c.py", OTHER)
    assert not known(indexed, OTHER)
    clock.now += 300.0
    assert known(indexed, OTHER)


def test_who_watches_looks_again_only_at_what_changed(
    root: Path, indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root / "twolane.toml", '[nda]\npaths = ["clients/**", "secret.sql"]\n')
    put(root / "secret.sql", "x = 1\n".encode("utf-16"))
    put(root / "clients" / "a.py", "x = 1\n")
    indexed.refresh()
    indexed.hidden.watched = True
    assert not known(indexed)
    looked: list[str] = []

    def counted(root: Path, listed: Iterable[str]) -> Iterator[Stamp | None]:
        looked.extend(known := list(listed))
        return stamps(root, known)

    monkeypatch.setattr("twolane_server.recognition.hidden.stamps", counted)
    assert not known(indexed)
    assert looked == []
    put(root / "secret.sql", CODE.encode("utf-16"))
    indexed.refresh(["secret.sql"])
    assert known(indexed)
    put(root / "clients" / "a.py", OTHER)
    indexed.refresh(["clients/a.py"])
    assert known(indexed, OTHER)
    put(root / "more.key.py", "y = 1\n".encode("utf-16"))
    put(root / "third.sql", "".encode("utf-16"))
    indexed.refresh(["third.sql"])
    looked.clear()
    assert known(indexed)
    assert looked == []


@pytest.mark.parametrize("told", ["everything", "nobody watches"])
def test_git_is_asked_again_where_what_changed_is_not_known(
    root: Path, indexed: Indexed, clock: Clock, told: str
) -> None:
    indexed.refresh()
    indexed.hidden.watched = True
    put(root / "clients" / "a.py", "x = 1\n")
    assert not known(indexed)
    put(root / "clients" / "b.py", CODE)
    clock.now += 5.0
    assert not known(indexed)
    if told == "everything":
        indexed.refresh()
    else:
        indexed.hidden.watched = False
    assert known(indexed)


def test_a_rule_that_comes_counts_at_once(root: Path, indexed: Indexed) -> None:
    put(root / "build" / "a.py", CODE)
    assert not known(indexed)
    put(root / "twolane.toml", '[nda]\npaths = ["build/**"]\n')
    assert known(indexed)


def test_pictures_and_archives_are_not_read(root: Path, indexed: Indexed) -> None:
    noise = random.Random(7).randbytes(20_000)  # noqa: S311 - a file for a test
    put(root / "clients" / "a.png", noise)
    put(root / "clients" / "b.bin", bytes(20_000))
    put(root / "clients" / "twolane.toml", "[nda]\n")
    put(root / "clients" / "empty.py", "")
    assert found(indexed) == []


@pytest.mark.parametrize("tracked", [True, False])
@pytest.mark.parametrize(
    ("link", "to", "name"),
    [("a.py", "x.py", "a.py"), ("a", ".", "a/x.py"), ("a", "../again", "a/deep/x.py")],
    ids=["file", "folder", "link behind a link"],
)
def test_what_a_link_leads_to(  # noqa: PLR0917 - the cases
    root: Path, indexed: Indexed, tmp_path: Path, link: str, to: str, name: str, *, tracked: bool
) -> None:
    away = tmp_path / "away"
    put(away / "x.py", CODE)
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "deep").symlink_to(away)
    (root / "clients").mkdir()
    (root / "clients" / link).symlink_to(away / to)
    if tracked:
        (root / ".gitignore").unlink()
        Repo(root).git("add", "-A")
    assert found(indexed) == [f"clients/{name}"]
    assert known(indexed)
    put(away / "x.py", OTHER)
    indexed.hidden.watched = True  # of what lies elsewhere nobody tells
    assert known(indexed, OTHER)


def test_a_link_makes_no_secret_of_what_is_open_where_it_lies(
    root: Path, indexed: Indexed, tmp_path: Path
) -> None:
    other = Repo(tmp_path / "other")
    other.put("twolane.toml", "[nda]\n")
    put(other.root / "x.py", CODE)
    put(root / "lib" / "x.py", OTHER)
    (root / "clients").mkdir()
    (root / "clients" / "other").symlink_to(other.root)
    (root / "clients" / "lib").symlink_to("../lib")
    (root / "clients" / "up").symlink_to("..")
    (root / "clients" / "nowhere").symlink_to("nowhere")
    assert found(indexed) == []


@pytest.mark.parametrize("name", ["clients/.own/a.py", ".own/clients/a.py", ".own/a.key.py"])
def test_what_lies_in_a_hidden_folder(root: Path, indexed: Indexed, name: str) -> None:
    (root / ".gitignore").unlink()
    put(root / name, CODE)
    put(root / "twolane.toml", '[nda]\npaths = ["clients/**", ".own/clients/", "*.key.py"]\n')
    assert found(indexed) == [name]
    assert known(indexed)


@pytest.mark.parametrize("ignored", [True, False])
def test_what_lies_in_a_repository_inside(root: Path, indexed: Indexed, *, ignored: bool) -> None:
    if not ignored:
        (root / ".gitignore").unlink()
    inner = Repo(root / "clients" / "inner")
    inner.commit("Start", a_py=CODE)
    put(Repo(root / "vendor").root / "b.key.py", OTHER)
    put(root / "vendor" / "c.py", "y = 1\n")
    assert found(indexed) == ["clients/inner/a.py", "vendor/b.key.py"]
    assert known(indexed)


def test_what_a_submodule_ignores(root: Path, indexed: Indexed, tmp_path: Path) -> None:
    (root / ".gitignore").unlink()
    inner = Repo(tmp_path / "inner")
    inner.commit("Start", a_py="x = 1\n")
    repo = Repo(root)
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    repo.git(*add, str(inner.root), "clients/inner")
    put(root / "clients" / "inner" / ".gitignore", "b.py\n")
    put(root / "clients" / "inner" / "b.py", CODE)
    assert found(indexed) == ["clients/inner/b.py"]
    assert known(indexed)


def test_many_files_of_another_repository_take_no_room_from_the_own(
    root: Path, indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hidden, "MOST", 3)
    for number in range(9):
        put(Repo(root / "a").root / f"{number}.py", "x = 1\n")
    put(root / "clients" / "x.py", CODE)
    assert found(indexed) == ["clients/x.py"]


MANY = [f"{number}" for number in range(9)]


@pytest.mark.parametrize("where", ["folders", "files", "repositories", "links"])
def test_what_a_rule_names_comes_before_what_is_only_much(
    root: Path, indexed: Indexed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(hidden, "MOST", 3)
    put(root / ".gitignore", "clients/\nbuild/\n*.pyc\n*.key.py\n")
    away = tmp_path / "away"
    match where:
        case "folders":
            place = "clients/x.py"
            for each in MANY:
                put(root / "build" / f"{each}.py")
        case "files":
            place = "z.key.py"
            for each in MANY:
                put(root / f"{each}.pyc")
        case "repositories":
            place = "clients/inner/x.py"
            put(root / ".gitignore", "")
            put(Repo(root / "clients" / "inner").root / "y.py")
            for each in MANY:
                put(Repo(root / f"a{each}").root / "x.py")
        case _:
            place = "clients/away/x.py"
            put(away / "x.py", CODE)
            for each in ("a", "clients/away"):
                (root / each).parent.mkdir(exist_ok=True)
                (root / each).symlink_to(away if "/" in each else tmp_path / "much")
            for each in MANY:
                put(tmp_path / "much" / f"{each}.py")
    if where != "links":
        put(root / place, CODE)
    assert place in found(indexed)


@pytest.mark.parametrize("how", ["ignored", "a link"])
def test_a_policy_counts_that_no_index_lists(
    root: Path, indexed: Indexed, tmp_path: Path, how: str
) -> None:
    """Of data, too, which git ignores or not: without a policy only code would count."""
    if how == "ignored":
        put(root / ".git" / "info" / "exclude", "twolane.toml\n")
    else:
        (root / "twolane.toml").rename(tmp_path / "rules.toml")
        (root / "twolane.toml").symlink_to(tmp_path / "rules.toml")
    put(root / "clients" / "a.conf", CODE)
    put(root / "lib" / "b.conf", OTHER)
    put(root / "twolane.toml", '[nda]\npaths = ["clients/**", "lib/"]\n')
    assert known(indexed)
    assert known(indexed, OTHER)


def test_a_folder_that_comes_whole_is_looked_into(
    root: Path, indexed: Indexed, tmp_path: Path
) -> None:
    """Who watches is told of the folder alone, and no rule of paths names that."""
    indexed.refresh()
    indexed.hidden.watched = True
    assert not known(indexed)
    put(tmp_path / "clients" / "a.py", CODE)
    (tmp_path / "clients").rename(root / "clients")
    indexed.refresh(["clients"])
    assert known(indexed)


def test_no_more_than_some_are_looked_at(
    root: Path, indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hidden, "MOST", 3)
    for number in range(9):
        put(root / "clients" / f"{number}.py", CODE)
    assert found(indexed) == ["clients/0.py", "clients/1.py", "clients/2.py"]


def test_without_a_policy_nothing_is_hidden(root: Path, indexed: Indexed) -> None:
    (root / "twolane.toml").unlink()
    put(root / "clients" / "a.py", CODE)
    assert not known(indexed)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"abc", "abc"),
        (b"f\xfcr", "f\ufffdr"),
        ("f\u00fcr".encode("utf-16"), "f\u00fcr"),
        (b"\xfe\xff\x00a", "a"),
        ("f\u00fcr".encode("utf-32"), "f\u00fcr"),
        (b"a" * 200 + b"\0", "a" * 200),
        (b"a" * 200 + b"\0\xf0\x9f\x98", "a" * 200),
        (b"a" * 100 + b"\xff\0" + b"a" * 200, None),
        (b"\0" * 10, None),
        ("x = 1\n".encode("utf-16-be"), "x = 1\n"),
    ],
)
def test_the_text_of_a_file(raw: bytes, text: str | None) -> None:
    assert text_of(raw) == text
