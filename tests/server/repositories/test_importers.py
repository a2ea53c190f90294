"""Which files import a file, and which file a name stands for."""

from __future__ import annotations

import pytest

from support_index import index_of
from twolane_context.resolve import Resolver
from twolane_server.repositories.importers import importers, module_word, standing_for

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
SAME = {
    "share.ts": "export const share = 1\n",
    "use.ts": "import { share } from './share'\n",
}
INDEX = {
    "index.ts": "export const one = 1\n",
    "main.ts": "import { total } from './src'\nimport { one } from './index.js'\n",
    "src/index.ts": "export * from './b'\nexport const total = 1\n",
    "src/a.test.ts": "import { total } from './index.js'\n",
    "src/b/index.ts": "import { total } from '..'\n",
    "src/b/c.ts": "import { total } from '../index'\n",
    "src/d.ts": "import { total } from '.'\n",
    "src/e.ts": "import { total } from './d'\n",
}
RUST = {
    "src/lib.rs": "mod shop;\npub use shop::{cart as basket};\n#[macro_use]\nmod web;\n",
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
        (
            INDEX,
            "src/index.ts",
            ["main.ts", "src/a.test.ts", "src/b/c.ts", "src/b/index.ts", "src/d.ts"],
        ),
        (INDEX, "src/b/index.ts", ["src/index.ts"]),
        (INDEX, "index.ts", ["main.ts"]),
    ],
)
def test_the_files_that_import_a_file(files: dict[str, str], path: str, found: list[str]) -> None:
    assert [one.path for one in importers(index_of(files), path)] == found


@pytest.mark.parametrize(
    ("files", "path", "name", "found"),
    [
        (RUST, "src/shop/mod.rs", "cart", ["src/shop/cart.rs"]),
        (RUST, "src/lib.rs", "shop", ["src/shop/mod.rs"]),
        (RUST, "src/lib.rs", "web", ["src/web.rs"]),
        (PYTHON, "shop/web.py", "cart", ["shop/cart.py"]),
        (PYTHON, "shop/other.py", "cart", []),
        (PYTHON, "shop/__init__.py", "total", []),
        (SAME, "use.ts", "share", []),
    ],
)
def test_the_file_that_a_modules_name_stands_for(
    files: dict[str, str], path: str, name: str, found: list[str]
) -> None:
    index = index_of(files)
    meant = standing_for(Resolver(index), index.files[path], name)
    assert [one.path for one in meant] == found


def test_a_file_is_named_by_its_module() -> None:
    paths = ["shop/cart.py", "shop/cart/__init__.py", "src/shop/mod.rs", "src/cart/index.ts"]
    assert [module_word(path) for path in paths] == ["cart", "cart", "shop", "cart"]
