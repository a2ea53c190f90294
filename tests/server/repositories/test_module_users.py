"""Who must know when a module gets another name."""

from __future__ import annotations

import pytest

from support_index import index_of
from twolane_server.repositories.module_users import users_of

FILES = {
    "p/__init__.py": "from .core import *\n",
    "p/core.py": "def go(): ...\n",
    "direct.py": "from p.core import go\n",
}


@pytest.mark.parametrize(
    ("source", "reaches"),
    [
        ("import p as q\n\nq.core.go()\n", True),
        ("import p\n\nprint(p.core)\n", True),
        ("import p.other\n\np.core.go()\n", True),
        ("import p\n\nx.core.go()\nx.p.core\np.score()\n", False),
        ("from p import go\n\ngo.core\n", False),
        ("import r as p\n\np.core.go()\n", False),
    ],
)
def test_a_module_is_reached_through_its_package(source: str, *, reaches: bool) -> None:
    index = index_of({**FILES, "p/other.py": "", "user.py": source})
    users = ["direct.py", "p/__init__.py", *["user.py"] * reaches]
    assert [*users_of(index, "p/core.py")] == users
