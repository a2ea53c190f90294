-- A refactoring of several files, typed as an instruction and confirmed; then all of them are written.
-- Given: file, at, title, instruction, files (the paths whose buffers are reported), says.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local bufnr = t.open(t.given.file)
  local asked = {}
  vim.ui.input = function(_, on_answer)
    on_answer(t.given.instruction)
  end
  t.go(t.given.at)
  t.offered(t.given.title)
  t.choose(t.given.title)
  vim.ui.select = function(items, options, on_choice) -- before many files are changed, it is asked
    table.insert(asked, options.prompt)
    on_choice(items[t.given.says], t.given.says)
  end
  t.wait("the question", function()
    return #asked > 0
  end)
  t.idle(bufnr)
  local texts, undone = {}, {}
  for _, path in ipairs(t.given.files) do
    local found = vim.fn.bufnr(path)
    texts[path] = found ~= -1 and t.text(found) or vim.NIL
    if found ~= -1 and t.given.undo then
      vim.api.nvim_buf_call(found, function()
        vim.cmd("silent undo")
      end)
      undone[path] = t.text(found)
    end
  end
  t.report({ asked = asked, texts = texts, undone = undone, messages = t.messages() })
end)
