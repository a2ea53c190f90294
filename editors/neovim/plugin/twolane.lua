-- Commands for everyone who has this folder on the runtimepath, with or without `setup`.

if vim.g.loaded_twolane then
  return
end
vim.g.loaded_twolane = true

vim.api.nvim_create_user_command("TwolaneCancel", function()
  require("twolane.run").cancel()
end, { desc = "Stop what twolane is writing" })

vim.api.nvim_create_user_command("TwolaneMode", function(command)
  require("twolane.mode").set(command.args)
end, {
  desc = "Choose the lane: auto (by the rules), local, or cloud (never for code under NDA)",
  nargs = 1,
  complete = function(lead)
    return require("twolane.mode").complete(lead)
  end,
})
