-- A server that ended by itself is started again, in every buffer, once; one that was stopped is not.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local cmd, server = dofile(t.given.fake).start({ ["workspace/executeCommand"] = function() end })
  vim.lsp.config("twolane", { cmd = cmd })
  local function clients(bufnr)
    return vim.lsp.get_clients({ name = "twolane", bufnr = bufnr })
  end
  local buffers = { (t.open(t.given.file)), (t.open(t.given.elsewhere)) }
  local before = clients()[1]
  t.equal(#clients(), 1, "servers at first")

  -- While an action runs.
  local at = { line = 0, character = 0 }
  local argument =
    { action = "docstring", uri = vim.uri_from_bufnr(buffers[2]), range = { start = at, ["end"] = at } }
  before:exec_cmd({ title = "x", command = "twolane.run", arguments = { argument } })
  t.check(t.busy(buffers[2]), "nothing is running")
  server.die()
  t.told("the server ended and is started again; nothing was applied")
  t.idle(buffers[2])
  t.equal(t.preview(buffers[2]), nil, "the preview")
  for _, bufnr in ipairs(buffers) do
    t.wait("a new server for buffer " .. bufnr, function()
      local found = clients(bufnr)[1]
      return found and found.initialized and found.id ~= before.id
    end)
  end
  t.equal(#clients(), 1, "servers afterwards")
  t.equal(select(2, t.messages():gsub("is started again", "")), 1, "times it was told")

  -- Again, at once.
  server.die()
  t.told("the server ended again; :checkhealth twolane may say why")
  t.pause()
  t.equal(#clients(), 0, "servers after the second end")

  -- Stopped by the user.
  vim.cmd.buffer(buffers[1])
  vim.cmd.edit()
  t.wait("a server after :edit", function()
    return #clients(buffers[1]) == 1
  end)
  local said = t.messages()
  clients()[1]:stop()
  t.pause()
  t.equal(#clients(), 0, "servers after a stop")
  t.equal(t.messages(), said, "messages after a stop")
end)
