"""What disk and user say about one file at one moment, kept as a value.

The editor's menu answers from a value read a moment ago. Running an action reads a new one, and the
border reads once more, just before anything is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from twolane_server.border.standing import Standing
from twolane_server.fragments import Label
from twolane_server.materials.departed import Past
from twolane_server.recognition.shorts import short_files, short_ones
from twolane_server.rules.labels import Labelled, label_with, no_file, rules_for, rules_with
from twolane_server.rules.markers import head_of
from twolane_server.rules.policy import policy_hash, read_policies
from twolane_server.rules.remembered import Remembered
from twolane_server.rules.tainted import Tainted
from twolane_server.rules.trust import standing as trust_in
from twolane_server.rules.ways import Ways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from twolane_server.border.standing import Prints, ReadStanding
    from twolane_server.fragments import Origin
    from twolane_server.problems import Problem
    from twolane_server.rules.labels import FileRules
    from twolane_server.rules.policy import Policy
    from twolane_server.rules.trust import Standing as Trust
    from twolane_server.settings.resolved import Folders, NdaRules, Settings

__all__ = ["UNKNOWN", "Known", "head_of", "path_label", "read_known", "read_standing"]

_FEW = 256  # short files, where nobody keeps them from request to request
_FEW_POLICIES = 16


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about one file.

    Attributes:
        rules: everything that speaks about the file; `None` for a document without a file.
        granted: whether each repository that the file lies in may use the cloud lane.
        grant_reason: why not, fit to be shown; empty where it may.
        cloud_state: why the cloud lane cannot be used at all, or `None`.
        read: whether this comes from disk at all.
        pasted: why the text is NDA whatever its file is: code that it holds, or that a tool quotes about
            it; `None` for none known.
        staged: in the document that git asks for a message in, the label of what is staged.
    """

    rules: FileRules | None
    granted: bool = False
    grant_reason: str = ""
    cloud_state: str | None = None
    read: bool = True
    pasted: str | None = None
    staged: Labelled | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the policies that speak about the file."""
        return self.rules.problems if self.rules is not None else ()

    @property
    def words(self) -> tuple[str, ...]:
        """The names that must not leave with a text of the file."""
        return self.rules.words if self.rules is not None else ()

    def with_starts(self, starts: Iterable[str]) -> Known:
        """The same, of a file that has other texts as well, which begin so; see `head_of`."""
        if self.rules is None:
            return self
        rules = rules_with(self.rules, starts)
        return self if rules is self.rules else replace(self, rules=rules)

    def label(self, head: str) -> Labelled:
        """The label of the file's text, from memory.

        Args:
            head: the first lines of the text as the editor has it; see `head_of`.
        """
        if not self.read:
            return Labelled(Label.NDA, ("its label is not read yet",))
        labelled = no_file() if self.rules is None else label_with(self.rules, head)
        if self.pasted is None:
            return labelled
        known = labelled.reasons if labelled.label is Label.NDA else ()
        return Labelled(Label.NDA, (*known, self.pasted))


def path_label(known: Known) -> Label:
    """The label of a file's name alone, also where there is no such file yet."""
    if known.rules is None:
        return Label.NDA
    return label_with(replace(known.rules, unreadable=None), None).label


UNKNOWN = Known(None, read=False)
"""What is known before anything was read: nothing, so the document is NDA."""


class Reader(NamedTuple):
    """Reads rules and grants from disk, each but once however many files ask. For one moment only."""

    ways: Ways
    trust: Callable[[Path], Trust]
    tainted: Callable[[str, Iterable[str]], str | None]


def reader_of(
    folders: Folders, tainted: Tainted | None = None, kept: Remembered[FileRules] | None = None
) -> Reader:
    """A reader that has read nothing yet.

    Args:
        folders: where the grants are.
        tainted: the files that stay NDA, where somebody has read of them already.
        kept: what was read of files at other moments, which counts while the disk shows no change.
    """

    def trust(root: Path) -> Trust:
        return trust_in(root, folders)

    why = (tainted or Tainted(folders.state)).now()
    return Reader(Ways(read_policies, kept), cache(trust), why)


def read_known(
    path: str,
    settings: Settings,
    folders: Folders,
    cloud_state: str | None,
    *,
    before: tuple[str, ...] = (),
    reader: Reader | None = None,
) -> Known:
    """Read what speaks about a file. Waits for the disk; never fails.

    Args:
        path: the file, absolute; empty for a document without one.
        settings: holds the user's own rules.
        folders: where the grants are.
        cloud_state: why the cloud lane cannot be used, or `None`.
        before: see `Document.before`.
        reader: of one who asks about many files at once.
    """
    if not path:
        return Known(None, cloud_state=cloud_state)
    ways, trust_of, tainted = reader or reader_of(folders)
    rules = rules_for(path, settings.nda, ways, before=before)
    if why := tainted(path, (str(way.path) for way in rules.ways)):
        rules = replace(rules, learnt=(*rules.learnt, why))
    refused = [trust for root in rules.roots if not (trust := trust_of(root)).granted]
    reason = f"this repository may not use the cloud lane: {refused[0].reason}" if refused else ""
    return Known(rules, bool(rules.roots) and not refused, reason, cloud_state)


