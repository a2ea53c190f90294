-- `require("twolane").setup()`: the same as `vim.lsp.enable("twolane")`, with the settings at hand.

local M = {}

--- Lay `settings` and `config` over `lsp/twolane.lua` and start twolane where it applies.
---@param settings? table the server's settings, as in its settings file: `{ mode = "local" }`
---@param config? vim.lsp.Config anything else of the client's: `{ cmd = { "/opt/twolane", "lsp" } }`
function M.setup(settings, config)
  vim.lsp.config(
    "twolane",
    vim.tbl_deep_extend("force", { init_options = settings or {} }, config or {})
  )
  vim.lsp.enable("twolane")
end

return M
