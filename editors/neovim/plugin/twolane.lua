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

vim.api.nvim_create_user_command("TwolaneClear", function()
  local uri = vim.uri_from_bufnr(0)
  for _, client in ipairs(vim.lsp.get_clients({ bufnr = 0, name = "twolane" })) do
    client:request("workspace/executeCommand", {
      command = "twolane.clear",
      arguments = { { uri = uri } },
    })
  end
end, {
  desc = "Take away what twolane's reviews found in this buffer",
  range = true, -- as above
})

vim.api.nvim_create_autocmd("LspDetach", {
  group = vim.api.nvim_create_augroup("twolane.revive", {}),
  desc = "twolane: start a server again that ended by itself",
  callback = function(event)
    require("twolane.revive").detached(event.buf, event.data.client_id)
  end,
})

vim.api.nvim_create_autocmd("LspAttach", {
  group = vim.api.nvim_create_augroup("twolane.diagnostics", {}),
  desc = "twolane: tell the server what other servers say, so that it can offer to fix it",
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == "twolane" then
      require("twolane.diagnostics").attach(client)
    end
  end,
})