def read_standing(
    settings: Settings,
    folders: Folders,
    environ: Mapping[str, str],
    known_code: Callable[[str, NdaRules], Prints],
    *,
    before: Callable[[str], tuple[str, ...]] = lambda _: (),
    heads: Callable[..., Mapping[str, tuple[str, ...]]] | None = None,
    tainted: Tainted | None = None,
    kept: Remembered[FileRules] | None = None,
    shorts: Remembered[str | None] | None = None,
) -> ReadStanding:
    """What the border asks about a prompt's sources: read from disk at each call.

    Args:
        settings: hold the user's own rules.
        folders: where the grants are.
        environ: the environment variables, for git.
        known_code: what recognises code under NDA, up to date for a file's repository. Asked only
            about what may leave otherwise, since it takes a while.
        before: the paths by which a file's text was reached earlier; see `Document.before`.
        heads: how the texts of each of some files begin that an editor has or had; see `head_of`.
        tainted: the files that stay NDA.
        kept: see `reader_of`.
        shorts: see `short_files`.
    """
    known_shorts = Remembered[str | None](_FEW) if shorts is None else shorts

    def known_of(
        path: str, starts: tuple[str, ...], reader: Reader, past: Past, *, name_only: bool
    ) -> Known:
        found = read_known(path, settings, folders, None, before=before(path), reader=reader)
        if found.rules is None:
            return found
        rules = rules_with(past.rules(path, found.rules), starts)
        if name_only and rules.gone:
            rules = replace(rules, unreadable=None)
        return found if rules is found.rules else replace(found, rules=rules)

    def read(origins: tuple[Origin, ...]) -> Standing:
        paths = tuple(dict.fromkeys(origin.path for origin in origins))
        reader, past = reader_of(folders, tainted, kept), Past(origins, environ)
        held = {origin.path for origin in origins if not origin.name_only}
        begun = heads(*paths) if heads else dict.fromkeys(paths, ())
        known = [
            known_of(path, begun[path], reader, past, name_only=path not in held) for path in paths
        ]
        rules = [each.rules for each in known if each.rules is not None]
        labels = [each.label("") for each in known if each.rules is not None]
        nda = [label for label in labels if label.label is Label.NDA]
        ungranted = [each.grant_reason for each in known if not each.granted]
        reasons = nda[0].reasons if nda else tuple(ungranted[:1])
        granted = bool(known) and not ungranted
        # One file of each repository will do.
        homes = {
            each.rules.roots: path for path, each in zip(paths, known, strict=True) if each.rules
        }
        prints = [known_code(path, settings.nda) for path in homes.values() if granted and not nda]

        def short() -> list[str]:
            # Of all names that have no rule the texts that they had count, and have.
            starts = (text for path in held for text in (*begun[path], *past.starts(path)))
            return [*short_files(held, known_shorts), *short_ones(starts)]

        rooted = {
            (each.roots[:1], id(policy)): policy for each in rules for policy in each.policies
        }
        return Standing(
            label=Label.highest(label.label for label in labels),
            granted=granted,
            words=tuple(dict.fromkeys(word for each in rules for word in each.words)),
            reasons=reasons,
            policy_hash=_hash_of(tuple((policy, roots) for (roots, _), policy in rooted.items())),
            prints=_All(tuple(prints), tuple(short())) if prints else None,
        )

    return read


@lru_cache(_FEW_POLICIES)  # hardly ever others
def _hash_of(policies: tuple[tuple[Policy, tuple[Path, ...]], ...]) -> str:
    """Of what policies say, each with the repository that it is seen from."""
    return policy_hash(
        rule for policy, roots in policies for rule in policy.rules((*roots, policy.folder)[0])
    )


class _All(NamedTuple):
    """Several repositories' fingerprints as one, and the short files that a prompt is made of."""

    prints: tuple[Prints, ...]
    short: tuple[str, ...]

    def found(self, *texts: str) -> str | None:
        found = (each.found(*texts) for each in self.prints)
        wholes = (each.whole(text) for text in self.short for each in self.prints)
        return next(filter(None, chain(found, wholes)), None)

    def whole(self, text: str) -> str | None:
        return next(filter(None, (each.whole(text) for each in self.prints)), None)
