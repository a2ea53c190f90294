"""Whether a text holds a secret: a key, a token, a password, in plain or wrapped.

The catalogue is kingfisher's (https://github.com/mongodb/kingfisher), which runs in this process and
opens no connection when it scans; what it misses is in `secret_rules`. Its validator, which tries
keys out at their providers, is not used. Comments that tell scanners to look away are not heard.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from twolane_server.border.secret_rules import find_kind
from twolane_server.border.secret_values import is_placeholder
from twolane_server.border.unwrapped import unwrapped
from twolane_server.folders import folders

if TYPE_CHECKING:
    from collections.abc import Callable

    from kingfisher_sdk import Finding, Scanner

__all__ = ["CACHE_VARIABLE", "FAILURES", "find_secret", "warm"]

CACHE_VARIABLE = "KF_RULE_CACHE_DIR"
"""The scanner's own variable for where it keeps its compiled rules; else our cache folder."""

FAILURES = (ImportError, OSError, RuntimeError, ValueError)
"""What a scanner that is not installed, cannot be loaded or fails raises."""

# Halves of a pair that the catalogue shows only with the other half, and that are secret alone.
_SECRET_ALONE = frozenset(
    {
        "betterleaks.alibaba-sts-security-token",
        "betterleaks.aws-secret-access-key",
        "betterleaks.exoscale-api-secret",
        "betterleaks.polymarket-api-secret",
        "betterleaks.polymarket-passphrase",
        "veles.secrets/packagistsecret-api-key",
    }
)
_BETWEEN = re.compile(r"[^A-Za-z0-9_+/=.:~@%-]+")
_FULL_STOP = re.compile(r"[.:]+(?=\n|\Z)")
_LONG = 100
_lock = threading.Lock()


def find_secret(text: str, unwrap: Callable[[str], tuple[str, ...]] = unwrapped) -> str | None:
    """The kind of a secret that `text` holds, such as `github pat`, and never the secret; or `None`.

    Scans 16 KB in a few milliseconds; the first call of a process loads the rules (a quarter of a
    second, and once after an update some seconds), which `warm` does beforehand.

    Args:
        text: what is searched.
        unwrap: `unwrapped`, from one who remembers what that gave.

    Raises:
        ImportError, OSError, RuntimeError, ValueError: the scanner is not there or failed; these
            are `FAILURES`.
    """
    scanner = _scanner()
    for form in unwrap(text):
        for shown in (form, _apart(form)):
            for finding in scanner.scan(shown.encode("utf-8", "replace")):
                if _counts(finding):
                    return _kind(finding.rule_id)
        if kind := find_kind(form):
            return kind
    return None


def warm() -> None:
    """Load the rules, so that no request waits for them; in async code, in a thread.

    Whatever goes wrong goes wrong again, and is told, when a text is searched.
    """
    with suppress(*FAILURES):
        _scanner()


def _apart(text: str) -> str:
    """Each token on a line of its own: the catalogue wants a quote or a space beside it."""
    return _FULL_STOP.sub("\n", _BETWEEN.sub("\n", text))


def _scanner() -> Scanner:
    with _lock:
        return _loaded()


@cache
def _loaded() -> Scanner:
    import kingfisher_sdk  # noqa: PLC0415 - 35 MB that only a request to the cloud needs

    own = None if os.environ.get(CACHE_VARIABLE) else folders(os.environ).cache / "secrets"
    rules = kingfisher_sdk.Rules(confidence="low", cache_dir=own)
    # Without its own look into base64: `unwrapped` looks there, for both catalogues.
    return kingfisher_sdk.Scanner(rules, base64=False)


def _counts(finding: Finding) -> bool:
    shown = finding.visible or finding.rule_id in _SECRET_ALONE
    # In a long one, a word such as `fake` may stand by chance.
    secret = finding.secret
    return shown and (len(secret) > _LONG or not is_placeholder(secret))


def _kind(rule: str) -> str:
    """`github pat` for `betterleaks.github-pat.1`."""
    name = rule.removeprefix("betterleaks.").removeprefix("veles.secrets/")
    return name.rstrip(".0123456789").replace("-", " ")
