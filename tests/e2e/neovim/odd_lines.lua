-- A file whose rows the editor counts otherwise than LSP does: nothing is changed, and why is told.
-- Given: file, at, title.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local bufnr = t.open(t.given.file)
  local before = t.text(bufnr)
  t.go(t.given.at)
  t.offered(t.given.title)
  t.choose(t.given.title)
  t.told("has a carriage return that stands alone (line 1)")
  t.idle(bufnr)
  t.equal(t.text(bufnr), before, "the text")
end)
