"""L1 to L12 of the catalogue of leaks: another path to code under NDA, or nobody who says what it is."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import unicodedata
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from support_generated import word
from support_repository import make_repository, put
from support_trust import grant

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from support_trial import Trial


def l01_file_symlink(trial: Trial) -> None:
    """A link, or a chain of links, to the file."""
    target, code = trial.planted()
    for _ in range(trial.chance.randint(1, 3)):
        link = trial.shelf / trial.chance.choice(("", "deep")) / trial.named(code)
        link.parent.mkdir(parents=True, exist_ok=True)
        relative = trial.chance.random() < 0.5
        link.symlink_to(os.path.relpath(target, link.parent) if relative else target)
        target = link
    trial.expect(trial.ask(target, code))


def l02_folder_symlink(trial: Trial) -> None:
    """A link to a folder above the file."""
    target, code = trial.planted()
    trial.shelf.mkdir(parents=True, exist_ok=True)
    link = trial.shelf / word(trial.chance)
    above = trial.chance.choice((target.parent, target.parent.parent))
    link.symlink_to(above)
    trial.expect(trial.ask(link / target.relative_to(above), code))


def l03_hard_link(trial: Trial) -> None:
    """A hard link. In the twin it is the file itself: no hard link is ever open."""
    target, code = trial.planted()
    link = trial.shelf / trial.named(code)
    link.parent.mkdir(parents=True, exist_ok=True)
    (os.link if trial.secret else os.rename)(target, link)
    trial.expect(trial.ask(link, code))


def l04_bind_mount(trial: Trial) -> None:
    """A bind mount of the file, or of its folder: no link count and no real path tells of it."""
    target, code = trial.planted(name=f"{word(trial.chance)}.py", code=trial.code("python"))
    over = trial.shelf / word(trial.chance)
    if trial.chance.random() < 0.5:
        place = put(over / f"{word(trial.chance)}.py")
        with _mounted(target, place):
            trial.expect(trial.ask(place, code))
    else:
        over.mkdir(parents=True)
        with _mounted(target.parent, over):
            trial.expect(trial.ask(over / target.name, code))


@contextmanager
def _mounted(source: Path, place: Path) -> Generator[None]:
    subprocess.run(["mount", "--bind", source, place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def l05_case_and_unicode_form(trial: Trial) -> None:
    """Another case of the rule's name, and composed or decomposed accents."""
    code, chance = trial.code("python"), trial.chance
    name = chance.choice(
        ("clients/", "société/", "tariff.py") if trial.secret else ("crèmes/", "tools.py")
    )
    name = "".join(chance.choice((each.upper(), each)) for each in name.removesuffix(".py"))
    name = unicodedata.normalize(chance.choice(("NFC", "NFD")), name)
    if name.endswith("/"):
        file = trial.made(trial.root / name.rstrip("/")) / trial.stem / trial.named(code)
    else:
        file = trial.shelf / f"{name}.py"
    trial.expect(trial.ask(put(file, code.text), code))


def l06_spelling_of_a_uri(trial: Trial) -> None:
    """Percent-encoded letters and slashes, dots, backslashes and other machines in a URI."""
    file, code, chance = *trial.stocked(), trial.chance
    root, inner = str(trial.root), str(file.relative_to(trial.root))

    def letters(text: str) -> str:
        return "".join(
            f"%{ord(c):02x}" if c.isalnum() and chance.random() < 0.4 else quote(c) for c in text
        )

    forms: dict[str, Callable[[], str]] = {
        "letters": lambda: f"file://{root}/{letters(inner)}",
        "dots": lambda: f"file://{root}/.git/../{inner}",
        "encoded dots": lambda: f"file://{root}/.git/%2e%2e/{letters(inner)}",
        "host": lambda: f"file://localhost{root}/{inner}",
    }
    if trial.secret:
        forms |= {
            "slash": lambda: f"file://{root}/{inner.replace('/', '%2F')}",
            "backslash": lambda: (
                f"file://{root}/" + inner.replace("/", chance.choice(("%5C", "\\")))
            ),
            "UNC": lambda: f"file://server{root}/{inner}",
            "shouted": lambda: f"FILE://{root}/{inner}",
            "twice": lambda: f"file://{root}/{letters(inner).replace('%', '%25')}",
            "line end": lambda: f"file://{root}/{inner[:3]}%0a{inner[3:]}",
        }
    form = chance.choice(sorted(forms))
    desk, uri = trial.bench.desk, forms[form]()
    desk.open(uri, code.language.fence, code.text)
    lane = chance.choice(({}, {"lane": "cloud"}))
    trial.expect(desk.act(uri, code.first, **lane).partition(" ")[0].rstrip(":"))
    desk.close_document(uri)


def l07_renamed_or_moved(trial: Trial) -> None:
    """The file is moved to where no rule speaks, after any command has seen it: its code is known."""
    file, code = trial.planted()
    trial.known()
    moved = trial.shelf / "moved" / trial.named(code)
    moved.parent.mkdir(parents=True, exist_ok=True)
    if trial.chance.random() < 0.5:
        file.rename(moved)
    else:
        put(moved, file.read_bytes())
        file.unlink()
    trial.expect(trial.ask(moved, code))


