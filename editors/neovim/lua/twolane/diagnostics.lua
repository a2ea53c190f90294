-- What other servers and linters say, for *Fix*. Neovim 0.11 tells a server about its own diagnostics
-- alone when it asks for code actions, and then there is nothing to fix.

local M = {}

---@param bufnr integer
---@param row integer
---@param column integer in bytes
---@param encoding string
---@return lsp.Position
local function position(bufnr, row, column, encoding)
  local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ""
  local character = vim.str_utfindex(line, encoding, math.min(column, #line), false)
  return { line = row, character = character }
end

---@param bufnr integer
---@param one vim.Diagnostic
---@param encoding string
---@return lsp.Diagnostic
local function told(bufnr, one, encoding)
  return {
    range = {
      start = position(bufnr, one.lnum, one.col, encoding),
      ["end"] = position(bufnr, one.end_lnum or one.lnum, one.end_col or one.col, encoding),
    },
    severity = one.severity,
    source = one.source,
    code = one.code,
    message = one.message,
  }
end

--- The diagnostics of others that touch the lines of a range.
---@param client vim.lsp.Client
---@param bufnr integer
---@param range lsp.Range
---@return lsp.Diagnostic[]
local function others(client, bufnr, range)
  local own = {
    [vim.lsp.diagnostic.get_namespace(client.id, false)] = true,
    [vim.lsp.diagnostic.get_namespace(client.id, true)] = true,
  }
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(bufnr)) do
    local last = one.end_lnum or one.lnum
    if not own[one.namespace] and one.lnum <= range["end"].line and last >= range.start.line then
      found[#found + 1] = told(bufnr, one, client.offset_encoding)
    end
  end
  return found
end

--- Whether the caller has named it already.
---@param all lsp.Diagnostic[]
---@param one lsp.Diagnostic
---@return boolean
local function holds(all, one)
  return vim.iter(all):any(function(other)
    return other.message == one.message and other.range.start.line == one.range.start.line
  end)
end

--- Have the client tell its server of them whenever it asks for code actions.
---@param client vim.lsp.Client
function M.attach(client)
  if rawget(client, "twolane_request") then
    return
  end
  local request = client.request
  rawset(client, "twolane_request", request)
  ---@diagnostic disable-next-line: duplicate-set-field
  client.request = function(self, method, params, handler, bufnr)
    if method == "textDocument/codeAction" and params and params.context then
      local buffer = vim.uri_to_bufnr(params.textDocument.uri)
      local all = vim.list_extend({}, params.context.diagnostics or {})
      for _, one in ipairs(others(client, buffer, params.range)) do
        if not holds(all, one) then
          all[#all + 1] = one
        end
      end
      params = vim.tbl_extend("force", params, {
        context = vim.tbl_extend("force", params.context, { diagnostics = all }),
      })
    end
    return request(self, method, params, handler, bufnr)
  end
end

return M
