-- The whole integration is this one table. Neovim 0.11 finds it on the runtimepath:
-- `vim.lsp.enable("twolane")` is all a user needs. Your own `vim.lsp.config("twolane", {…})` is laid
-- over it, and it is laid over your `vim.lsp.config("*", {…})`: so no `on_attach` here, which would
-- replace the one you have there.

---@type vim.lsp.Config
return {
  cmd = { "twolane", "lsp" },
  filetypes = {
    "python",
    "rust",
    "typescript",
    "typescriptreact",
    "javascript",
    "javascriptreact",
    "go",
    "c",
    "cpp",
    "java",
    "lua",
    "gitcommit",
  },
  root_markers = { "twolane.toml", ".git" },
  -- One server for all repositories: it finds each file's repository by itself, and a model that
  -- runs inside it should be in memory once.
  reuse_client = function(client, config)
    return client.name == config.name and not client:is_stopped()
  end,
  -- Neovim understands versioned edits but does not say so, and then none are sent to it.
  capabilities = { workspace = { workspaceEdit = { documentChanges = true } } },
  -- Settings go here too: `init_options = { mode = "local", ["local"] = { url = "…" } }`.
  init_options = { preview = true, page = true, expected = true },
  commands = {
    ["twolane.run"] = function(command, context)
      require("twolane.run").command(command, context)
    end,
  },
  handlers = {
    ["twolane/preview"] = function(_, params)
      require("twolane.run").on_preview(params)
    end,
    ["twolane/page"] = function(_, params)
      require("twolane.page").show(params)
    end,
    ["twolane/expected"] = function(_, params, context)
      require("twolane.expected").note(params, context)
    end,
    ["window/showMessage"] = function(_, params)
      require("twolane.message").show(params)
    end,
    ["workspace/applyEdit"] = function(_, params, context)
      return require("twolane.apply").apply(params, context)
    end,
  },
}
