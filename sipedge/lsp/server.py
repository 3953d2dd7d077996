"""The protocol side: pygls calls in, the pure functions of this folder answer.

An editor waits for the first answer, so the linter and the configuration behind it are imported when a document is
opened: initialize takes 0.5 s instead of 0.75.
"""

from __future__ import annotations

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

import sipedge
from dialplan.model import Location

from .fixes import fix_of
from .text import CASES, PLANS, outline, place_at, string_at, uses_of_zone, value_around

SEVERITY = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}
"""By the value of a finding's level."""

server = LanguageServer("sipedge", sipedge.__version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)


def _path(uri: str) -> str:
    return to_fs_path(uri) or uri


def _is(uri: str, *endings: str) -> bool:
    """Whether a document is one that this server knows; an editor may offer others of the same language."""
    return _path(uri).endswith(endings)


def _text(uri: str) -> str:
    return server.workspace.get_text_document(uri).source


def _range(location: Location, length: int = 0) -> types.Range:
    line, column = max(0, location.line - 1), max(0, location.column - 1)
    return types.Range(types.Position(line, column), types.Position(line, column + length))


def _publish(uri: str) -> None:
    from . import abilities, surroundings

    if not _is(uri, PLANS, CASES):
        return
    text, path = _text(uri), _path(uri)
    lines = text.split("\n")
    shown = []
    for diagnostic in abilities.diagnostics(text, path, surroundings.look_around(path)):
        place, severity = diagnostic.location, SEVERITY[diagnostic.level.value]
        rest = len(lines[place.line - 1]) - place.column + 1 if 0 < place.line <= len(lines) else 0
        where = _range(place, max(1, rest))
        shown.append(types.Diagnostic(where, diagnostic.message, severity, diagnostic.id or None, source="sipedge"))
    server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, shown))


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def opened(params: types.DidOpenTextDocumentParams) -> None:
    _publish(params.text_document.uri)


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def changed(params: types.DidChangeTextDocumentParams) -> None:
    _publish(params.text_document.uri)


@server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def closed(params: types.DidCloseTextDocumentParams) -> None:
    server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(params.text_document.uri, []))


@server.feature(types.TEXT_DOCUMENT_HOVER)
def hover(params: types.HoverParams) -> types.Hover | None:
    from . import abilities, surroundings

    uri, position = params.text_document.uri, params.position
    path, help_text = _path(uri), ""
    if _is(uri, CASES):
        help_text = _help_of_case(uri, position.line + 1)
    elif _is(uri, PLANS) and place_at(_text(uri), position.line, 1_000_000).field == "pattern":
        entry = abilities.entry_at(_text(uri), path, position.line + 1)
        help_text = abilities.pattern_help(entry, surroundings.look_around(path)) if entry else ""
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, help_text)) if help_text else None


def _help_of_case(uri: str, line: int) -> str:
    from sipedge.config.reading.texts import OnDisk

    from .cases import case_help, is_head

    return case_help(_text(uri), _path(uri), line, OnDisk()) if is_head(_text(uri), line) else ""


@server.feature(types.TEXT_DOCUMENT_DEFINITION)
def definition(params: types.DefinitionParams) -> types.Location | None:
    from . import surroundings

    uri, position = params.text_document.uri, params.position
    if not _is(uri, PLANS):
        return None
    place = place_at(_text(uri), position.line, 1_000_000)
    name = string_at(_text(uri).split("\n")[position.line], position.character)
    zones = {zone.casefold(): place for zone, place in surroundings.look_around(_path(uri)).zones.items()}
    written = zones.get((name or "").casefold())
    if written is None or place.field not in ("source", "target"):
        return None
    return types.Location(from_fs_path(written.file) or "", _range(written, len(name or "") + 2))


@server.feature(types.TEXT_DOCUMENT_REFERENCES)
def references(params: types.ReferenceParams) -> list[types.Location]:
    """Where a plan names the zone under the cursor."""
    uri, position = params.text_document.uri, params.position
    if not _is(uri, PLANS):
        return []
    name = string_at(_text(uri).split("\n")[position.line], position.character)
    if not name or place_at(_text(uri), position.line, 1_000_000).field not in ("source", "target"):
        return []
    return [
        types.Location(uri, types.Range(types.Position(line, start), types.Position(line, end)))
        for line, start, end in uses_of_zone(_text(uri), name)
    ]


