"""Which files of one repository stay NDA, laid over what its rules say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from twolane_server.fragments import Label
from twolane_server.rules.tainted import identity_of
from twolane_server.rules.verdicts import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twolane_context.repository import Repository
    from twolane_server.rules.tainted import Tainted
    from twolane_server.rules.taints import Taints
    from twolane_server.rules.verdicts import Verdict, Verdicts

__all__ = ["Judge", "TaintedHere"]


class Judge(Protocol):
    """What holds for each file; see `Verdicts`."""

    def __call__(self, path: str) -> Verdict:
        """What holds for a file now."""
        ...

    def open(self, path: str) -> bool:
        """Whether the cloud may know of a file, where its repository has a grant."""
        ...

    def told(self) -> object:
        """What is equal as long as the same holds for each file."""
        ...

    def visible(self) -> int:
        """How many files the cloud may know of."""
        ...


class TaintedHere:
    """One repository's. Use it from one thread at a time.

    Args:
        repository: whose files.
        tainted: all files that stay NDA.
    """

    def __init__(self, repository: Repository, tainted: Tainted) -> None:
        self._repository, self._tainted = repository, tainted
        self._found: tuple[Taints | None, frozenset[str]] = None, frozenset()

    def read(self) -> Taints:
        """What is known now: the same object as long as nothing changes."""
        return self._tainted.read()

    def over(self, verdicts: Verdicts) -> Judge:
        """What holds for each file, with that it may stay NDA; until another file does.

        Args:
            verdicts: what the rules say.
        """
        known = self.read()
        if known.fault:
            return _NothingKnown()
        if known is not self._found[0]:
            self._found = known, frozenset((*self._inside(known), *self._moved(known)))
        inside = self._found[1]
        return _Over(self._repository, verdicts, inside) if inside else verdicts

    def _inside(self, known: Taints) -> Iterator[str]:
        root = f"{self._repository.root}/"
        return (one.path[len(root) :] for one in known.rows if one.path.startswith(root))

    def _moved(self, known: Taints) -> Iterator[str]:
        """The files that were at another path when somebody looked last, which it has left."""
        left = [one for one in known.rows if one.seen and identity_of(one.path) != one.seen[-1]]
        wanted = frozenset(identity for one in left for identity in one.seen)
        for path in self._repository.index.files if wanted else ():
            file = f"{self._repository.root}/{path}"
            if identity_of(file) in wanted:
                self._tainted.why(file)  # which notes the new path
                yield path


class _Over(NamedTuple):
    """What the rules say, but for some files that are NDA by any path that they have or had."""

    repository: Repository
    verdicts: Verdicts
    inside: frozenset[str]

    def __call__(self, path: str) -> Verdict:
        found = self.verdicts(path)
        return found._replace(label=Label.NDA) if self._stays(path) else found

    def open(self, path: str) -> bool:
        return not self._stays(path) and self.verdicts.open(path)

    def told(self) -> object:
        return self.verdicts.told(), self.inside

    def visible(self) -> int:
        here = self.repository.index.files
        held = filter(self._stays, {*self.inside, *self.repository.formers})
        return self.verdicts.visible() - sum(
            path in here and self.verdicts.open(path) for path in held
        )

    def _stays(self, path: str) -> bool:
        return path in self.inside or not self.inside.isdisjoint(self.repository.former(path))


class _NothingKnown:
    """Every file is NDA."""

    def __call__(self, path: str) -> Verdict:
        del path
        return UNKNOWN

    def open(self, path: str) -> bool:
        del path
        return False

    def told(self) -> object:
        return None

    def visible(self) -> int:
        return 0
