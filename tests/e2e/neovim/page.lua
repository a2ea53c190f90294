-- An action whose result is a page: shown in a window of its own, nothing in the buffer changes.
-- Given: file, at, title, page (the title of the page).
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local bufnr = t.open(t.given.file)
  local before, window = t.text(bufnr), vim.api.nvim_get_current_win()
  vim.ui.input = function(_, on_answer)
    on_answer("")
  end
  vim.bo[bufnr].modifiable = false
  t.go(t.given.at)
  t.offered(t.given.title)
  local pages = {}
  for round = 1, 2 do
    t.choose(t.given.title)
    t.idle(bufnr)
    local page = t.wait("the page", function()
      local found = vim.fn.bufnr("twolane://" .. t.given.page)
      return found ~= -1 and #vim.fn.win_findbuf(found) == 1 and found
    end)
    pages[round] = page
  end
  t.equal(pages[1], pages[2], "the page of the second run")
  t.equal(t.text(bufnr), before, "the text")
  t.equal(vim.api.nvim_get_current_win(), window, "the window with the cursor")
  t.report({
    lines = vim.api.nvim_buf_get_lines(pages[1], 0, -1, false),
    filetype = vim.bo[pages[1]].filetype,
    buftype = vim.bo[pages[1]].buftype,
    clients = #vim.lsp.get_clients({ bufnr = pages[1] }),
    tabstop = vim.bo[pages[1]].tabstop,
    windows = #vim.api.nvim_list_wins(),
  })
end)
