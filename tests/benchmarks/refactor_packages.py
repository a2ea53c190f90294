"""The packages whose refactorings are known, as the registries' own clients fetch them, by their digests.

Three sets: `tuned` are the packages that twolane was made with; `held` and `other` were first tried when it was done,
one after the other, so that their figures tell of code that nobody had in mind.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
SCRATCH = HERE.parent.parent / ".demo" / "benchmark" / "refactor"
DIGESTS = HERE / "gold" / "refactor.sha256"


class Packages(NamedTuple):
    """One set.

    Attributes:
        python: wheels and source packages of PyPI.
        typescript: packages of npm that hold their sources.
        rust: crates as Debian packs them.
        releases: two versions of one package each, with their language; the second follows the first.
    """

    python: tuple[str, ...] = ()
    typescript: tuple[str, ...] = ()
    rust: tuple[str, ...] = ()
    releases: tuple[tuple[str, str, str], ...] = ()


SETS = {
    "tuned": Packages(
        python=(
            "click==8.1.8",
            "itsdangerous==2.2.0",
            "jinja2==3.1.6",
            "requests==2.32.5",
            "werkzeug==3.1.3",
        ),
        typescript=("immer@10.1.1", "redux@5.0.1", "rxjs@7.8.2"),
        rust=("bytes", "indexmap", "semver", "httparse"),
    ),
    "held": Packages(
        python=("marshmallow==3.26.1", "starlette==0.46.2", "sqlparse==0.5.3", "tomlkit==0.13.2"),
        typescript=("mobx@6.13.5", "@reduxjs/toolkit@2.5.0", "@tanstack/query-core@5.62.7"),
        rust=("xmlparser", "base64", "ttf-parser", "strsim"),
        releases=(
            ("python", "marshmallow==3.26.0", "marshmallow==3.26.1"),
            ("python", "starlette==0.46.0", "starlette==0.46.2"),
            ("python", "sqlparse==0.5.1", "sqlparse==0.5.3"),
            ("python", "tomlkit==0.13.0", "tomlkit==0.13.2"),
            ("typescript", "mobx@6.12.3", "mobx@6.13.5"),
            ("typescript", "@reduxjs/toolkit@2.4.0", "@reduxjs/toolkit@2.5.0"),
            ("typescript", "@tanstack/query-core@5.62.0", "@tanstack/query-core@5.62.7"),
        ),
    ),
    "other": Packages(
        python=("pluggy==1.5.0", "cattrs==24.1.2", "tenacity==9.0.0", "markdown-it-py==3.0.0"),
        typescript=("ajv@8.17.1", "msw@2.7.0", "@tanstack/table-core@8.20.5"),
        rust=("textwrap", "heck", "smallvec", "byteorder"),
        releases=(
            ("python", "pluggy==1.4.0", "pluggy==1.5.0"),
            ("python", "cattrs==24.1.0", "cattrs==24.1.2"),
            ("python", "tenacity==8.5.0", "tenacity==9.0.0"),
            ("python", "markdown-it-py==2.2.0", "markdown-it-py==3.0.0"),
            ("typescript", "ajv@8.16.0", "ajv@8.17.1"),
            ("typescript", "msw@2.6.8", "msw@2.7.0"),
        ),
    ),
}


def fetched(client: str, package: str) -> Path:
    """A package's archive.

    Args:
        client: `pip`, `npm` or `apt`.
        package: with its version, as that client names it.

    Raises:
        OSError: it is not what it was.
        subprocess.SubprocessError: it cannot be had.
    """
    folder = SCRATCH / "packed" / f"{client} {package.replace('/', ' ')}"
    if not folder.is_dir():
        making = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        match client:
            case "pip":
                pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
                run(*pip, "--no-binary", ":all:", "--dest", str(making), package)
            case "npm":
                run("npm", "pack", "--silent", "--pack-destination", str(making), package)
            case _:
                run("apt-get", "download", "-qq", f"librust-{package}-dev", at=making)
        making.rename(folder)
    (file,) = folder.iterdir()
    known = dict(line.split("  ")[::-1] for line in DIGESTS.read_text().splitlines())
    digest = sha256(file.read_bytes()).hexdigest()
    if known.get(file.name) != digest:
        raise OSError(f"{file.name} is {digest}, not what it was")
    return file


def unpacked(client: str, package: str) -> Path:
    """The folder of a package's sources and documents, ready to be copied."""
    root = SCRATCH / "sources" / package.replace("/", "-").replace("==", "-")
    if root.is_dir():
        return root
    file, making = fetched(client, package), root.with_name(f"{root.name}.part")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    if client == "apt":
        run("dpkg-deb", "-x", str(file), str(making))
        (inner,) = making.glob("usr/share/cargo/registry/*")
    else:
        with tarfile.open(file) as archive:
            archive.extractall(making, filter="data")
        inside = list(making.iterdir())
        inner = inside[0] if len(inside) == 1 else making
    shutil.copytree(inner, root, ignore=_no_source)
    shutil.rmtree(making)
    return root


def _no_source(folder: str, names: list[str]) -> set[str]:
    """What was built from the sources, and what no editor opens."""
    kept = (".py", ".pyi", ".ts", ".tsx", ".rs", ".md", ".rst", ".txt", ".toml", ".json", ".cfg")
    skip = {"dist", "node_modules", "build", "target"}
    return {
        name
        for name in names
        if (name in skip or name.endswith((".egg-info", ".d.ts")))
        or ((path := Path(folder, name)).is_file() and not name.endswith(kept))
        or path.is_symlink()
        or (path.is_file() and path.stat().st_size > 400_000)
    }


def run(*command: str, at: Path | None = None) -> None:
    """Run a program that must succeed."""
    subprocess.run(command, check=True, cwd=at, timeout=600, stdout=subprocess.DEVNULL)
