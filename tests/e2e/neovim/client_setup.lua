-- `require("twolane").setup` (called by init.lua) lays its arguments over the one table.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local config = vim.lsp.config.twolane
  t.equal(config.init_options.mode, "local", "a setting")
  t.equal(config.init_options.preview, true, "the preview")
  t.equal(config.cmd, { "elsewhere", "lsp" }, "the command")
  t.check(vim.list_contains(config.filetypes, "rust"), "the filetypes are gone")
  t.check(vim.lsp.is_enabled("twolane"), "not enabled")
  t.check(t.given.lines < 30, "init.lua is not short any more")
end)
