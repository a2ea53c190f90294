-- Tests for a file: a new one after a question, shown in a window; then more in the one that is there.
-- Given: file, at, title.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  local bufnr = t.open(t.given.file)
  local asked = 0
  local texts = {}
  for round = 1, 2 do
    t.go(t.given.at)
    t.offered(t.given.title)
    t.choose(t.given.title)
    vim.ui.select = function(items, _, on_choice) -- the server asks before it makes or changes files
      asked = asked + 1
      on_choice(items[1], 1)
    end
    t.idle(bufnr)
    local test = t.wait("the test file", function()
      local found = vim.fn.bufnr("test_a.py")
      return found ~= -1 and #vim.fn.win_findbuf(found) == 1 and found
    end)
    texts[round] = t.text(test)
    vim.api.nvim_buf_call(test, function()
      vim.cmd("silent write")
    end)
    t.pause(300) -- the server sees what is on disk
  end
  t.report({ first = texts[1], asked = asked })
end)
