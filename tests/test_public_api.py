"""What others may build on. A name that appears or goes is a decision: it changes this file too."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

PUBLIC = {
    "twolane_context": ["Span"],
    "twolane_server": [],  # a program, not a library
}


@pytest.mark.parametrize("package", PUBLIC)
def test_the_public_names_are_these(package: str) -> None:
    module = import_module(package)
    assert module.__all__ == PUBLIC[package]
    for name in module.__all__:
        assert getattr(module, name) is not None


@pytest.mark.parametrize("package", PUBLIC)
def test_importing_a_package_is_cheap(package: str) -> None:
    heavy = {"tree_sitter", "httpx", "pydantic", "pygls", "lsprotocol", "rich", "asyncio"}
    program = f"import {package}, sys; print(*({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert done.stdout.split() == []


def test_turning_a_fragment_into_text_is_not_public() -> None:
    assert not hasattr(import_module("twolane_context"), "disclose")
