-- Two clients, each with a server process, attached to one buffer: what one applies the other sees.
-- Given: file, at.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  vim.lsp.config("second", vim.lsp.config.twolane)
  local bufnr, first = t.open(t.given.file)
  vim.lsp.enable("second")
  vim.cmd("doautocmd FileType python")
  local second = t.wait("the second server", function()
    local found = vim.lsp.get_clients({ bufnr = bufnr, name = "second" })[1]
    return found and found.initialized and found
  end)
  local function run(client, at)
    t.go(at)
    local params = vim.lsp.util.make_range_params(0, client.offset_encoding)
    local argument = { action = "docstring", uri = params.textDocument.uri, range = params.range }
    client:exec_cmd(
      { title = "x", command = "twolane.run", arguments = { argument } },
      { bufnr = bufnr }
    )
    t.idle(bufnr)
  end
  run(first, t.given.at[1])
  run(second, t.given.at[2])
  vim.cmd("silent write")
  t.report({ messages = t.messages() })
end)
