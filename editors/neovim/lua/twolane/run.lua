-- Runs actions: at most one at a time in a buffer, since the first one's edit makes a second stale.
-- Knows what is running, shows it, and stops it.

local preview = require("twolane.preview")

local M = {}

---@class twolane.Run
---@field client_id integer
---@field request_id? integer
---@field token string
---@field preview twolane.Preview
---@field touched boolean whether the buffer changed since the run began

-- What is asked for before an action runs, and which of them change the buffer.
local ASKS = {
  rewrite = "Rewrite (empty: as the comment above says): ",
  refactor = "Refactor (empty: as the comment above says): ",
  explain = "Explain (empty: in general): ",
}
local READS = {
  explain = true,
  pr = true,
  review = true,
  changes = true,
  ["changes-all"] = true,
  ["changes-staged"] = true,
  tests = true,
}

local running = {} ---@type table<integer, twolane.Run> by buffer
local count = 0

---@param message string
local function warn(message)
  vim.notify("twolane: " .. message, vim.log.levels.WARN)
end

--- Forget a run and take its preview away, unless another run has taken its place.
---@param bufnr integer
---@param run twolane.Run
local function finish(bufnr, run)
  run.preview:close()
  if running[bufnr] == run then
    running[bufnr] = nil
  end
end

--- Follow the buffer while the run lasts: what was shown for the text before is wrong after.
---@param bufnr integer
---@param run twolane.Run
local function watch(bufnr, run)
  local function changed()
    run.touched = true
    vim.schedule(function()
      run.preview:close()
    end)
    return true -- no need to hear more
  end
  vim.api.nvim_buf_attach(bufnr, false, {
    on_lines = function()
      return running[bufnr] ~= run or changed()
    end,
    on_reload = function()
      changed()
    end,
    on_detach = function()
      changed()
    end,
  })
end

---@param client vim.lsp.Client
---@param argument table `{ action, uri, range, instruction?, lane? }`
---@param title string
local function start(client, argument, title)
  local bufnr = vim.uri_to_bufnr(argument.uri)
  if running[bufnr] then
    warn("is still writing in this buffer; :TwolaneCancel stops it.")
    return
  end
  if not vim.bo[bufnr].modifiable and not READS[argument.action] then
    warn("this buffer cannot be changed ('modifiable' is off).")
    return
  end
  -- Else the built-in menu and question hide the preview until a key is pressed.
  vim.cmd("redraw!")
  count = count + 1
  local run = {
    client_id = client.id,
    token = "twolane-" .. count,
    preview = preview.near(bufnr, argument.range["end"].line, title),
    touched = false,
  }
  running[bufnr] = run
  watch(bufnr, run)
  local params = {
    command = "twolane.run",
    arguments = { argument },
    workDoneToken = run.token,
  }
  local sent, request_id = client:request("workspace/executeCommand", params, function(err)
    finish(bufnr, run)
    -- What is wrong with the action's result, the server has shown; this is about the request.
    if err then
      warn(err.message)
    end
  end, bufnr)
  run.request_id = request_id
  if not sent then
    finish(bufnr, run)
    warn("the server has stopped; :checkhealth twolane may say why.")
  end
end

--- The client's side of the command `twolane.run`: asks for what the action needs, then runs it.
---@param command lsp.Command
---@param context lsp.HandlerContext
function M.command(command, context)
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
  local argument = vim.deepcopy((command.arguments or {})[1] or {})
  local asks = ASKS[argument.action]
  if not asks or argument.instruction then
    start(client, argument, command.title)
    return
  end
  local bufnr = vim.uri_to_bufnr(argument.uri)
  local before = vim.api.nvim_buf_get_changedtick(bufnr)
  vim.ui.input({ prompt = asks }, function(answer)
    if not answer then
      return
    end
    if
      not vim.api.nvim_buf_is_loaded(bufnr)
      or vim.api.nvim_buf_get_changedtick(bufnr) ~= before
    then
      warn("the buffer changed while you were typing; select the code again.")
      return
    end
    argument.instruction = vim.trim(answer) ~= "" and answer or nil
    start(client, argument, command.title)
  end)
end

--- `twolane/preview`: a piece of an answer. Pieces of runs that are over are dropped.
---@param params { uri: string, decision: string, text: string, done: boolean }
function M.on_preview(params)
  local run = running[vim.uri_to_bufnr(params.uri)]
  if not run then
    return
  end
  if params.done then
    run.preview:close()
  else
    run.preview:say(params.decision)
    run.preview:add(params.text)
  end
end

--- Whether a run is going on in a buffer whose text changed since that run began.
---@param bufnr integer
---@return boolean
function M.touched(bufnr)
  local run = running[bufnr]
  return run ~= nil and run.touched
end

--- The buffers in which an action is running.
---@return integer[]
function M.buffers()
  return vim.tbl_keys(running)
end

--- Stop everything that twolane does for this editor, also what something else started.
function M.cancel()
  local ours = {} ---@type table<string|integer, true>
  for bufnr, run in pairs(running) do
    ours[run.token] = true
    local client = vim.lsp.get_client_by_id(run.client_id)
    if client and run.request_id then
      client:cancel_request(run.request_id)
    end
    -- Neovim drops the answer to a cancelled request, so nothing else will end this run.
    finish(bufnr, run)
  end
  for _, client in ipairs(vim.lsp.get_clients({ name = "twolane" })) do
    for token in pairs(client.progress.pending) do
      if not ours[token] then
        client:notify("window/workDoneProgress/cancel", { token = token })
      end
    end
  end
end

local group = vim.api.nvim_create_augroup("twolane.run", {})

vim.api.nvim_create_autocmd("LspProgress", {
  group = group,
  pattern = "report",
  desc = "twolane: lane, reasons and counts above the preview",
  callback = function(event)
    for _, run in pairs(running) do
      local params = event.data.params
      if run.client_id == event.data.client_id and run.token == params.token then
        run.preview:say(params.value.message or "")
      end
    end
  end,
})

vim.api.nvim_create_autocmd("LspRequest", {
  group = group,
  desc = "twolane: an answered request is over, also where Neovim hides the answer (cancelled)",
  callback = function(event)
    for bufnr, run in pairs(running) do
      local data = event.data
      local same = run.client_id == data.client_id and run.request_id == data.request_id
      if same and data.request.type == "complete" then
        finish(bufnr, run)
      end
    end
  end,
})

vim.api.nvim_create_autocmd("LspDetach", {
  group = group,
  desc = "twolane: stop for a buffer that goes away or is read anew; a dead server does not answer",
  callback = function(event)
    local run = running[event.buf]
    if not run or run.client_id ~= event.data.client_id then
      return
    end
    local client = vim.lsp.get_client_by_id(run.client_id)
    if client and run.request_id and not client:is_stopped() then
      -- Until the answer to this comes, an edit may still be on its way.
      run.touched = true
      run.preview:close()
      client:cancel_request(run.request_id)
    else
      finish(event.buf, run)
    end
  end,
})

return M
