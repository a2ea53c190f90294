"""L49 to L53 of the catalogue of leaks: what changes meanwhile, and what is written otherwise."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
from typing import TYPE_CHECKING
from urllib.parse import quote

from support_channels_content import told
from support_fake_server import answer
from support_generated import Code, word
from support_git import Repo
from support_repository import put
from twolane_server.cli import place as cli_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from support_trial import Trial
    from twolane_server.source_file import Place

_LOOKS_LIKE = str.maketrans("aceopxyAEHKMOPTX", "асеорхуАЕНКМОРТХ")  # noqa: RUF001 - that is it


def l49_tightened_while_it_waits(trial: Trial) -> None:
    """The rules change while the cloud lists its models; in the twin by a rule that does not matter."""
    code, chance = trial.code(), trial.chance
    file = put(trial.shelf / trial.named(code), code.text)
    policy = trial.root / "twolane.toml"
    text = policy.read_text("utf-8")
    state = trial.world.folders.state / "grants.json"
    inner = file.relative_to(trial.root)
    comment = code.language.comment
    changes: dict[str, Callable[[], object]] = {
        "a rule": lambda: put(policy, text.replace("paths = [", f"paths = ['{inner}', ")),
        "a rule for its folder": lambda: put(
            policy, text.replace("paths = [", "paths = ['lib/', ")
        ),
        "another tool's rule": lambda: put(file.parent / ".aiexclude", f"{file.name}\n"),
        "a nearer policy": lambda: put(file.parent / ".cursorignore", "*\n"),
        "a marker on disk": lambda: put(file, f"{comment} Trade secret\n{code.text}"),
        "a broken policy": lambda: put(policy, text[:-6]),
        "no policy": policy.unlink,
        "a word": lambda: put(policy, text.replace("Acme Corp", code.name)),
        "no grant": state.unlink,
        "the file is gone": file.unlink,
    }
    harmless: dict[str, Callable[[], object]] = {
        "a rule": lambda: put(policy, text.replace("paths = [", f"paths = ['{word(chance)}/', ")),
        "another tool's rule": lambda: put(file.parent / ".aiexclude", "x\n"),
        "a word": lambda: put(policy, text.replace('"Acme', f'"{word(chance, 8)}", "Acme')),
    }
    found = changes if trial.secret else harmless
    change = found[chance.choice(sorted(found))]
    with trial.policy(text):
        trial.cloud.on_models = change
        trial.expect(trial.ask(file, code))
    assert trial.cloud.on_models is None, "the request did wait"


def l49_what_a_commit_touched_while_its_message_waits(trial: Trial) -> None:
    """A message is written for or after a commit whose file becomes NDA then; in the twin another's."""
    chance, name = trial.chance, f"Zk{word(trial.chance, 8)}"
    phrase = f"{word(chance, 7)} {word(chance, 7)}".upper()
    repo, policy = Repo(trial.root), trial.root / "twolane.toml"
    if not repo.git("tag"):
        repo.commit("Start", base_py="x = 1\n")
        repo.git("tag", "start")
    action = chance.choice(("pr", "commit", "buffer"))
    repo.git("checkout", "-qfB", "main", "start")
    folder = trial.shelf
    side = folder / f"{word(chance)}.py"
    inner, text = str(side.relative_to(trial.root)), f"# {word(chance)}\n"
    repo.commit("Begin", **{inner: text})
    repo.git("checkout", "-qfB", "work")
    repo.commit(f"Do it for {trial.mark} by {name}\n\n{trial.mark}", **{inner: f"# {phrase}\n"})
    repo.commit("Take it back", **{inner: text})
    repo.stage(base_py=f"y = {chance.randrange(99)}\n")
    if action == "pr":
        repo.commit("Tell")
    name = name if trial.secret else name[::-1]
    rules, meant = policy.read_text("utf-8"), inner if trial.secret else word(chance)
    within = f"{folder.name}/" if trial.secret else f"{word(chance)}/"
    marker = phrase if trial.secret else phrase[::-1]
    changes: dict[str, Callable[[], object]] = {
        "a rule": lambda: put(policy, rules.replace("paths = [", f"paths = ['{meant}', ")),
        "a rule for its folder": lambda: put(
            policy, rules.replace("paths = [", f"paths = ['{within}', ")
        ),
        "a marker of its text then": lambda: put(policy, f'{rules}markers = ["{marker}"]\n'),
        "another tool's rule": lambda: put(
            folder / ".aiignore", f"{side.name if trial.secret else meant}\n"
        ),
        "a nearer marker": lambda: put(
            folder / "twolane.toml", f'[nda]\nmarkers = ["{marker.lower()}"]\n'
        ),
        "a word": lambda: put(policy, rules.replace('"Acme', f'"{name}", "Acme')),
        "a nearer word": lambda: put(folder / "twolane.toml", f'[nda]\nwords = ["{name}"]\n'),
    }
    if trial.secret:
        changes["a label in it"] = lambda: put(side, f"# Trade secret\n{text}")
        changes["it is gone"] = side.unlink
    change = changes[chance.choice(sorted(changes))]
    trial.cloud.answers = (answer("Say it"),)
    trial.world.script({"reply": "Say it"})
    where = (put(trial.root / ".git" / "COMMIT_EDITMSG", "\n# So\n"),) if action == "buffer" else ()
    with trial.policy(rules):
        trial.cloud.on_models = change
        done = trial.run("do", "pr" if action == "pr" else "commit", *where, "--json")
        assert done.status == 0, (done.err, trial.number)
        trial.expect(str(done.json["decision"]["lane"]))
    assert trial.cloud.on_models is None, "the request did wait"


