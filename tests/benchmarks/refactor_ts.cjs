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

const picks = { "rename function": [], "rename class": [], "rename method": [], move: [] };
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
      }
    }
    if (ts.isFunctionDeclaration(node)) picks.move.push([file, node]);
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

function moved(file, node) {
  const range = { pos: node.getStart(), end: node.getEnd() };
  const name = "Move to a new file";
  const result = service.getEditsForRefactor(file, format, range, name, name, {});
  const changes = {};
  for (const one of (result && result.edits) || []) changes[one.fileName] = one.textChanges;
  return [changes, `move ${node.name.text} to a new file`];
}

const found = [];
let seed = 7;
const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648);
for (const [kind, all] of Object.entries(picks)) {
  let done = 0;
  const order = all.map((pick) => [next(), pick]).sort((a, b) => a[0] - b[0]);
  for (const [, [file, node]] of order) {
    if (done === count) break;
    let changes, instruction;
    try {
      [changes, instruction] = kind === "move" ? moved(file, node) : renamed(file, node);
    } catch {
      continue;
    }
    const names = Object.keys(changes);
    if (names.length < 2 || names.length > 40 || names.some((n) => short(n).startsWith(".."))) continue;
    const after = {};
    for (const name of names) {
      const before = fs.existsSync(name) ? fs.readFileSync(name, "utf8") : "";
      after[short(name)] = edited(before, changes[name]);
    }
    const text = fs.readFileSync(file, "utf8").slice(0, node.name.getStart());
    const at = Buffer.byteLength(text, "utf8");
    found.push({ kind, path: short(file), at, name: node.name.text, instruction, after });
    done += 1;
  }
}
process.stdout.write(JSON.stringify(found));
