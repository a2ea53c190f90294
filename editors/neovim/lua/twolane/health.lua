-- `:checkhealth twolane`

local M = {}

local TIMEOUT_MS = 20000

--- Run a command of the twolane that Neovim would start.
---@param command string[] the `cmd` of the configuration
---@param arguments string[]
---@return vim.SystemCompleted? nil if it could not be run or took too long
local function ask(command, arguments)
  local words = vim.deepcopy(command)
  if words[#words] == "lsp" then
    table.remove(words)
  end
  local started, process = pcall(vim.system, vim.list_extend(words, arguments), { text = true })
  if not started then
    return nil
  end
  local result = process:wait(TIMEOUT_MS)
  return result.signal == 0 and result or nil
end

---@return string?
local function running_version()
  for _, client in ipairs(vim.lsp.get_clients({ name = "twolane" })) do
    if client.server_info then
      return client.server_info.version
    end
  end
end

---@param command string[]
local function check_version(command)
  local result = ask(command, { "--version" })
  local version = result and result.code == 0 and vim.trim(result.stdout) or running_version()
  if version then
    vim.health.ok("version: " .. version)
  else
    vim.health.info("its version could not be read; open a file it knows and look again")
  end
end

--- What `twolane doctor --json` found; nil where it cannot be had.
---@param command string[]
---@return { check: string, ok: boolean, state?: string, message: string, fix?: string }[]?
local function findings_of(command)
  local result = ask(command, { "doctor", "--json" })
  local decoded, findings = pcall(vim.json.decode, result and result.stdout or "")
  if not decoded or not vim.islist(findings) then
    return nil
  end
  for _, finding in ipairs(findings) do
    if type(finding) ~= "table" then
      return nil
    end
  end
  return findings
end

---@param command string[]
local function check_doctor(command)
  local findings = findings_of(command)
  if not findings then
    vim.health.info("`twolane doctor --json` gave no report")
    return
  end
  for _, finding in ipairs(findings) do
    local line = ("%s: %s"):format(tostring(finding.check), tostring(finding.message))
    if finding.ok then
      vim.health.ok(line)
    else
      local fix = type(finding.fix) == "string" and finding.fix or ""
      local tell = finding.state == "broken" and vim.health.error or vim.health.warn
      tell(line, fix ~= "" and { fix } or nil)
    end
  end
end

--- Tell what works and what to do about what does not.
function M.check()
  vim.health.start("twolane: Neovim")
  if vim.fn.has("nvim-0.11") == 0 then
    vim.health.error("Neovim 0.11 or later is needed", { "install a newer Neovim" })
    return
  end
  vim.health.ok("Neovim " .. tostring(vim.version()))
  if vim.lsp.is_enabled("twolane") then
    vim.health.ok("enabled")
  else
    vim.health.warn("not enabled", { 'call `vim.lsp.enable("twolane")` in your configuration' })
  end

  vim.health.start("twolane: the program")
  local command = (vim.lsp.config.twolane or {}).cmd
  if type(command) ~= "table" then
    vim.health.info("`cmd` is not a list of words, so the program cannot be asked")
    return
  end
  if vim.fn.executable(command[1]) == 0 then
    vim.health.error(("`%s` is not executable"):format(command[1]), {
      "install twolane, for instance with `pipx install twolane`",
      'or name it: `vim.lsp.config("twolane", { cmd = { "/path/to/twolane", "lsp" } })`',
    })
    return
  end
  vim.health.ok(vim.fn.exepath(command[1]))
  check_version(command)

  vim.health.start("twolane: doctor")
  check_doctor(command)
end

return M
