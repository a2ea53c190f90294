from __future__ import annotations

from support_sources import Shown, parsed, shown, variables
from twolane_context.facts import extract


def test_every_way_to_name_a_function() -> None:
    source = """\
--- Sums.
-- More.
---@param a number
function M.a.b(a, ...) return a end
function M:m() local x = 1 end
local function f() end
function g(x)
  return function() end
end
-- Plain.
M.f = function(a) return a end
local h = function() return 1 end
M.t = { k = function() return 1 end, v = 1 }
M["s"] = function() end
call(function() end)
"""
    assert shown("a.lua", source) == [
        Shown("function", "b", "function M.a.b(a, ...)", "--- Sums.\n-- More.\n---@param a number"),
        Shown("method", "m", "function M:m()"),
        Shown("function", "f", "local function f() end"),
        Shown("function", "g", "function g(x)"),
        Shown("function", "f", "M.f = function(a)", "-- Plain."),
        Shown("function", "h", "local h = function()"),
        Shown("function", "k", "k = function()"),
    ]


def test_variables_of_the_file() -> None:
    source = """\
local x = require("a.b")
local Stack, n = {}, 1
Stack.__index = Stack
COUNT = 1 + 2
local made = Class("x")
local f = function() local inner = 1 end
local part = M.y
"""
    assert [one.name for one in variables(extract(parsed("a.lua", source)))] == [
        "Stack",
        "n",
        "__index",
        "COUNT",
        "made",
        "part",
    ]


def test_broken_code_gives_what_is_there() -> None:
    source = "function a() end\nfunction M.b( \nlocal function c() return 1 end\n"
    assert {"a", "c"} <= {one.name for one in shown("a.lua", source)}
