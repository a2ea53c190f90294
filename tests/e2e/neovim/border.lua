-- Run one action on each file in turn, as asked, and write. Given: runs, each
-- { file, at, lane?, title } where title is what the menu must say once it knows the label.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local decisions = {}
  for _, run in ipairs(t.given.runs) do
    local bufnr, client = t.open(run.file)
    local before = t.text(bufnr)
    t.go(run.at)
    t.offered(run.title)
    local params = vim.lsp.util.make_range_params(0, client.offset_encoding)
    local argument = {
      action = "docstring",
      uri = params.textDocument.uri,
      range = params.range,
      lane = run.lane,
    }
    local response = client:request_sync(
      "workspace/executeCommand",
      { command = "twolane.run", arguments = { argument } },
      30000,
      bufnr
    )
    t.check(response and response.result, "no answer: " .. vim.inspect(response))
    t.check(response.result.applied, "not applied: " .. vim.inspect(response))
    t.check(t.text(bufnr) ~= before, "the text is as it was")
    table.insert(decisions, response.result.decision)
    vim.cmd("silent write")
  end
  t.report({ decisions = decisions, messages = t.messages() })
end)
