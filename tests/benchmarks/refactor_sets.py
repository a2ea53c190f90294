"""The packages whose refactorings are known, in sets.

`tuned` are the packages that twolane was made with; the other sets were each first tried when it was done, one after the
other, so that their first figures tell of code that nobody had in mind.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["SETS", "Packages"]


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
    "third": Packages(
        python=(
            "boltons==24.1.0",
            "mistune==3.0.2",
            "humanize==4.11.0",
            "python-dotenv==1.0.1",
            "inflect==7.4.0",
        ),
        typescript=(
            "@noble/hashes@1.6.1",
            "prosemirror-model@1.24.1",
            "@tiptap/core@2.10.3",
            "reselect@5.1.1",
        ),
        rust=("arrayvec", "either", "humantime", "termcolor", "unicode-segmentation"),
        releases=(
            ("python", "boltons==24.0.0", "boltons==24.1.0"),
            ("python", "mistune==3.0.1", "mistune==3.0.2"),
            ("python", "humanize==4.10.0", "humanize==4.11.0"),
            ("python", "python-dotenv==1.0.0", "python-dotenv==1.0.1"),
            ("typescript", "@noble/hashes@1.5.0", "@noble/hashes@1.6.1"),
            ("typescript", "prosemirror-model@1.23.0", "prosemirror-model@1.24.1"),
            ("typescript", "@tiptap/core@2.10.2", "@tiptap/core@2.10.3"),
        ),
    ),
    "fourth": Packages(
        python=(
            "attrs==24.2.0",
            "httpcore==1.0.7",
            "anyio==4.7.0",
            "rich==13.9.4",
            "pyparsing==3.2.0",
        ),
        typescript=(
            "cheerio@1.0.0",
            "@math.gl/core@4.1.0",
            "@trpc/server@10.45.2",
            "chevrotain@11.0.3",
        ),
        rust=("slab", "fixedbitset", "rustc-demangle", "getopts", "minimal-lexical"),
        releases=(
            ("python", "attrs==24.1.0", "attrs==24.2.0"),
            ("python", "httpcore==1.0.6", "httpcore==1.0.7"),
            ("python", "anyio==4.6.2.post1", "anyio==4.7.0"),
            ("python", "more-itertools==10.4.0", "more-itertools==10.5.0"),
            ("python", "pyparsing==3.1.4", "pyparsing==3.2.0"),
            ("typescript", "@math.gl/core@4.0.1", "@math.gl/core@4.1.0"),
            ("typescript", "@trpc/server@10.45.1", "@trpc/server@10.45.2"),
            ("typescript", "chevrotain@11.0.2", "chevrotain@11.0.3"),
        ),
    ),
    "fifth": Packages(
        python=(
            "flask==3.1.0",
            "arrow==1.3.0",
            "websockets==14.1",
            "voluptuous==0.15.2",
            "jsonschema==4.23.0",
        ),
        typescript=(
            "htmlparser2@10.0.0",
            "web3-utils@4.3.2",
            "@react-aria/overlays@3.24.0",
            "ethers@6.13.4",
        ),
        rust=("glob", "linked-hash-map", "bit-vec", "num-traits", "hex"),
        releases=(
            ("python", "flask==3.0.3", "flask==3.1.0"),
            ("python", "arrow==1.2.3", "arrow==1.3.0"),
            ("python", "websockets==14.0", "websockets==14.1"),
            ("python", "jsonschema==4.22.0", "jsonschema==4.23.0"),
            ("typescript", "web3-utils@4.3.1", "web3-utils@4.3.2"),
            ("typescript", "@react-aria/overlays@3.23.4", "@react-aria/overlays@3.24.0"),
            ("typescript", "ethers@6.13.3", "ethers@6.13.4"),
        ),
    ),
    "sixth": Packages(
        python=("h2==4.1.0", "toolz==1.0.0", "icalendar==6.1.0", "pypika==0.48.9", "mako==1.3.6"),
        typescript=(
            "abitype@1.0.7",
            "@tanstack/form-core@0.39.1",
            "@luma.gl/core@9.0.27",
            "@loaders.gl/core@4.3.3",
        ),
        rust=("percent-encoding", "fastrand", "vec-map", "fallible-iterator", "shlex"),
        releases=(
            ("python", "toolz==0.12.1", "toolz==1.0.0"),
            ("python", "icalendar==6.0.1", "icalendar==6.1.0"),
            ("python", "mako==1.3.5", "mako==1.3.6"),
            ("typescript", "abitype@1.0.6", "abitype@1.0.7"),
            ("typescript", "@luma.gl/core@9.0.26", "@luma.gl/core@9.0.27"),
            ("typescript", "@loaders.gl/core@4.3.2", "@loaders.gl/core@4.3.3"),
        ),
    ),
    "seventh": Packages(
        python=(
            "absl-py==2.1.0",
            "zope.interface==7.1.1",
            "griffe==1.5.1",
            "loguru==0.7.3",
            "lark==1.2.2",
            "pyperclip==1.9.0",
        ),
        typescript=(
            "zrender@5.6.1",
            "langium@3.3.0",
            "@xterm/xterm@5.5.0",
            "@lumino/widgets@2.5.0",
        ),
        rust=("similar", "xml-rs", "data-encoding", "bitflags", "quick-error"),
        releases=(
            ("python", "absl-py==2.0.0", "absl-py==2.1.0"),
            ("python", "zope.interface==7.0.3", "zope.interface==7.1.1"),
            ("python", "griffe==1.4.1", "griffe==1.5.1"),
            ("python", "loguru==0.7.2", "loguru==0.7.3"),
            ("python", "lark==1.1.9", "lark==1.2.2"),
            ("python", "pyperclip==1.8.2", "pyperclip==1.9.0"),
            ("typescript", "zrender@5.6.0", "zrender@5.6.1"),
            ("typescript", "langium@3.2.1", "langium@3.3.0"),
            ("typescript", "@xterm/xterm@5.4.0", "@xterm/xterm@5.5.0"),
            ("typescript", "@lumino/widgets@2.4.0", "@lumino/widgets@2.5.0"),
        ),
    ),
    "eighth": Packages(
        python=(
            "fire==0.7.0",
            "structlog==24.4.0",
            "pycparser==2.22",
            "typeguard==4.4.0",
            "bottle==0.13.2",
        ),
        typescript=(
            "pdf-lib@1.17.1",
            "groq-sdk@0.24.0",
            "@blueprintjs/select@5.3.21",
            "sprotty@1.4.0",
        ),
        rust=("rgb", "lexopt", "weezl", "httpdate", "ascii", "difference", "spin", "unicode-bidi"),
        releases=(
            ("python", "fire==0.6.0", "fire==0.7.0"),
            ("python", "structlog==24.2.0", "structlog==24.4.0"),
            ("python", "pycparser==2.21", "pycparser==2.22"),
            ("python", "typeguard==4.3.0", "typeguard==4.4.0"),
            ("python", "bottle==0.13.1", "bottle==0.13.2"),
            ("typescript", "pdf-lib@1.16.0", "pdf-lib@1.17.1"),
            ("typescript", "groq-sdk@0.23.0", "groq-sdk@0.24.0"),
            ("typescript", "@blueprintjs/select@5.3.20", "@blueprintjs/select@5.3.21"),
            ("typescript", "sprotty@1.3.0", "sprotty@1.4.0"),
        ),
    ),
    "ninth": Packages(
        python=("pyjwt==2.10.0", "cachetools==5.5.0"),
        typescript=("@jupyterlab/cells@4.2.5", "@jupyterlab/statedb@4.3.0"),
        rust=("pico-args", "scopeguard", "unicode-width"),
        releases=(
            ("python", "pyjwt==2.9.0", "pyjwt==2.10.0"),
            ("python", "parso==0.8.3", "parso==0.8.4"),
            ("python", "cachetools==5.4.0", "cachetools==5.5.0"),
        ),
    ),
}
