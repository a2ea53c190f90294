-- :TwolaneMode
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  vim.cmd("TwolaneMode local")
  t.told("no server is running")
  local cmd, server = dofile(t.given.fake).start({
    ["workspace/executeCommand"] = function(params, answer)
      answer(nil, { mode = params.arguments[1].mode })
    end,
  })
  vim.lsp.config("twolane", { cmd = cmd })
  t.open(t.given.file)
  vim.cmd("1,2TwolaneMode cloud")
  t.told("twolane: mode cloud")
  local request = server.sent("workspace/executeCommand")[1].params
  t.equal(request, { command = "twolane.mode", arguments = { { mode = "cloud" } } }, "the request")
  vim.cmd("TwolaneMode both")
  t.told("the modes are auto, local and cloud")
  t.equal(#server.sent("workspace/executeCommand"), 1, "requests")
  t.equal(vim.fn.getcompletion("TwolaneMode l", "cmdline"), { "local" }, "completion")
end)
