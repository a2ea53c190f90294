-- A whole flow: list, run, watch the preview, one edit, one undo, redo, write.
-- Given: file, at (a text on the line to act on), title (of the action, as the menu must say once the
-- file's label is known), watched (a text the preview must show);
-- maybe to (a text on the last selected line), instruction.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local bufnr = t.open(t.given.file)
  local before, modified = t.text(bufnr), vim.bo[bufnr].modified
  local questions = 0
  vim.ui.input = function(_, on_answer)
    questions = questions + 1
    on_answer(t.given.instruction or "")
  end

  t.go(t.given.at)
  local range
  if t.given.to then
    local first = vim.api.nvim_win_get_cursor(0)[1]
    t.go(t.given.to)
    local last = vim.api.nvim_win_get_cursor(0)[1]
    range = { start = { first, 0 }, ["end"] = { last, vim.fn.col("$") - 1 } }
  end
  t.offered(t.given.title, range)
  local titles = t.choose(t.given.title, range)

  local shown = t.wait("the preview", function()
    local lines = t.preview(bufnr)
    return lines and table.concat(lines, "\n"):find(t.given.watched, 1, true) and lines
  end)
  t.equal(t.text(bufnr), before, "the text while the model writes")
  t.equal(vim.bo[bufnr].modified, modified, "modified while the model writes")

  t.idle(bufnr)
  t.wait("no preview", function()
    return t.preview(bufnr) == nil
  end)
  local after = t.text(bufnr)
  t.check(after ~= before, "nothing was applied")
  vim.cmd("silent undo")
  t.equal(t.text(bufnr), before, "after one undo")
  vim.cmd("silent redo")
  t.equal(t.text(bufnr), after, "after redo")
  vim.cmd("silent write")

  t.report({ titles = titles, shown = shown, messages = t.messages(), questions = questions })
end)
