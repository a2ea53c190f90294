-- Type at a random moment around the one at which the edit comes, again and again.
-- Given: file, at, documented (the text with its documentation), rounds, seed.
local t = dofile(vim.env.TWOLANE_HARNESS)

t.drive(function()
  math.randomseed(t.given.seed)
  local bufnr = t.open(t.given.file)
  local before = t.text(bufnr)
  local applied, dropped, spread = 0, 0, 60

  for round = 1, t.given.rounds do
    vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, vim.split(vim.trim(before), "\n"))
    t.go(t.given.at)
    t.wait("the menu to see the text", function() -- it goes by the tree that there is
      return vim.iter(t.choose()):any(function(title)
        return vim.startswith(title, "Write docstring ")
      end)
    end)
    t.choose("Write docstring ")
    local typed = ("# typed in round %d"):format(round)
    vim.wait(math.random(0, math.floor(spread)), function()
      return false
    end, 1)
    vim.api.nvim_buf_set_lines(bufnr, 0, 0, false, { typed })
    t.idle(bufnr)
    t.pause(20)
    local text = t.text(bufnr)
    if text == typed .. "\n" .. t.given.documented then
      applied, spread = applied + 1, math.max(5, spread * 0.95)
    else
      t.equal(text, typed .. "\n" .. before, "the text after round " .. round)
      dropped, spread = dropped + 1, spread * 1.05
    end
  end
  t.report({ applied = applied, dropped = dropped, messages = t.messages() })
end)
