-- Run an action that only a missing grant keeps local, answer the question, and run it once more.
-- Given: file, at, says (the number of the answer, 0 for none).
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local asked = {}
  vim.ui.select = function(items, options, on_choice) -- as a person would, or a plugin for it
    table.insert(asked, { prompt = options.prompt, count = #items })
    on_choice(items[t.given.says], t.given.says > 0 and t.given.says or nil)
  end
  local bufnr, client = t.open(t.given.file)
  t.go(t.given.at)
  local decisions = {}
  for turn = 1, 2 do
    local params = vim.lsp.util.make_range_params(0, client.offset_encoding)
    local argument = { action = "docstring", uri = params.textDocument.uri, range = params.range }
    local response = client:request_sync(
      "workspace/executeCommand",
      { command = "twolane.run", arguments = { argument } },
      30000,
      bufnr
    )
    t.check(response and response.result, "no answer: " .. vim.inspect(response))
    table.insert(decisions, response.result.decision)
    if turn == 1 then
      t.wait("the question", function()
        return #asked == 1
      end)
      t.pause(500) -- the grant is written
      vim.cmd("silent undo")
    end
  end
  t.report({ asked = asked, decisions = decisions, messages = t.messages() })
end)
