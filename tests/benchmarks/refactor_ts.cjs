// Refactorings of a TypeScript package by its own language service; prints one JSON list.
// Arguments: the path of the `typescript` package, the folder, how many of each kind.
"use strict";
const fs = require("fs");
const path = require("path");
const ts = require(process.argv[2]);
const root = process.argv[3];
const count = Number(process.argv[4]);

function* walk(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(file);
    else if (/\.tsx?$/.test(entry.name)) yield file;
  }
}
const files = [...walk(root)].sort();
const host = {
  getScriptFileNames: () => files,
  getScriptVersion: () => "1",
  getScriptSnapshot: (name) =>
    fs.existsSync(name) ? ts.ScriptSnapshot.fromString(fs.readFileSync(name, "utf8")) : undefined,
  getCurrentDirectory: () => root,
  getCompilationSettings: () => ({ allowJs: false, target: 99, module: 99, moduleResolution: 100 }),
  getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
  fileExists: ts.sys.fileExists,
  readFile: ts.sys.readFile,
  readDirectory: ts.sys.readDirectory,
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories,
};
const service = ts.createLanguageService(host);
const format = ts.getDefaultFormatCodeSettings("\n");
const short = (file) => path.relative(root, file).split(path.sep).join("/");

function edited(text, changes) {
  for (const change of [...changes].sort((a, b) => b.span.start - a.span.start)) {
    const end = change.span.start + change.span.length;
    text = text.slice(0, change.span.start) + change.newText + text.slice(end);
  }
  return text;
}

const picks = {
  "rename function": [],
  "rename class": [],
  "rename method": [],
  "rename type": [],
  "rename property": [],
  "move to a new file": [],
  "rename file": [],
  "parameter object": [],
  extract: [],
  inline: [],
};
for (const file of files) {
  const source = service.getProgram().getSourceFile(file);
  source.forEachChild((node) => {
    if (!node.name) return;
    if (ts.isFunctionDeclaration(node)) picks["rename function"].push([file, node]);
    if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) {
      picks["rename class"].push([file, node]);
      for (const member of node.members) {
        const named = member.name && ts.isIdentifier(member.name);
        if (named && (ts.isMethodDeclaration(member) || ts.isMethodSignature(member)))
          picks["rename method"].push([file, member]);
        if (named && (ts.isPropertyDeclaration(member) || ts.isPropertySignature(member)))
          picks["rename property"].push([file, member]);
      }
    }
    if (ts.isTypeAliasDeclaration(node)) picks["rename type"].push([file, node]);
    if (ts.isFunctionDeclaration(node)) {
      picks["move to a new file"].push([file, node]);
      picks["rename file"].push([file, node]);
      if (node.parameters.length > 1) picks["parameter object"].push([file, node]);
      const statements = (node.body && node.body.statements) || [];
      if (statements.length > 3) picks.extract.push([file, node]);
      for (const statement of statements)
        if (ts.isVariableStatement(statement) && statement.declarationList.declarations.length === 1)
          if (ts.isIdentifier(statement.declarationList.declarations[0].name))
            picks.inline.push([file, statement.declarationList.declarations[0]]);
    }
  });
}

function renamed(file, node) {
  const to = "renamed" + node.name.text[0].toUpperCase() + node.name.text.slice(1);
  const at = node.name.getStart();
  const places = service.findRenameLocations(file, at, false, false, {}) || [];
  const changes = {};
  for (const place of places) {
    const newText = (place.prefixText || "") + to + (place.suffixText || "");
    (changes[place.fileName] ||= []).push({ span: place.textSpan, newText });
  }
  return [changes, `rename ${node.name.text} to ${to}`];
}

// What a refactoring of the service makes of a place, by its name and that of its action.
function refactored(file, range, name, action) {
  const result = service.getEditsForRefactor(file, format, range, name, action, {});
  const changes = {};
  for (const one of (result && result.edits) || []) changes[one.fileName] = one.textChanges;
  return changes;
}

function moved(file, node) {
  const range = { pos: node.getStart(), end: node.getEnd() };
  const name = "Move to a new file";
  return [refactored(file, range, name, name), `move ${node.name.text} to a new file`];
}

function packed(file, node) {
  const at = node.name.getStart();
  const name = "Convert parameters to destructured object";
  return [refactored(file, at, name, name), `make the parameters of ${node.name.text} one object`];
}

function extracted(file, node) {
  const [first, last] = [node.body.statements[1], node.body.statements[2]];
  const range = { pos: first.getStart(), end: last.getEnd() };
  const rows = [range.pos, range.end].map((at) => node.getSourceFile().getLineAndCharacterOfPosition(at).line + 1);
  for (const action of ["function_scope_1", "function_scope_0"]) {
    const changes = refactored(file, range, "Extract Symbol", action);
    if (Object.keys(changes).length)
      return [changes, `extract lines ${rows[0]} to ${rows[1]} of ${node.name.text} as a function`];
  }
  return [{}, ""];
}

function inlined(file, node) {
  const name = "Inline variable";
  return [refactored(file, node.name.getStart(), name, name), `inline the variable ${node.name.text}`];
}

function filed(file, node) {
  const to = path.join(path.dirname(file), "new" + path.basename(file));
  const changes = {};
  for (const one of service.getEditsForFileRename(file, to, format, {})) changes[one.fileName] = one.textChanges;
  return [changes, `rename the file ${short(file)} to ${short(to)}`, to];
}

const acts = {
  "move to a new file": moved,
  "rename file": filed,
  "parameter object": packed,
  extract: extracted,
  inline: inlined,
};

const found = [];
let seed = 7;
const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648);
for (const [kind, all] of Object.entries(picks)) {
  let done = 0;
  const order = all.map((pick) => [next(), pick]).sort((a, b) => a[0] - b[0]);
  for (const [, [file, node]] of order) {
    if (done === count) break;
    let changes, instruction, to;
    try {
      [changes, instruction, to] = (acts[kind] || renamed)(file, node);
    } catch {
      continue;
    }
    const names = Object.keys(changes);
    const alone = kind === "extract" || kind === "inline" || kind === "parameter object";
    if (names.length < (alone ? 1 : 2) || (to && fs.existsSync(to)) || names.length > 40 || names.some((n) => short(n).startsWith(".."))) continue;
    const after = {};
    for (const name of names) {
      const before = fs.existsSync(name) ? fs.readFileSync(name, "utf8") : "";
      after[short(name)] = edited(before, changes[name]);
    }
    const gone = to ? [short(file)] : [];
    if (to) {
      after[short(to)] = after[short(file)] ?? fs.readFileSync(file, "utf8");
      delete after[short(file)];
    }
    const text = fs.readFileSync(file, "utf8").slice(0, node.name.getStart());
    const at = Buffer.byteLength(text, "utf8");
    found.push({ kind, path: short(file), at, name: node.name.text, instruction, after, gone });
    done += 1;
  }
}
process.stdout.write(JSON.stringify(found));
