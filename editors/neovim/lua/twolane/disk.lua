-- Reads files as they are on disk, byte for byte.

local M = {}

--- What a file holds; nil where there is none that can be read.
---@param path string
---@return string?
function M.read(path)
  local file = io.open(path, "rb")
  local text = file and file:read("*a")
  if file then
    file:close()
  end
  return text or nil
end

return M
