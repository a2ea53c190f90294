-- Rewrite asks for an instruction first.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local cmd, server = dofile(t.given.fake).start({
    ["workspace/executeCommand"] = function(_, answer)
      answer(nil, { applied = true })
    end,
  })
  vim.lsp.config("twolane", { cmd = cmd })
  local bufnr, client = t.open(t.given.file)
  local range = { start = { line = 0, character = 0 }, ["end"] = { line = 1, character = 0 } }

  local function run(instruction)
    local argument =
      { action = "rewrite", uri = vim.uri_from_bufnr(bufnr), range = range, instruction = instruction }
    client:exec_cmd({ title = "x", command = "twolane.run", arguments = { argument } })
    t.idle(bufnr)
    return vim.tbl_map(function(request)
      return request.params.arguments[1]
    end, server.sent("workspace/executeCommand"))
  end
  local function answering(answer)
    vim.ui.input = function(_, on_answer)
      on_answer(answer)
    end
  end

  answering(nil)
  t.equal(#run(), 0, "requests after the question was left")
  answering("use a set")
  t.equal(run()[1].instruction, "use a set", "the instruction")
  answering("  ")
  t.equal(run()[2].instruction, nil, "an empty instruction")
  t.equal(server.sent("workspace/executeCommand")[2].params.arguments[1].range, range, "the range")

  vim.ui.input = function()
    error("asked although the instruction is there")
  end
  t.equal(run("given")[3].instruction, "given", "an instruction that was given")

  vim.ui.input = function(_, on_answer)
    vim.api.nvim_buf_set_lines(bufnr, 0, 0, false, { "# typed meanwhile" })
    on_answer("too late")
  end
  t.equal(#run(), 3, "requests after the buffer changed under the question")
  t.told("the buffer changed while you were typing")
end)
