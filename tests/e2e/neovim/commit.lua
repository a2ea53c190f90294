-- The buffer in which git asks for a message: one edit at its top, one undo, written.
-- Given: file, title.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local bufnr = t.open(t.given.file)
  local before = t.text(bufnr)
  t.offered(t.given.title)
  t.choose(t.given.title)
  t.idle(bufnr)
  local after = t.text(bufnr)
  t.check(after ~= before, "nothing was applied")
  vim.cmd("silent undo")
  t.equal(t.text(bufnr), before, "after one undo")
  vim.cmd("silent redo")
  t.equal(t.text(bufnr), after, "after redo")
  vim.cmd("silent write")
  t.report({ filetype = vim.bo[bufnr].filetype })
end)
