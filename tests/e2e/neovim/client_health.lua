-- :checkhealth twolane, with programs that answer well, badly or not at all.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  vim.lsp.config("twolane", { cmd = t.given.cmd })
  vim.cmd("checkhealth twolane")
  t.report(t.text(vim.api.nvim_get_current_buf()))
end)
