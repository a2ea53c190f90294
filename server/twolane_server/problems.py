"""What is wrong with something that was read, when the good part of it lives on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that was read, found wrong and ignored.

    Attributes:
        where: the file and key, or whatever the person must look at: `settings.toml: local.url`.
        message: a sentence that says what is wrong and what happens instead.
    """

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"
