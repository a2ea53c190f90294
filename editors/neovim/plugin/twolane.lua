-- Commands for everyone who has this folder on the runtimepath, with or without `setup`.

if vim.g.loaded_twolane then
  return
end
vim.g.loaded_twolane = true

vim.api.nvim_create_user_command("TwolaneCancel", function()
  require("twolane.run").cancel()
end, {
  desc = "Stop what twolane is writing",
  range = true, -- and ignored: after a rewrite the selection is still there, and `:` means its lines
})

vim.api.nvim_create_user_command("TwolaneMode", function(command)
  require("twolane.mode").set(command.args)
end, {
  desc = "Choose the lane: auto (by the rules), local, or cloud (never for code under NDA)",
  nargs = 1,
  range = true, -- as above
  complete = function(lead)
    return require("twolane.mode").complete(lead)
  end,
})

vim.api.nvim_create_autocmd("LspDetach", {
  group = vim.api.nvim_create_augroup("twolane.revive", {}),
  desc = "twolane: start a server again that ended by itself",
  callback = function(event)
    require("twolane.revive").detached(event.buf, event.data.client_id)
  end,
})
