"""Which files import a file, and which file a name stands for."""

from __future__ import annotations

import pytest

from support_index import index_of
from twolane_context.importers import importers, module_word, standing_for

PYTHON = {
    "shop/__init__.py": "from .cart import total\n",
    "shop/cart.py": "def total(): ...\n",
    "shop/web.py": "from shop import cart\n\ncart.total()\n",
    "shop/cli.py": "import shop.cart as basket\n\nbasket.total()\n",
    "shop/other.py": "cart = 1\n",
    "other/cart.py": "def total(): ...\n",
    "other/use.py": "from .cart import total\n",
}
SCRIPTS = {
    "src/cart.ts": "export const total = 1\n",
    "src/index.ts": "export * from './cart'\n",
    "src/web.tsx": "import { total } from './cart'\n",
    "src/lib/deep.ts": "import type { T } from '../cart.js'\n",
    "src/other.ts": "const cart = 1\n",
}
RUST = {
    "src/lib.rs": "mod shop;\npub use shop::{cart as basket};\nmod web;\n",
    "src/shop/mod.rs": "pub mod cart;\npub use self::cart::total;\n",
    "src/shop/cart.rs": "pub fn total() {}\n",
    "src/web.rs": "use crate::shop::cart::total;\n",
}


@pytest.mark.parametrize(
    ("files", "path", "found"),
    [
        (PYTHON, "shop/cart.py", ["shop/__init__.py", "shop/cli.py", "shop/web.py"]),
        (PYTHON, "other/cart.py", ["other/use.py"]),
        (SCRIPTS, "src/cart.ts", ["src/index.ts", "src/lib/deep.ts", "src/web.tsx"]),
        (RUST, "src/shop/cart.rs", ["src/lib.rs", "src/shop/mod.rs", "src/web.rs"]),
        (RUST, "src/nowhere.rs", []),
    ],
)
def test_the_files_that_import_a_file(files: dict[str, str], path: str, found: list[str]) -> None:
    assert [one.path for one in importers(index_of(files), path)] == found


@pytest.mark.parametrize(
    ("files", "path", "name", "found"),
    [
        (RUST, "src/shop/mod.rs", "cart", ["src/shop/cart.rs"]),
        (RUST, "src/lib.rs", "shop", ["src/shop/mod.rs"]),
        (PYTHON, "shop/web.py", "cart", ["shop/cart.py"]),
        (PYTHON, "shop/other.py", "cart", []),
        (PYTHON, "shop/__init__.py", "total", []),
    ],
)
def test_the_file_that_a_modules_name_stands_for(
    files: dict[str, str], path: str, name: str, found: list[str]
) -> None:
    index = index_of(files)
    assert [one.path for one in standing_for(index, index.files[path], name)] == found


def test_a_file_is_named_by_its_module() -> None:
    paths = ["shop/cart.py", "shop/cart/__init__.py", "src/shop/mod.rs", "src/cart/index.ts"]
    assert [module_word(path) for path in paths] == ["cart", "cart", "shop", "cart"]
