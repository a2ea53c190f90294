-- A server that ended by itself (killed, out of memory) is started again: without one `gra` shows
-- nothing at all, and nothing says why.

local M = {}

local AGAIN_MS = 60000 -- one that ends twice within a minute would end a third time

local starts_again = {} ---@type table<integer, boolean> by client that ended
local last ---@type number? when one ended

---@param client vim.lsp.Client
---@return boolean
local function ended_by_itself(client)
  -- `_is_stopping` is Neovim's own and may go; then nothing is started again.
  return client.name == "twolane"
    and client._is_stopping == false
    and client:is_stopped()
    and vim.v.exiting == vim.NIL
end

---@param client vim.lsp.Client
local function note(client)
  local now = vim.uv.now()
  local starts = last == nil or now - last >= AGAIN_MS
  starts_again[client.id], last = starts, now
  local said = starts and "the server ended and is started again; nothing was applied."
    or "the server ended again; :checkhealth twolane may say why, :edit starts it."
  -- Behind Neovim's own message, which leaves open what happens now.
  vim.schedule(function()
    vim.notify("twolane: " .. said, vim.log.levels.WARN)
  end)
end

--- Give a buffer that lost its server a new one.
---@param bufnr integer
---@param client_id integer the server that it had
function M.detached(bufnr, client_id)
  local client = vim.lsp.get_client_by_id(client_id)
  if not client or not ended_by_itself(client) then
    return
  end
  if starts_again[client_id] == nil then
    note(client)
  end
  if starts_again[client_id] then
    vim.schedule(function()
      if vim.api.nvim_buf_is_loaded(bufnr) then
        vim.lsp.start(client.config, { bufnr = bufnr, reuse_client = client.config.reuse_client })
      end
    end)
  end
end

return M
