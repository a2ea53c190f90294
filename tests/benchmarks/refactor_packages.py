"""The packages whose refactorings are known, as the registries' own clients fetch them, by their digests."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRATCH = HERE.parent.parent / ".demo" / "benchmark" / "refactor"
DIGESTS = HERE / "gold" / "refactor.sha256"


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
