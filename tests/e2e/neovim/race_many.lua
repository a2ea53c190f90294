-- Files of a repository change together while a person types, saves, reloads, closes and renames, and
-- while other programs write: all of it comes or nothing, nothing of theirs is lost, one undo a file.
-- Given: root, before and after (texts by path; "" for no file), mark (what is typed), rounds, seed.
local t = dofile(vim.env.TWOLANE_HARNESS)

local f = dofile(vim.fs.dirname(vim.env.TWOLANE_HARNESS) .. "/race_files.lua")(t)
local buffer, disk, file, inside = f.buffer, f.disk, f.file, f.inside
local marks, plain, put, shown = f.marks, f.plain, f.put, f.shown
local ACTS, THEIRS = f.ACTS, f.THEIRS
local MARK, BEFORE, AFTER = t.given.mark, t.given.before, t.given.after
local MOMENTS = { "some time", "some time", "asked", "before", "before", "after" }

--- All as it was; a.py and b.py are open, others sometimes.
local function begin()
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    local name = vim.api.nvim_buf_get_name(bufnr)
    if vim.startswith(name, t.given.root) and name ~= file("a.py") and name ~= file("b.py") then
      vim.api.nvim_buf_delete(bufnr, { force = true })
    end
  end
  for _, path in ipairs({ "guide.md", "new.md", "theirs.md", "moved.py" }) do
    os.remove(file(path))
  end
  for path, text in pairs(BEFORE) do
    if text ~= "" then
      put(path, text)
    end
  end
  for _, path in ipairs({ "b.py", "a.py" }) do
    if not buffer(path) or math.random() < 0.5 then
      vim.cmd("edit! " .. file(path))
      vim.cmd("edit!") -- one that was hidden has been shown, but not read
    else
      local lines = vim.split(vim.trim(plain(BEFORE[path])), "\n")
      vim.api.nvim_buf_set_lines(buffer(path), 0, -1, false, lines)
      inside(buffer(path), "write!")
    end
  end
  for _, path in ipairs({ "c.py", "old.py" }) do
    if math.random() < 0.4 then
      vim.cmd("edit " .. file(path))
    end
  end
  vim.cmd("buffer " .. buffer("a.py"))
  return t.wait("a server", function()
    local client = vim.lsp.get_clients({ bufnr = 0, name = "twolane" })[1]
    return client and client.initialized and client
  end)
end

--- How far a file has come: "done", "not", or an error for what it must never be.
local function came(path)
  local text = shown(path)
  if path == "docs.md" then
    local moved = shown("guide.md")
    if not text and moved then
      t.equal(plain(moved), plain(AFTER["guide.md"]), "guide.md")
      return "done"
    end
    t.equal(text and plain(text), plain(BEFORE[path]), path)
    return "not"
  elseif path == "new.md" then
    t.check(not text or text == AFTER[path], "new.md is " .. tostring(text))
    return text and "done" or "not"
  elseif not text then
    t.equal(path, "old.py", "what may be gone")
    return "done"
  end
  text = plain(text)
  if path ~= "old.py" and text == plain(AFTER[path]) then
    return "done"
  end
  t.equal(text, plain(BEFORE[path]), path)
  return "not"
end

--- What another program wrote is there, on disk or where it was moved with all it holds.
local function check_theirs(act)
  if act.name == "theirs in c" or act.name == "theirs in old" or act.name == "theirs in docs" then
    t.check(disk(act.of) == THEIRS, "what another program wrote is lost: " .. tostring(disk(act.of)))
  elseif act.name == "a guide" then
    local text = disk("guide.md")
    -- Where the edit came first, they wrote over it.
    t.check(text == THEIRS, "what another program wrote is lost: " .. tostring(text))
  elseif act.name == "a new" then
    t.check(disk("new.md") == THEIRS, "what another program wrote is lost")
  elseif act.name == "reload b" then
    local text = t.text(buffer("b.py"))
    t.check(text == MARK .. "\n" .. plain(BEFORE["b.py"]) or marks(text) == 1, "b.py: " .. text)
    t.check(
      plain(text) == plain(BEFORE["b.py"]) or plain(text) == plain(AFTER["b.py"]),
      "b.py: " .. text
    )
  elseif act.name == "rename b" then
    local text = plain(shown("moved.py"))
    t.check(text == plain(BEFORE["b.py"]) or text == plain(AFTER["b.py"]), "moved.py: " .. text)
  end
end

