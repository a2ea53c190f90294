-- Plain `vim.lsp.enable` beside another runtime folder with configurations of its own.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local cmd, server = dofile(t.given.fake).start({})
  vim.lsp.config("twolane", { cmd = cmd, init_options = { mode = "local" } })
  local bufnr, client = t.open(t.given.file)
  t.wait("the other server", function()
    return #vim.lsp.get_clients({ bufnr = bufnr, name = "other" }) == 1
  end)
  t.equal(client.root_dir, t.given.root, "the root")
  t.equal(vim.b[bufnr].attached, { "twolane" }, "on_attach of the configuration for all")

  local initialize = server.sent("initialize")[1].params
  t.equal(initialize.initializationOptions, { page = true, expected = true, preview = true, mode = "local" }, "options")
  t.equal(initialize.capabilities.workspace.workspaceEdit.documentChanges, true, "versioned edits")
  t.equal(initialize.capabilities.workspace.applyEdit, true, "Neovim's own capabilities")
  t.equal(initialize.capabilities.general.ours, true, "capabilities for all")

  t.open(t.given.elsewhere)
  t.equal(#vim.lsp.get_clients({ name = "twolane" }), 1, "servers for two repositories")
  t.equal(#server.sent("textDocument/didOpen"), 2, "documents open there")
  t.equal(vim.fn.exists(":TwolaneCancel"), 2, ":TwolaneCancel")
end)