@server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
def symbols(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    uri = params.text_document.uri
    lines = _text(uri).split("\n")
    return [
        types.DocumentSymbol(
            title,
            types.SymbolKind.Object,
            types.Range(types.Position(first, 0), types.Position(last, len(lines[last]))),
            types.Range(types.Position(first, 0), types.Position(first, len(lines[first]))),
        )
        for title, first, last in (outline(_text(uri)) if _is(uri, PLANS) else ())
    ]


@server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[" ", '"']))
def complete(params: types.CompletionParams) -> list[types.CompletionItem]:
    from . import abilities, surroundings

    uri, position = params.text_document.uri, params.position
    if _is(uri, CASES):
        return _of_case(uri, position)
    if not _is(uri, PLANS):
        return []
    lines = _text(uri).split("\n")
    place = place_at(_text(uri), position.line, position.character)
    line = lines[position.line] if position.line < len(lines) else ""
    start, end = value_around(line, position.character, place.value)
    words = abilities.completions(place, surroundings.look_around(_path(uri)))
    return _items(position.line, start, end, words)


def _of_case(uri: str, position: types.Position) -> list[types.CompletionItem]:
    from sipedge.config.reading.texts import OnDisk

    from .cases import case_offer

    found = case_offer(_text(uri), _path(uri), position.line + 1, position.character, OnDisk())
    return _items(position.line, *found)


def _items(line: int, start: int, end: int, words: list[str]) -> list[types.CompletionItem]:
    where = types.Range(types.Position(line, start), types.Position(line, end))
    return [types.CompletionItem(word, filter_text=word, text_edit=types.TextEdit(where, word)) for word in words]


@server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions([types.CodeActionKind.QuickFix]))
def mend(params: types.CodeActionParams) -> list[types.CodeAction]:
    """One for each finding in the range that the text shows how to mend."""
    uri = params.text_document.uri
    lines = _text(uri).split("\n")
    actions = []
    for diagnostic in params.context.diagnostics:
        number, column = diagnostic.range.start.line, diagnostic.range.start.character
        hint = str(diagnostic.message).rpartition("\n")[2]
        fix = fix_of(str(diagnostic.code or ""), lines[number], column, hint) if number < len(lines) else None
        if fix is not None:
            where = types.Range(types.Position(number, fix.start), types.Position(number, fix.end))
            edit = types.WorkspaceEdit({uri: [types.TextEdit(where, fix.text)]})
            kind = types.CodeActionKind.QuickFix
            actions.append(types.CodeAction(fix.title, kind, [diagnostic], edit=edit))
    return actions


@server.feature(types.TEXT_DOCUMENT_FORMATTING)
def lay_out(params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    from . import abilities

    uri = params.text_document.uri
    text = _text(uri)
    canonical = abilities.formatted(text, _path(uri)) if _is(uri, PLANS, CASES) else text
    if canonical == text:
        return []
    whole = types.Range(types.Position(0, 0), types.Position(text.count("\n") + 1, 0))
    return [types.TextEdit(whole, canonical)]


@server.feature(types.TEXT_DOCUMENT_CODE_LENS)
def lenses(params: types.CodeLensParams) -> list[types.CodeLens]:
    from . import abilities, surroundings

    uri = params.text_document.uri
    path = _path(uri)
    shown: list[types.CodeLens] = []
    if not _is(uri, PLANS):
        return shown
    for location, count in abilities.reached_by(_text(uri), path, surroundings.suites_about(path)):
        title = "no test case reaches it" if not count else f"reached by {count} test case{'s' * (count > 1)}"
        shown.append(types.CodeLens(_range(location), types.Command(title, "")))
    return shown


def serve() -> None:
    """Speak with an editor over standard input and output until it says goodbye."""
    server.start_io()
