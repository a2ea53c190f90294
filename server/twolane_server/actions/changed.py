"""What has changed, as parts of a prompt: diffs, examples of subjects, messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twolane_server.actions.pieces import ours

if TYPE_CHECKING:
    from twolane_server.actions.material import Material
    from twolane_server.fragments import Fragment

__all__ = ["changed_files", "examples", "messages"]


def examples(material: Material) -> list[Fragment]:
    """Recent subjects, which change rarely: they come first."""
    if not material.examples:
        return []
    listed = [part for one in material.examples for part in (one.fragment, ours("\n"))]
    return [ours("Recent subjects of this repository:\n"), *listed, ours("\n")]


def messages(material: Material) -> list[Fragment]:
    """The messages of the branch's commits."""
    if not material.messages:
        return []
    listed = [part for one in material.messages for part in (one.fragment, ours("\n---\n"))]
    count = material.messages_left_out
    more = f"({count} more commits are left out)\n" if count else ""
    return [ours("The branch's commits, the oldest first:\n"), *listed, ours(f"{more}\n")]


def changed_files(material: Material) -> list[Fragment]:
    """The diff."""
    more = f"({material.left_out} more files are left out)\n" if material.left_out else ""
    return [ours("What changes:\n"), *(one.fragment for one in material.diff), ours(more)]
