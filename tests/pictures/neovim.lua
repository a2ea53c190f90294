-- Draws what a person sees: a Neovim in a terminal of this headless one, which then knows each cell.
-- Given by the environment: TWOLANE_PICTURE, JSON with command, columns, lines, report.
local given = vim.json.decode(vim.env.TWOLANE_PICTURE)
vim.o.termguicolors, vim.o.columns, vim.o.lines = true, given.columns, given.lines
vim.o.laststatus, vim.o.cmdheight, vim.o.ruler = 0, 0, false

local environment = { TERM = "xterm-256color", COLORTERM = "truecolor" }
local job = vim.fn.jobstart(given.command, { term = true, env = environment })

local function screen()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
end

local function wait(part)
  local seen = vim.wait(20000, function()
    return screen():find(part, 1, true) ~= nil
  end, 20)
  if not seen then
    io.stderr:write("waited in vain for " .. part .. "\n" .. screen())
    vim.cmd("cquit 1")
  end
end

local function keys(typed)
  vim.fn.chansend(job, typed)
end

--- Each row as pieces of one look: `{ text, foreground, bold }`.
local function drawn()
  vim.wait(500, function() -- a terminal that scrolled has its colours a moment later
    return false
  end)
  vim.cmd("redraw!")
  local rows = {}
  for row = 0, given.lines - 1 do
    local pieces = {}
    for column = 0, given.columns - 1 do
      local text, look = unpack(vim.api.nvim__inspect_cell(1, row, column))
      local last = pieces[#pieces]
      local colour, bold = look.foreground or vim.NIL, look.bold or false
      if last and last[2] == colour and last[3] == bold then
        last[1] = last[1] .. text
      else
        pieces[#pieces + 1] = { text, colour, bold }
      end
    end
    rows[#rows + 1] = pieces
  end
  return rows
end

wait("def ")
vim.wait(3000, function() -- the server starts, and reads what the file is
  return false
end)
keys("gra")
wait("Type number")
keys("q\r")
vim.wait(1500, function()
  return false
end)
keys("gra")
wait("Type number")
drawn() -- the first look at the cells numbers the colours anew
local menu = drawn()
keys("1\r")
wait(given.watched)
local preview = drawn()
vim.fn.writefile({ vim.json.encode({ menu = menu, preview = preview }) }, given.report)
vim.cmd("qall!")
