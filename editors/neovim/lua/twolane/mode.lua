-- The lane by rule or by choice, until the server ends. Code under NDA stays local in every mode.

local M = {}

local MODES = { "auto", "local", "cloud" }

--- The modes that start with `lead`.
---@param lead string
---@return string[]
function M.complete(lead)
  return vim.tbl_filter(function(mode)
    return vim.startswith(mode, lead)
  end, MODES)
end

--- Switch every twolane server of this editor.
---@param mode string
function M.set(mode)
  if not vim.list_contains(MODES, mode) then
    vim.notify("twolane: the modes are auto, local and cloud.", vim.log.levels.WARN)
    return
  end
  local clients = vim.lsp.get_clients({ name = "twolane" })
  if #clients == 0 then
    vim.notify("twolane: no server is running; open a file it knows.", vim.log.levels.WARN)
  end
  for _, client in ipairs(clients) do
    local params = { command = "twolane.mode", arguments = { { mode = mode } } }
    client:request("workspace/executeCommand", params, function(err)
      if err then
        vim.notify("twolane: " .. err.message, vim.log.levels.ERROR)
      else
        vim.notify("twolane: mode " .. mode)
      end
    end)
  end
end

return M
