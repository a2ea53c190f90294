"""The user's own check of a refactoring, in a temporary working tree that holds the changes.

The command is of the user's `settings.toml` and never a repository's. The tree is made without git's
hooks and filters, which are the repository's programs: files are copied as they are.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from twolane_server.errors import ActionError
from twolane_server.materials.git import Git
from twolane_server.process_groups import end, in_a_group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twolane_server.actions.outcomes import Across
    from twolane_server.edits.changes import Changes
    from twolane_server.routing.run import Notify
    from twolane_server.settings.resolved import Settings

__all__ = ["Checker"]


class Checker:
    """The check that the settings name.

    Args:
        settings: with a command.
        environ: the environment; what holds a lane's key is not handed on.
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._check = settings.check
        lanes = (settings.local, settings.cloud)
        keys = {lane.key.environment for lane in lanes if lane.key and lane.key.environment}
        self._environ = {
            name: value
            for name, value in environ.items()
            if name not in keys and not name.startswith("GIT_")
        }

    async def look(self, across: Across, on_notice: Notify) -> Across:
        """The changes with the verdict among their notes. Nothing of the user's tree is touched.

        Args:
            across: the changes.
            on_notice: told what goes on.
        """
        name = Path(self._check.command[0]).name
        on_notice(f"checking with {name}", None)
        started = time.monotonic()
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="twolane-check-"))
        tree = folder / Path(across.root).name
        git, given_up = Git(Path(across.root), self._environ), threading.Event()
        work = asyncio.to_thread(self._populate, git, tree, across.changes, given_up)
        populating = asyncio.create_task(work)
        try:
            await asyncio.shield(populating)
            verdict = await self._run(tree)
        except (OSError, ActionError):
            verdict = "could not run, so nothing is known of its verdict"
        finally:
            given_up.set()
            await asyncio.gather(populating, return_exceptions=True)  # else it makes what is gone
            await asyncio.to_thread(_remove, git, folder, tree)
        spent = time.monotonic() - started
        passed = verdict == ""
        told = f"The check {name} {verdict or 'passed'} ({spent:.1f} s)."
        return replace(across, notes=(*across.notes, told), failed=not passed)

    def _populate(self, git: Git, tree: Path, changes: Changes, given_up: threading.Event) -> None:
        """A linked working tree with the user's files as they are, and the changes on top."""
        if git.found("HEAD"):
            git.run("worktree", "add", "--quiet", "--no-checkout", "--detach", str(tree), "HEAD")
            Git(tree, self._environ).run("read-tree", "HEAD")
        tree.mkdir(exist_ok=True)
        listed = git.run("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        for path in filter(None, map(os.fsdecode, listed.split(b"\0"))):
            if given_up.is_set():
                return
            source, to = git.root / path, tree / path
            if source.is_symlink() or source.is_file():
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, to, follow_symlinks=False)
        _change(tree, changes)

    async def _run(self, tree: Path) -> str:
        """The end of a sentence; empty when all is well."""
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *self._check.command,
            cwd=tree,
            env=self._environ,
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            **in_a_group(),
        )
        try:
            async with asyncio.timeout(self._check.seconds):
                status = await process.wait()
        except TimeoutError:
            return f"took longer than {self._check.seconds:.0f} s and was stopped"
        finally:
            await end(process, self._environ)
        return "" if status == 0 else f"failed with status {status}"


def _change(tree: Path, changes: Changes) -> None:
    for one in changes:
        if one.before is not None and (one.to or one.after is None):
            (tree / one.path).unlink(missing_ok=True)
    for one in changes:
        if one.after is not None:
            to = tree / one.place
            to.parent.mkdir(parents=True, exist_ok=True)
            if to.is_symlink():
                to.unlink()
            to.write_bytes(one.after.source)


def _remove(git: Git, folder: Path, tree: Path) -> None:
    shutil.rmtree(tree, ignore_errors=True)
    # By its name: `prune` would also forget the user's own trees on a disk that is not mounted now.
    with suppress(ActionError):
        git.run("worktree", "remove", "--force", "--force", str(tree))
    shutil.rmtree(folder, ignore_errors=True)
