"""What git says of a repository: differences, objects, commits. Nothing of the repository's is run.

Only plumbing is asked: it takes no hooks, pagers, external or textual differs, and checks no
signatures. Nothing of the working tree is compared, since a repository's filters would run for that.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.errors import ActionError
from twolane_server.materials.git_objects import LARGEST, contents
from twolane_server.repository import find_root

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

__all__ = ["LARGEST", "Git", "home_of"]

_SECONDS = 30
_SOME = 65_536
_SAFE = (
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"),
    *("-c", "core.attributesFile=/dev/null", "-c", "diff.suppressBlankEmpty=false"),
)
# A blob that is not there would be fetched, by a program that the repository may name.
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
_DIFF = ("-M", "--no-ext-diff", "--no-textconv", "--no-color", "--no-abbrev", "--full-index")
_LIST = ("--raw", "-z")
_PATCH = ("-p", "--unified=3", "--src-prefix=a/", "--dst-prefix=b/")
_TREE_FILE = re.compile(r"100\d{3} blob ([0-9a-f]+)\t")
_MERGING = b"MERGE_HEAD\nCHERRY_PICK_HEAD\nREBASE_HEAD\nREVERT_HEAD^\n"
_UNKNOWN = "The repository that this belongs to is not known; run the action from a file of the repository."


def home_of(path: str) -> Path:
    """The working tree that a file belongs to, also a file of git's own such as COMMIT_EDITMSG.

    Raises:
        ActionError: there is none.
    """
    file = Path(os.path.realpath(path)) if path else None
    if file is None:
        raise ActionError(_UNKNOWN)
    pointer = file.parent / "gitdir"  # of a linked worktree
    if "worktrees" in file.parts and pointer.is_file():
        try:
            return Path(pointer.read_text("utf-8").strip()).parent
        except (OSError, ValueError) as error:
            raise ActionError(_UNKNOWN) from error
    root = find_root(file.parent)
    if root is None:
        raise ActionError("This is in no git repository, so there is no diff to read.")
    within = file.relative_to(root).parts
    if ".git" in within[:-1] and within[:-1] != (".git",):
        raise ActionError(_UNKNOWN)  # a submodule's folder in the outer repository
    return root


class Git:
    """The repository of one working tree.

    Args:
        root: the working tree.
        environ: the environment; `GIT_INDEX_FILE` counts where git itself gave it to an editor for
            a commit of this very repository.
    """

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self.root = root
        self._environ = {k: v for k, v in environ.items() if not k.startswith("GIT_")} | _QUIET
        # From a broken `.git`, git would go on to the one above.
        self._environ["GIT_CEILING_DIRECTORIES"] = str(root.resolve().parent)
        index = environ.get("GIT_INDEX_FILE", "")
        if index:
            own = Path(os.path.realpath(self.text("rev-parse", "--absolute-git-dir")))
            if Path(os.path.realpath(root / index)).parent == own:
                self._environ["GIT_INDEX_FILE"] = os.path.realpath(root / index)

    def run(self, *words: str, given: bytes = b"") -> bytes:
        """What a command of git prints.

        Raises:
            ActionError: there is no git, or it fails.
        """
        command, environ = self._command(words), self._environ
        try:
            return subprocess.run(  # noqa: S603 - words of ours and ids that git gave
                command,
                input=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environ,
                timeout=_SECONDS,
                check=True,
            ).stdout
        except (OSError, subprocess.SubprocessError) as error:
            raise self._failed(words) from error

    def _command(self, words: tuple[str, ...]) -> list[str]:
        git = shutil.which("git", path=self._environ.get("PATH"))
        if git is None or not Path(git).is_absolute():
            raise ActionError("git is not on the path, so there is no diff to read.")
        return [git, "-C", str(self.root), "--no-pager", *_SAFE, *words]

    def _failed(self, words: tuple[str, ...]) -> ActionError:
        return ActionError(
            f"git {words[0]} failed in {self.root.name}, so there is no diff to read; try it by hand."
        )

    def text(self, *words: str) -> str:
        """The same as one line of text."""
        return os.fsdecode(self.run(*words)).strip()

    def found(self, revision: str) -> str:
        """A commit's id; empty where there is no such revision."""
        try:
            return self.text("rev-parse", "--quiet", "--verify", f"{revision}^{{commit}}")
        except ActionError:
            return ""

    def merging(self) -> tuple[str, ...]:
        """The commits that are being merged, or whose changes are being applied, into what is staged."""
        told = self.run("cat-file", "--batch-check", given=_MERGING)  # one process for all of them
        rows = (row.split() for row in told.decode().splitlines())
        return tuple(row[0] for row in rows if row[1] == "commit")

    def staged(self) -> tuple[bytes, bytes]:
        """What the index would commit: the list of files (`--raw -z`), and the patch."""
        return self.staged_files(), self._staged(*_PATCH)

    def staged_files(self) -> bytes:
        """The list alone."""
        return self._staged(*_LIST)

    def between(self, base: str, head: str) -> tuple[bytes, bytes]:
        """The same of two commits."""
        return self.files_between(base, head), self._between(base, head, *_PATCH)

    def files_between(self, base: str, head: str) -> bytes:
        """The list alone."""
        return self._between(base, head, *_LIST)

    def _staged(self, *form: str) -> bytes:
        tree = self.found("HEAD") or self.text("hash-object", "-t", "tree", "/dev/null")
        return self.run("diff-index", "--cached", *_DIFF, *form, tree)

    def _between(self, base: str, head: str, *form: str) -> bytes:
        return self.run("diff-tree", "-r", "--no-commit-id", *_DIFF, *form, base, head)

    def tree(self, commit: str = "HEAD") -> dict[str, tuple[str, str]]:
        """The files of a commit by path, each with its mode and the object's id; none without one."""
        if not self.found(commit):
            return {}
        found: dict[str, tuple[str, str]] = {}
        for row in filter(
            None, self.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")
        ):
            told, _, path = row.partition(b"\t")
            mode, _, name = told.decode().split()
            found[os.fsdecode(path)] = (mode, name)
        return found

    def listed(self) -> dict[str, str]:
        """The files that the index has, and those that nobody ignores, each with git's letter for it.

        `S` is the letter of a file that is left out of a sparse working tree, `?` that of a new one.
        """
        ask = ("ls-files", "-t", "-z", "--cached", "--others", "--exclude-standard")
        rows = filter(None, self.run(*ask).split(b"\0"))
        return {os.fsdecode(row[2:]): chr(row[0]) for row in rows}

    def committed(self, path: str) -> tuple[str, bytes] | None:
        """A file as the last commit has it, by its path from the root: the object's id and content.

        `None` for none, a large one, and a symbolic link: its text is another file's path.
        """
        try:
            told = self.text("ls-tree", "HEAD", "--", path)
        except ActionError:
            return None
        found = _TREE_FILE.match(told)
        content = self.objects((found[1],))[found[1]] if found else None
        return None if found is None or content is None else (found[1], content)

    def commits(self, since: str, until: str, most: int) -> tuple[str, ...]:
        """The ids of commits without merges, the newest first; `since` may be empty."""
        wanted = f"{since}..{until}" if since else until
        return tuple(self.text("rev-list", "--no-merges", f"--max-count={most}", wanted).split())

    def touched(self, ids: tuple[str, ...], most: int) -> dict[str, bytes]:
        """Of each commit the list of files (`--raw -z`) that it touches; a rename is two of them.

        Args:
            ids: the commits, a few dozen.
            most: no more files of a commit are told than one beyond that: so it is known to have more.
        """
        words = ("diff-tree", "--stdin", "-r", "--root", "--no-renames", "--no-abbrev", *_LIST)
        found: dict[str, list[bytes]] = {each: [] for each in ids}
        rows: list[bytes] = []
        with closing(self._parts(*words, given="".join(f"{each}\n" for each in ids))) as parts:
            for part in parts:
                if part.startswith(b":"):
                    path = next(parts, b"")
                    if len(rows) <= most:
                        rows.append(b"%b\0%b\0" % (part, path))
                elif part:
                    rows = found[part.decode()]
        return {each: b"".join(files) for each, files in found.items()}

    def objects(self, ids: Iterable[str]) -> dict[str, bytes | None]:
        """The content of each object; `None` for one that is missing or large."""
        return contents(self.run, ids)

    def heads(self, ids: Iterable[str], size: int) -> dict[str, bytes | None]:
        """The first `size` bytes of each object; `None` for one that is missing or large."""
        return contents(self.run, ids, size)

    def _parts(self, *words: str, given: str) -> Generator[bytes]:
        """What a command prints, part by part between NULs, however much it is.

        Args:
            words: the command.
            given: what it reads; so little that it takes all of it before it answers.

        Raises:
            ActionError: there is no git, or it fails.
        """
        command, environ = self._command(words), self._environ
        try:
            process = subprocess.Popen(  # noqa: S603 - as above
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environ,
            )
        except OSError as error:
            raise self._failed(words) from error
        with process:
            late = threading.Timer(_SECONDS, process.kill)
            late.start()
            try:
                assert process.stdin is not None
                assert process.stdout is not None
                with suppress(OSError), process.stdin as end:  # its status tells
                    end.write(given.encode())
                rest = b""
                while some := os.read(process.stdout.fileno(), _SOME):
                    *whole, rest = (rest + some).split(b"\0")
                    yield from whole
                if process.wait():
                    raise self._failed(words)
                yield rest
            finally:
                late.cancel()
                process.kill()
