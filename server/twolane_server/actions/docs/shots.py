"""Examples of good documentation for each family of languages, written for the prompt.

Three, and unlike each other: with two, a model of 135 million parameters repeated one of them for
nine of 42 functions; with a third, which returns nothing, for three.
"""

from __future__ import annotations

import re

_PYTHON = (
    (
        (
            "def read_lines(path: str, limit: int = 0) -> list[str]:\n    with open(path) as file:\n"
            "        lines = file.read().splitlines()\n    return lines[:limit] if limit else lines\n"
        ),
        "Return the lines of the file at `path`, at most `limit` of them when it is given.",
    ),
    (
        (
            "def is_leap(year: int) -> bool:\n"
            "    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)\n"
        ),
        "Return whether `year` is a leap year.",
    ),
    (
        (
            "def add_item(self, item: Item) -> None:\n    self.items.append(item)\n"
            "    self.total += item.price\n"
        ),
        "Add `item` to the list and its price to the total.",
    ),
)
_RUST = (
    (
        (
            "pub fn read_lines(path: &Path, limit: usize) -> io::Result<Vec<String>> {\n"
            "    let text = fs::read_to_string(path)?;\n"
            "    Ok(text.lines().take(limit).map(str::to_owned).collect())\n}\n"
        ),
        "Returns at most `limit` lines of the file at `path`.",
    ),
    (
        (
            "fn is_leap(year: u32) -> bool {\n"
            "    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)\n}\n"
        ),
        "Returns whether `year` is a leap year.",
    ),
    (
        (
            "fn add_item(&mut self, item: Item) {\n    self.total += item.price;\n"
            "    self.items.push(item);\n}\n"
        ),
        "Adds `item` to the list and its price to the total.",
    ),
)
_SCRIPT = (
    (
        (
            "export async function readLines(path, limit = 0) {\n"
            '  const lines = (await readFile(path, "utf8")).split("\\n");\n'
            "  return limit ? lines.slice(0, limit) : lines;\n}\n"
        ),
        "Returns the lines of the file at `path`, at most `limit` of them when it is given.",
    ),
    (
        (
            "function isLeap(year) {\n"
            "  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);\n}\n"
        ),
        "Returns whether `year` is a leap year.",
    ),
    (
        "addItem(item) {\n  this.items.push(item);\n  this.total += item.price;\n}\n",
        "Adds `item` to the list and its price to the total.",
    ),
)
_GO = (
    (
        (
            "func ReadLines(path string) ([]string, error) {\n\tdata, err := os.ReadFile(path)\n"
            '\tif err != nil {\n\t\treturn nil, err\n\t}\n\treturn strings.Split(string(data), "\\n"), nil\n}\n'
        ),
        "ReadLines returns the lines of the file at path.",
    ),
    (
        (
            "func isLeap(year int) bool {\n"
            "\treturn year%4 == 0 && (year%100 != 0 || year%400 == 0)\n}\n"
        ),
        "isLeap reports whether year is a leap year.",
    ),
    (
        (
            "func (c *Cart) AddItem(item Item) {\n\tc.items = append(c.items, item)\n"
            "\tc.total += item.Price\n}\n"
        ),
        "AddItem adds item to the list and its price to the total.",
    ),
)
_JAVA = (
    (
        (
            "public List<String> readLines(Path path, int limit) throws IOException {\n"
            "    try (Stream<String> lines = Files.lines(path)) {\n"
            "        return lines.limit(limit).toList();\n    }\n}\n"
        ),
        "Returns at most {@code limit} lines of the file at {@code path}.",
    ),
    (
        (
            "static boolean isLeap(int year) {\n"
            "    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);\n}\n"
        ),
        "Returns whether {@code year} is a leap year.",
    ),
    (
        "void addItem(Item item) {\n    items.add(item);\n    total += item.price();\n}\n",
        "Adds {@code item} to the list and its price to the total.",
    ),
)
_C = (
    (
        (
            "size_t read_lines(FILE *file, char **lines, size_t limit) {\n    size_t count = 0;\n"
            "    while (count < limit && (lines[count] = read_line(file)))\n        count++;\n"
            "    return count;\n}\n"
        ),
        "Reads at most `limit` lines of `file` into `lines` and returns how many there were.",
    ),
    (
        (
            "bool is_leap(int year) {\n"
            "    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);\n}\n"
        ),
        "Returns whether `year` is a leap year.",
    ),
    (
        (
            "void add_item(struct cart *cart, struct item *item) {\n"
            "    cart->items[cart->count++] = item;\n    cart->total += item->price;\n}\n"
        ),
        "Adds `item` to the list and its price to the total.",
    ),
)
_LUA = (
    (
        (
            "function M.read_lines(path, limit)\n  local lines = {}\n"
            "  for line in io.lines(path) do\n    if limit and #lines == limit then break end\n"
            "    lines[#lines + 1] = line\n  end\n  return lines\nend\n"
        ),
        "Returns the lines of the file at `path`, at most `limit` of them when it is given.",
    ),
    (
        (
            "local function is_leap(year)\n"
            "  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)\nend\n"
        ),
        "Returns whether `year` is a leap year.",
    ),
    (
        (
            "function Cart:add_item(item)\n  table.insert(self.items, item)\n"
            "  self.total = self.total + item.price\nend\n"
        ),
        "Adds `item` to the list and its price to the total.",
    ),
)
# By the language's name: pairs of code and documentation.
SHOTS = {
    "python": _PYTHON,
    "rust": _RUST,
    "typescript": _SCRIPT,
    "tsx": _SCRIPT,
    "javascript": _SCRIPT,
    "go": _GO,
    "c": _C,
    "cpp": _C,
    "java": _JAVA,
    "lua": _LUA,
}
# What only an example speaks of, and what must then be in the code as well.
_TELLING = (
    (re.compile(r"(?i)\bleap years?\b"), "leap"),
    (re.compile(r"(?i)\bits price\b"), "price"),
    (re.compile(r"(?i)\badd_?item"), "item"),
    (re.compile(r"(?i)\bread_?lines"), "lines"),
)


def echoes(text: str, code: str, language: str) -> bool:
    """Whether documentation speaks of an example instead of the code that it is for.

    A small model that is lost does so: "Adds `user` to the list and its price to the total".
    """
    if any(text == answer for _, answer in SHOTS[language]):
        return True
    here = code.lower()
    return any(found.search(text) and word not in here for found, word in _TELLING)
