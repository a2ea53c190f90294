"""Texts that files, models and repositories made, without what could steer a terminal."""

from __future__ import annotations


def plain(text: str) -> str:
    """The text with all that does not print shown by its number; line ends and tabs stay."""
    return "".join(c if c.isprintable() or c in "\t\n" else ascii(c)[1:-1] for c in text)


def one_line(text: str) -> str:
    """The same for a name: line ends and tabs, too, are shown by their numbers."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
