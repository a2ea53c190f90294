"""A file that is gone has the label that it had: by its path, its text, and the rules of then and now."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support_git import Repo
from support_trust import grant, make_folders
from twolane_server.fragments import Label, Origin
from twolane_server.materials.departed import Departed, Past
from twolane_server.materials.git import Git
from twolane_server.rules.knowledge import read_standing
from twolane_server.rules.labels import label_with, rules_for
from twolane_server.settings.resolved import NdaRules, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from twolane_server.border.standing import Prints, Standing

ENVIRON = {"PATH": os.environ["PATH"]}
OPEN = "[nda]\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "r")


def label_then(repo: Repo, path: str, commit: str = "HEAD") -> Label:
    """The label of a file that is gone."""
    now = rules_for(repo.root / path, NdaRules())
    rules = Departed(Git(repo.root, ENVIRON), commit).rules(path, now)
    return label_with(rules, None).label


def test_what_was_open_is_open_and_what_was_not_is_not(repo: Repo) -> None:
    repo.commit("x", a_py="x = 1\n", b_py="# CONFIDENTIAL\n", **{"twolane.toml": OPEN})
    assert label_then(repo, "a.py") is Label.OPEN
    for path in ("a.py", "b.py"):
        (repo.root / path).unlink()
    assert label_with(rules_for(repo.root / "a.py", NdaRules()), None).label is Label.NDA
    assert label_then(repo, "a.py") is Label.OPEN
    assert label_then(repo, "b.py") is Label.NDA
    assert label_then(repo, "never.py") is Label.NDA


@pytest.mark.parametrize(
    "policy",
    [b'[nda]\npaths = ["a.py"]\n', b"[nda", b"\xff\xfe", b"x" * 2_100_000],
    ids=["says so", "no TOML", "no text", "large"],
)
def test_a_policy_that_went_with_its_folder_counts(repo: Repo, policy: bytes) -> None:
    files = {"d/twolane.toml": policy, "twolane.toml": OPEN}
    repo.commit("x", d__a_py="x = 1\n", e__a_py="x = 1\n", **files)
    repo.git("rm", "-qr", "d", "e")
    assert label_then(repo, "d/a.py") is Label.NDA
    assert label_then(repo, "e/a.py") is Label.OPEN


def test_a_policy_that_was_a_link_is_unknown(repo: Repo) -> None:
    repo.commit("x", d__a_py="x = 1\n", **{"twolane.toml": OPEN})
    (repo.root / "d" / "twolane.toml").symlink_to("../twolane.toml")
    repo.git("add", "-A")
    repo.commit("y")
    repo.git("rm", "-qr", "d")
    assert label_then(repo, "d/a.py") is Label.NDA


def test_the_policy_of_now_counts_too(repo: Repo) -> None:
    repo.commit("x", a_py="x = 1  # secret\n", **{"twolane.toml": OPEN})
    (repo.root / "a.py").unlink()
    repo.put("twolane.toml", '[nda]\npaths = ["a.py"]\n')
    assert label_then(repo, "a.py") is Label.NDA
    repo.put("twolane.toml", '[nda]\nmarkers = ["secret"]\n')
    assert label_then(repo, "a.py") is Label.NDA
    (repo.root / "twolane.toml").unlink()
    assert label_then(repo, "a.py") is Label.NDA


def test_a_link_and_a_file_that_is_there_are_what_they_are_on_disk(repo: Repo) -> None:
    repo.commit("x", a_py="x = 1\n", **{"twolane.toml": OPEN})
    (repo.root / "l.py").symlink_to("a.py")
    repo.git("add", "-A")
    repo.commit("y")
    (repo.root / "l.py").unlink()
    repo.put("a.py", "# CONFIDENTIAL\n")
    assert label_then(repo, "l.py") is Label.NDA
    assert label_then(repo, "a.py") is Label.NDA


class _Nothing:
    def whole(self, text: str) -> str | None:
        del text
        return None

    def found(self, *texts: str) -> str | None:
        del texts
        return None


def _standing(folder: Path, *origins: Origin) -> Standing:
    def known_code(path: str, nda: NdaRules) -> Prints:
        del path, nda
        return _Nothing()

    return read_standing(Settings(), make_folders(folder), ENVIRON, known_code)(origins)


def test_the_border_reads_both_afresh(repo: Repo, tmp_path: Path) -> None:
    repo.commit("x", a_py="x = 1\n", b_py="# NDA\n", **{"twolane.toml": OPEN})
    head = repo.git("rev-parse", "HEAD").strip()
    grant(repo.root, make_folders(tmp_path))
    repo.git("rm", "-q", "a.py", "b.py")
    repo.commit("gone")
    gone = Origin(str(repo.root / "a.py"), 1, 1, head)
    assert _standing(tmp_path, gone).label is Label.OPEN
    assert _standing(tmp_path, gone).granted
    for other in (
        Origin(gone.path, 1, 1),
        Origin(gone.path, 1, 1, "HEAD"),
        Origin(gone.path, 1, 1, "0" * 40),
        Origin(str(repo.root / "b.py"), 1, 1, head),
    ):
        assert _standing(tmp_path, other).label is Label.NDA, other
    assert _standing(tmp_path, Origin(gone.path, 1, 1), gone).label is Label.OPEN
    repo.put("twolane.toml", '[nda]\npaths = ["a.py"]\n')
    assert _standing(tmp_path, gone).label is Label.NDA


_FOLDERS = ("", "d/", "d/e/")
_GLOBS = st.lists(st.sampled_from(["*.py", "d/", "e", "a.*", "/b.py", "**/a.py"]), max_size=2)
_POLICY = st.none() | _GLOBS.map(lambda globs: f"[nda]\npaths = {globs!r}\n".replace("'", '"'))
_TEXT = st.sampled_from(["x = 1\n", "# CONFIDENTIAL\n", "\n\n# nda\nx = 1\n", "", "é" * 40])
_FILES = st.fixed_dictionaries(
    {f"{folder}{name}": _TEXT for folder in _FOLDERS for name in ("a.py", "b.py")}
)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(_FILES, _POLICY, _POLICY, st.sets(st.sampled_from(["d/.aiignore", "d/twolane.toml"])))
def test_nothing_becomes_open_by_being_deleted_and_nothing_nda(
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[str, str],
    outer: str | None,
    inner: str | None,
    lost: set[str],
) -> None:
    repo = Repo(tmp_path_factory.mktemp("departed") / "r")
    policies = {"twolane.toml": outer, "d/twolane.toml": inner, "d/.aiignore": inner and "b.py\n"}
    for path, text in (*files.items(), *policies.items()):
        if text is not None:
            repo.put(path, text)
    repo.git("add", "-A")
    repo.commit("x")
    before = {
        path: label_with(rules_for(repo.root / path, NdaRules()), None).label for path in files
    }
    for path in (*files, *lost):
        (repo.root / path).unlink(missing_ok=True)
    head = repo.git("rev-parse", "HEAD").strip()
    for path, label in before.items():
        assert label_then(repo, path) is label, path
        now = rules_for(repo.root / path, NdaRules())
        origin = Origin(str(repo.root / path), 1, 1, head)
        assert label_with(Past((origin,), ENVIRON).rules(origin.path, now), None).label is label
