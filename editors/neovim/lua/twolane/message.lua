-- `window/showMessage`: what the server has to say, in its own words.
--
-- Neovim's own handler puts `LSP[twolane][Warning]` before words that begin with `twolane:` already,
-- and shows messages one by one: three wrong settings are then three times "Press ENTER".

local M = {}

local TOGETHER_MS = 50

local LEVELS = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO }

local waiting = {} ---@type lsp.ShowMessageParams[]

local function show()
  local lines, level = {}, vim.log.levels.INFO
  for _, message in ipairs(waiting) do
    lines[#lines + 1] = message.message
    level = math.max(level, LEVELS[message.type] or vim.log.levels.INFO)
  end
  waiting = {}
  vim.notify(table.concat(lines, "\n"), level)
end

--- Show a message, together with those that come at once with it.
---@param params lsp.ShowMessageParams
function M.show(params)
  waiting[#waiting + 1] = params
  if #waiting == 1 then
    vim.defer_fn(show, TOGETHER_MS)
  end
end

return M
