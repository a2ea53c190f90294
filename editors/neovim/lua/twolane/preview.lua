-- The answer as it comes, as virtual lines below the range. It is never part of the buffer's text.

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace("twolane.preview")
local LINES = 12 -- of a long answer only the end is shown: what is being written now
local REDRAW_MS = 30

vim.api.nvim_set_hl(0, "TwolaneHeader", { link = "DiagnosticVirtualTextInfo", default = true })
vim.api.nvim_set_hl(0, "TwolanePreview", { link = "Comment", default = true })

---@class twolane.Preview
---@field private bufnr integer
---@field private row integer 0-based, the line above the virtual ones
---@field private header string
---@field private text string
---@field private mark? integer
---@field private waiting boolean
---@field private ended boolean
local Preview = {}
Preview.__index = Preview

--- One line of text that a virtual line can show: tabs as spaces, nothing unprintable.
---@param line string
---@param tab string
---@return string
local function printable(line, tab)
  return (line:gsub("\t", tab):gsub("%c", ""))
end

--- Start below a line.
---@param bufnr integer
---@param row integer 0-based
---@param header string
---@return twolane.Preview
function M.below(bufnr, row, header)
  local self = setmetatable({}, Preview)
  self.bufnr, self.row, self.header = bufnr, row, header
  self.text, self.waiting, self.ended = "", false, false
  self:draw_soon()
  return self
end

--- Say above the text what is going on.
---@param header string
function Preview:say(header)
  self.header = header
  self:draw_soon()
end

--- Show more of the answer.
---@param text string the new piece, cut anywhere
function Preview:add(text)
  self.text = self.text .. text
  self:draw_soon()
end

--- Take everything away, for good.
function Preview:close()
  self.ended = true
  if self.mark and vim.api.nvim_buf_is_valid(self.bufnr) then
    vim.api.nvim_buf_del_extmark(self.bufnr, NAMESPACE, self.mark)
  end
  self.mark = nil
end

---@private
function Preview:draw_soon()
  if self.waiting or self.ended then
    return
  end
  self.waiting = true
  vim.defer_fn(function()
    self.waiting = false
    if not self.ended and vim.api.nvim_buf_is_loaded(self.bufnr) then
      self:draw()
    end
  end, REDRAW_MS)
end

---@private
function Preview:draw()
  local tab = (" "):rep(vim.bo[self.bufnr].tabstop)
  local lines = self.text == "" and {} or vim.split(self.text, "\r?\n")
  local shown = { { { printable("twolane · " .. self.header, " "), "TwolaneHeader" } } }
  for index = math.max(1, #lines - LINES + 1), #lines do
    shown[#shown + 1] = { { printable(lines[index], tab), "TwolanePreview" } }
  end
  local last = vim.api.nvim_buf_line_count(self.bufnr) - 1
  self.mark = vim.api.nvim_buf_set_extmark(self.bufnr, NAMESPACE, math.min(self.row, last), 0, {
    id = self.mark,
    virt_lines = shown,
    undo_restore = false,
  })
end

return M
