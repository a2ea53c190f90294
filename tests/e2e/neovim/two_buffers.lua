-- Two buffers of one server at the same time. Given: files, at.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local buffers = {}
  for _, file in ipairs(t.given.files) do
    local bufnr = t.open(file)
    t.go(t.given.at)
    t.choose("Write docstring")
    table.insert(buffers, bufnr)
  end
  t.equal(#vim.lsp.get_clients({ name = "twolane" }), 1, "servers for two buffers")
  t.wait("two previews at once", function()
    return t.preview(buffers[1]) and t.preview(buffers[2])
  end)
  t.check(t.busy(buffers[1]) and t.busy(buffers[2]), "they do not run at the same time")
  for _, bufnr in ipairs(buffers) do
    t.idle(bufnr)
  end
  vim.cmd("silent wall")
end)