--- One undo takes the edit back, and nothing of what was typed.
local function check_undo(path)
  local bufnr = buffer(path)
  local name = path == "docs.md" and "guide.md" or path
  bufnr = bufnr or buffer(name)
  if not bufnr then
    return
  end
  local before, after = plain(BEFORE[path]), plain(AFTER[name])
  local last = t.text(bufnr)
  if plain(last) ~= after then
    return
  end
  for _ = 1, 4 do
    inside(bufnr, "undo")
    local text = t.text(bufnr)
    if plain(text) == before then
      t.equal(marks(text), marks(last), "what was typed in " .. name .. ", after one undo")
      return
    end
    t.equal(plain(text), after, name .. " after an undo")
    last = text
  end
  error("no undo takes the edit back in " .. name)
end

local seconds = {}

local function round(number, spread)
  math.randomseed(t.given.seed * 100000 + number)
  local client = begin()
  local act = ACTS[math.random(#ACTS)]
  local moment = MOMENTS[math.random(#MOMENTS)]
  local agrees, thinks = math.random() < 0.93, math.random(0, 15)
  local where = ("round %d, %s, %s"):format(number, act.name, moment)
  local happened, typed, answered, asked_at
  local function happens()
    if not happened then
      happened = true
      if act.typed then
        typed = f.type_in(act.typed)
      else
        act.act()
      end
    end
  end
  local apply = require("twolane.apply").apply
  t.apply = t.apply or apply
  require("twolane.apply").apply = function(...)
    if moment == "before" then
      happens()
    end
    local result = t.apply(...)
    if moment == "after" then
      happens()
    end
    return result
  end
  vim.ui.select = function(items, _, on_choice)
    asked_at = true
    if moment == "asked" then
      happens()
    end
    vim.defer_fn(function()
      answered = true
      on_choice(items[agrees and 1 or 2])
    end, thinks)
  end
  vim.cmd("messages clear")
  local begun = vim.uv.hrtime()
  local uri = vim.uri_from_bufnr(0)
  local place = { line = 3, character = 4 }
  require("twolane.run").command({
    title = "Refactor across the repository…",
    command = "twolane.run",
    arguments = {
      {
        action = "refactor",
        uri = uri,
        range = { start = place, ["end"] = place },
        instruction = "name it fuse",
      },
    },
  }, { client_id = client.id })
  if moment == "some time" then
    vim.defer_fn(happens, math.random(0, spread))
  end
  t.wait(where .. ": the end", function()
    return #require("twolane.run").buffers() == 0
      and (happened or moment ~= "some time")
      and (answered or not asked_at)
  end)
  happens()
  t.pause(act.name == "close a" and 150 or 20) -- what would still come must not
  seconds[#seconds + 1] = (vim.uv.hrtime() - begun) / 1e9

  local files = {}
  local passed, problem = xpcall(function()
    check_theirs(act)
    local counts = { done = 0, ["not"] = 0 }
    for _, path in ipairs({ "a.py", "b.py", "c.py", "docs.md", "old.py", "new.md" }) do
      if path ~= act.of then
        local how = came(path)
        files[path] = how
        counts[how] = counts[how] + 1
      end
    end
    if typed then
      local text = buffer(typed) and t.text(buffer(typed)) or ""
      t.equal(marks(text), 1, "what was typed in " .. typed)
    end
    local outcome = counts["not"] == 0 and "all" or counts.done == 0 and "none" or "part"
    if outcome == "part" then
      t.told("not as it should be") -- messages are shown together, a moment later
    elseif outcome == "none" then
      if act.name ~= "close a" then
        t.told("twolane: ")
      end
    end
    for _, path in ipairs({ "a.py", "b.py", "c.py", "docs.md" }) do
      if path ~= act.of then
        check_undo(path)
      end
    end
    return outcome
  end, debug.traceback)
  if not passed then
    error(("%s: %s\ntold: %s\n%s"):format(where, problem, t.messages(), vim.inspect(files)))
  end
  return problem, act.name .. ", " .. moment
end

t.drive(function()
  vim.o.swapfile = false
  vim.o.autoread = false
  local outcomes, parts, spread = { all = 0, none = 0, part = 0 }, {}, 80
  for number = t.given.first, t.given.first + t.given.rounds - 1 do
    local outcome, how = round(number, math.floor(spread))
    outcomes[outcome] = outcomes[outcome] + 1
    spread = math.max(5, math.min(spread * (outcome == "all" and 0.97 or 1.02), 300))
    if outcome == "part" then
      parts[#parts + 1] = how
    end
  end
  table.sort(seconds)
  outcomes.parts, outcomes.seconds = parts, seconds[math.ceil(#seconds / 2)]
  t.report(outcomes)
end)
