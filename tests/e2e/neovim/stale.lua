-- The user goes on typing while the model writes. Given: file, at, typed_at (0-based row).
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local bufnr = t.open(t.given.file)
  t.go(t.given.at)
  t.choose("Write docstring")
  t.wait("the preview", function()
    return t.preview(bufnr)
  end)
  local row = t.given.typed_at
  vim.api.nvim_buf_set_lines(bufnr, row, row, false, { "# typed meanwhile" })
  local typed = t.text(bufnr)
  t.wait("no preview of what is stale", function()
    return t.preview(bufnr) == nil
  end)
  t.idle(bufnr)
  t.told("The document changed while the model was writing")
  t.equal(t.text(bufnr), typed, "the text")
  vim.cmd("silent undo")
  t.check(not t.text(bufnr):find("typed meanwhile"), "undo takes back what was typed")
  t.report({ messages = t.messages() })
end)