def l08_copied(trial: Trial) -> None:
    """A copy of the file, saved as something else: other line ends, indented otherwise, more in it."""
    file, code = trial.planted(name=f"{word(trial.chance)}.py", code=trial.code("python"))
    above = trial.other("python").text
    forms = {
        "as it is": code,
        "line ends": code,
        "tabs": code,
        "below": code.below(f"{above}\n\n"),
    }
    form = trial.chance.choice(sorted(forms))
    copy = forms[form]
    text = copy.text.replace("    ", "\t") if form == "tabs" else copy.text
    text = text.replace("\n", "\r\n") if form == "line ends" else text
    trial.expect(trial.ask(put(trial.shelf / file.name, text), copy))


def l09_no_file(trial: Trial) -> None:
    """Untitled documents, revisions, cells, views of a diff. The twin is a file with that text."""
    code, desk, chance = trial.code(), trial.bench.desk, trial.chance
    file = put(trial.shelf / trial.named(code), code.text if not trial.secret else "")
    uri = (
        file.as_uri()
        if not trial.secret
        else chance.choice(
            (
                f"untitled:Untitled-{trial.number}",
                f"untitled:{file}",
                f"git:{file}?%7B%22ref%22%3A%22HEAD%22%7D",
                f"gitlens://{file}",
                f"fugitive://{trial.root}/.git//0/{file.name}",
                f"vscode-notebook-cell:{file}#W{trial.number}sZmlsZQ%3D%3D",
                f"diff:{file}",
                f"vscode-local-history:{file}",
                f"{file.as_uri()}?ref=HEAD",
                f"{file.as_uri()}#L1",
            )
        )
    )
    desk.open(uri, code.language.fence, code.text)
    trial.expect(desk.act(uri, code.first, lane="cloud").partition(" ")[0].rstrip(":"))
    desk.close_document(uri)


def l10_backup_or_build_output(trial: Trial) -> None:
    """Backups, a merge tool's and an editor's files, build output; archives beside an open file."""
    code, chance = trial.code("python"), trial.chance
    number = chance.randint(1, 99_999)
    base = "tariff" if trial.secret else "tools"
    folder = "clients" if trial.secret else "things"
    shelf = trial.shelf
    kind = chance.choice(("name", "folder", "build", "archive"))
    if kind == "name":
        made = (
            f"{base}_LOCAL_{number}.py",
            f"{base}_REMOTE_{number}.py",
            f"{base}_BASE_{number}.py",
            f".#{base}.py",
        )
        trial.expect(trial.ask(put(shelf / chance.choice(made), code.text), code))
    elif kind == "folder":
        backup = trial.made(trial.root / f"{folder}.{chance.choice(('bak', 'orig', 'old'))}")
        trial.expect(trial.ask(put(backup / trial.stem / "a.py", code.text), code))
    elif kind == "build":
        trial.planted(code, f"{word(chance)}.py")
        file = shelf / chance.choice(("build/lib", "dist", "htmlcov", ".tox/x")) / "a.py"
        trial.expect(trial.ask(put(file, code.text), code))
    else:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a.py", code.text)
        put(shelf / chance.choice(("a.zip", "a.whl", "a.jar")), packed.getvalue())
        put(
            shelf / chance.choice(("a.py.gz", "a.pyc", "cover.html")),
            gzip.compress(code.text.encode()),
        )
        mine = code if not trial.secret else trial.other("python")
        assert trial.ask(put(shelf / "mine.py", mine.text), mine) == "cloud"


def l11_nested_repository(trial: Trial) -> None:
    """A nested repository, a submodule, a worktree, each with other rules. The twin: a mere folder."""
    code, chance = trial.code(), trial.chance
    inner = trial.shelf / word(chance)
    policy = chance.choice((None, "[nda]\n"))
    name = trial.named(code)
    if not trial.secret:
        inner.mkdir(parents=True)
    elif chance.random() < 0.5:
        make_repository(inner, policy)
    else:
        put(
            inner / ".git",
            f"gitdir: {chance.choice(('../../.git/modules/x', '/x/.git/worktrees/x'))}\n",
        )
        if policy is not None:
            put(inner / "twolane.toml", policy)
    if trial.secret and policy is not None and chance.random() < 0.5:
        grant(inner, trial.world.folders)  # then only the outer rule is left
        code = trial.code("python")
        name = "tariff.py"
    trial.expect(trial.ask(put(inner / chance.choice(("", "src")) / name, code.text), code))


def l12_no_readable_policy(trial: Trial) -> None:
    """The policy is gone, broken or no file. The twin: it gained a rule that does not matter."""
    code = trial.code()
    file = put(trial.shelf / trial.named(code), code.text)
    policy = trial.root / "twolane.toml"
    text = policy.read_text("utf-8")
    spoilt: dict[str, Callable[[], object]] = {
        "gone": lambda: None,
        "broken": lambda: put(policy, text[: trial.chance.randint(2, 30)] + '"["'),
        "a bad glob": lambda: put(policy, text.replace("clients/**", "!clients/**")),
        "not UTF-8": lambda: put(policy, text.encode() + b"# \xff\n"),
        "a folder": policy.mkdir,
        "a pipe": lambda: os.mkfifo(policy),
        "a link": lambda: policy.symlink_to("nowhere"),
        "misspelt": lambda: put(policy, text.replace("[nda]", "[ndas]")),
    }
    with trial.policy(text.replace('"tariff.py"', f'"tariff.py", "{word(trial.chance)}/x"')):
        if trial.secret:
            policy.unlink()
            spoilt[trial.chance.choice(sorted(spoilt))]()
        trial.expect(trial.ask(file, code))
