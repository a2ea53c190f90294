"""One `WorkspaceEdit` for changes of many files, as far as the client can take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from lsprotocol import types

from twolane_context.spans import Span
from twolane_server import convert
from twolane_server.edits.changes import Sort
from twolane_server.edits.differences import differences
from twolane_server.errors import ActionError
from twolane_server.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from twolane_server.edits.changes import Changes, FileChange
    from twolane_server.features.standing import Standing

__all__ = ["Abilities", "inverse", "workspace_edit"]

_NOTE = "twolane"
_OPERATIONS = {Sort.CREATE: "create", Sort.DELETE: "delete", Sort.RENAME: "rename"}

_Change: TypeAlias = (
    "types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile"
)


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the client can do with a workspace edit.

    Attributes:
        documents: take versioned edits of several documents.
        operations: make, rename and delete files.
        annotations: show what it is asked to do, and have it confirmed.
    """

    documents: bool
    operations: frozenset[str]
    annotations: bool

    @classmethod
    def of(cls, capabilities: types.ClientCapabilities) -> Abilities:
        """As the client told at `initialize`."""
        workspace = capabilities.workspace
        edit = workspace.workspace_edit if workspace is not None else None
        if edit is None:
            return cls(documents=False, operations=frozenset(), annotations=False)
        operations = frozenset(
            str(getattr(one, "value", one)) for one in edit.resource_operations or ()
        )
        # Neovim says nothing of `documentChanges`, which operations come with.
        documents = bool(edit.document_changes or operations)
        return cls(documents, operations, edit.change_annotation_support is not None)

    def check(self, changes: Changes) -> None:
        """Raise unless the client can make these changes.

        Raises:
            ActionError: it cannot.
        """
        if not self.documents:
            raise ActionError(
                "This editor takes no edits of several files, so nothing was changed; use "
                "`twolane do refactor` instead."
            )
        for one in changes:
            if one.sort in _OPERATIONS and _OPERATIONS[one.sort] not in self.operations:
                raise ActionError(
                    f"This editor cannot {one.sort} files, so nothing was changed; use "
                    "`twolane do refactor` instead."
                )


def workspace_edit(
    standing: Standing, abilities: Abilities, encoding: convert.Encoding, told: tuple[str, str]
) -> types.WorkspaceEdit:
    """The edit: new files, then texts, then renames, then deletions.

    Args:
        standing: the changes, and how the files are.
        abilities: the client's.
        encoding: how it counts columns.
        told: what the edit is called, and what there is to say about it.
    """
    note = _NOTE if abilities.annotations else None
    changes: list[_Change] = []
    for one in _of(standing, Sort.CREATE):
        options = types.CreateFileOptions(overwrite=False, ignore_if_exists=False)
        uri = standing.uri(one.path)
        changes.append(types.CreateFile(uri=uri, options=options, annotation_id=note))
        if one.after is not None and str(one.after):
            changes.append(_text(uri, None, Text.of(""), one.after, encoding, note))
    changes += [
        _edit(standing, one, encoding, note)
        for one in _of(standing, Sort.EDIT, Sort.RENAME)
        if one.before != one.after
    ]
    for one in _of(standing, Sort.RENAME):
        renaming = types.RenameFileOptions(overwrite=False, ignore_if_exists=False)
        changes.append(
            types.RenameFile(
                old_uri=standing.uri(one.path),
                new_uri=standing.uri(one.to),
                options=renaming,
                annotation_id=note,
            )
        )
    changes += [
        types.DeleteFile(uri=standing.uri(one.path), annotation_id=note)
        for one in _of(standing, Sort.DELETE)
    ]
    label, description = told
    annotation = types.ChangeAnnotation(label, True, description or None)  # noqa: FBT003 - to be confirmed
    return types.WorkspaceEdit(
        document_changes=changes, change_annotations={_NOTE: annotation} if note else None
    )


def inverse(
    standing: Standing,
    taken: Iterable[FileChange],
    versions: Mapping[str, int],
    encoding: convert.Encoding,
) -> types.WorkspaceEdit | None:
    """What takes changes back that the editor applied; `None` where only the person can.

    That is where files were made, renamed or deleted, or are not open.
    """
    changes: list[_Change] = []
    for one in taken:
        now = standing.document(one.path)
        if (
            one.sort is not Sort.EDIT
            or now is None
            or one.before is None
            or one.path not in versions
        ):
            return None
        changes.append(_text(now.uri, now.version, now.text, one.before, encoding, None))
    return types.WorkspaceEdit(document_changes=changes)


def _of(standing: Standing, *sorts: Sort) -> list[FileChange]:
    return [one for one in standing.changes if one.sort in sorts]


def _edit(
    standing: Standing, one: FileChange, encoding: convert.Encoding, note: str | None
) -> types.TextDocumentEdit:
    assert one.before is not None
    assert one.after is not None
    document = standing.document(one.path)
    version = None if document is None else document.version
    return _text(standing.uri(one.path), version, one.before, one.after, encoding, note)


def _text(  # noqa: PLR0917 - two texts and where they are
    uri: str,
    version: int | None,
    before: Text,
    after: Text,
    encoding: convert.Encoding,
    note: str | None,
) -> types.TextDocumentEdit:
    """Only the lines that differ; without a byte order mark, which editors keep to themselves."""
    old, new = (Text.of(str(text).removeprefix("\ufeff")) for text in (before, after))
    edits: list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit] = []
    for i, k, m, n in differences(old.lines, new.lines):
        where = convert.area(old, Span(old.row_start(i), old.row_start(k)), encoding)
        text = "".join(new.lines[m:n])
        edits.append(
            types.TextEdit(where, text)
            if note is None
            else types.AnnotatedTextEdit(annotation_id=note, range=where, new_text=text)
        )
    identifier = types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
    return types.TextDocumentEdit(text_document=identifier, edits=edits)