def l50_loosened_by_the_repository(trial: Trial) -> None:
    """A commit, a checkout or an edit takes rules away: the grant lapses. The twin gains rules."""
    file, code = trial.planted(trial.code("python"), f"{word(trial.chance)}.py")
    policy = trial.root / "twolane.toml"
    text = policy.read_text("utf-8")
    loose = {
        "a rule less": text.replace('"clients/**", ', ""),
        "all gone": "[nda]\n",
        "a grant of its own": "[nda]\n[trust]\ngranted = true\n",
        "a mode of its own": 'mode = "cloud"\n[nda]\n[cloud]\nlabel = "open"\n',
        "words gone": text.replace('words = ["Acme Corp"]', ""),
        "negated": text.replace('"clients/**"', '"clients/**", "!clients/**"'),
    }
    tight = text.replace("paths = [", f'paths = ["{word(trial.chance)}/**", ')
    with trial.policy(text):
        put(policy, loose[trial.chance.choice(sorted(loose))] if trial.secret else tight)
        trial.expect(trial.ask(file, code))
        if trial.secret:
            again = trial.run("do", "rewrite", f"{policy}:1-2", "--instruction", "x", "--apply")
            assert again.status == 1


def l51_after_a_restart(trial: Trial) -> None:
    """The index and the fingerprints are deleted or broken; a copy is known all the same."""
    _, code = trial.planted()
    copy = put(trial.shelf / "copy" / trial.named(code), code.text)
    trial.known()
    cache = trial.world.folders.cache
    if trial.chance.random() < 0.5:
        shutil.rmtree(cache)
    else:
        for kept in (each for each in (cache / "index").rglob("*") if each.is_file()):
            spoilt = trial.chance.choice(
                (b"", trial.chance.randbytes(200), kept.read_bytes()[:999])
            )
            kept.write_bytes(spoilt)
    trial.expect(trial.ask(copy, code))


def l51_after_a_paste(trial: Trial) -> None:
    """Code was pasted and taken out again: what was written since stays NDA for other processes, too."""
    _, code = trial.stocked()
    host, chance = trial.other("python"), trial.chance
    file = put(trial.shelf / trial.named(host), host.text)
    rest = host.text.replace("    return", f"    # {trial.mark}\n    return", 1)
    desk = trial.bench.desk
    desk.open(file.as_uri(), "python", host.text)
    for text in (trial.pasted_into(code.body).text, rest):
        desk.change(file.as_uri(), text)
    trial.expect(desk.act(file.as_uri(), host.first, lane="cloud").partition(" ")[0].rstrip(":"))
    desk.close_document(file.as_uri())
    put(file, rest)
    trial.expect(trial.ask(file, host, action="docstring"))
    if chance.random() < 0.5:
        moved = file.rename(file.with_name(trial.named(host)))
        trial.expect(trial.ask(moved, host, action="docstring"))


def l52_race(trial: Trial) -> None:
    """Between reading the text and labelling it, a link is turned or the file is exchanged."""
    file, code = trial.planted()
    other = trial.other(code.language.fence)
    mine = put(trial.shelf / f"mine{code.language.suffix}", other.text)
    link = trial.shelf / f"link{code.language.suffix}"
    link.symlink_to(file)
    read = cli_place.read_place
    exchanged = trial.chance.random() < 0.5

    def read_and_turn(place: str, *, bare: bool) -> Place:
        found = read(place, bare=bare)
        link.unlink()
        if exchanged:
            put(link, other.text)
        else:
            link.symlink_to(mine)
        return found

    trial.patch.setattr(cli_place, "read_place", read_and_turn)
    lane = trial.ask(link, code)
    # The text is that of the old file, so its label counts, whatever stands there now.
    trial.expect(lane)


def l53_written_otherwise(trial: Trial) -> None:
    """The code in base64, hexadecimal, escapes, look-alikes, with signs that nobody sees, in parts."""
    _, code = trial.planted()
    chance, body = trial.chance, code.body
    raw = body.encode()
    encoded = base64.b64encode(raw).decode()
    plain = {
        "base64": lambda: encoded,
        "folded base64": lambda: "\n".join(
            encoded[at : at + 76] for at in range(0, len(encoded), 76)
        ),
        "URL-safe base64": lambda: base64.urlsafe_b64encode(raw).decode(),
        "hexadecimal": raw.hex,
        "percent": lambda: quote(body),
        "JSON": lambda: json.dumps(body),
        "split": lambda: body.replace("\n", "\n\n", 3),
    }
    hidden = {
        "packed": lambda: base64.b64encode(gzip.compress(raw)).decode(),
        "look-alikes": lambda: body.translate(_LOOKS_LIKE),
        "full width": lambda: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in body),
        "unseen": lambda: "".join(
            c + chance.choice(("", "", "\u200b", "\u200d", "\u2060")) for c in body
        ),
        "bidi": lambda: "\n".join(f"\u202e{row}\u202c" for row in body.split("\n")),
        "escapes": lambda: "".join(f"\\u{ord(c):04x}" for c in body),
    }
    forms: dict[str, Callable[[], str]] = {**plain, **(hidden if trial.secret else {})}
    text = forms[chance.choice(sorted(forms))]()
    rows = text.split("\n")
    host = trial.other("python")
    rows = [f"    # {row}" for row in rows]
    lines = host.text.split("\n")
    at = chance.randint(host.first, host.last - 1)
    lines[at:at] = rows
    told(trial, Code("\n".join(lines), host.language, host.name, host.first, host.last + len(rows)))
