"""The protocol side: pygls calls in, the pure functions of this folder answer."""

from __future__ import annotations

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

import sipedge
from dialplan.check import Level
from dialplan.language.format import format_dialplan
from dialplan.model import Location
from dialplan.problem import DialplanError

from .abilities import completions, diagnostics, entry_at, pattern_help, reached_by
from .surroundings import look_around, suites_about
from .text import place_at, string_at

SEVERITY = {
    Level.ERROR: types.DiagnosticSeverity.Error,
    Level.WARNING: types.DiagnosticSeverity.Warning,
    Level.NOTE: types.DiagnosticSeverity.Information,
}

server = LanguageServer("sipedge", sipedge.__version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)


def _path(uri: str) -> str:
    return to_fs_path(uri) or uri


def _text(uri: str) -> str:
    return server.workspace.get_text_document(uri).source


def _range(location: Location, length: int = 0) -> types.Range:
    line, column = max(0, location.line - 1), max(0, location.column - 1)
    return types.Range(types.Position(line, column), types.Position(line, column + length))


def _publish(uri: str) -> None:
    text, path = _text(uri), _path(uri)
    lines = text.split("\n")
    shown = []
    for diagnostic in diagnostics(text, path, look_around(path)):
        place, severity = diagnostic.location, SEVERITY[diagnostic.level]
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
    uri, position = params.text_document.uri, params.position
    path = _path(uri)
    place = place_at(_text(uri), position.line, 1_000_000)
    entry = entry_at(_text(uri), path, position.line + 1) if place.field == "pattern" else None
    if entry is None:
        return None
    help_text = pattern_help(entry, look_around(path))
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, help_text))


@server.feature(types.TEXT_DOCUMENT_DEFINITION)
def definition(params: types.DefinitionParams) -> types.Location | None:
    uri, position = params.text_document.uri, params.position
    place = place_at(_text(uri), position.line, 1_000_000)
    name = string_at(_text(uri).split("\n")[position.line], position.character)
    written = look_around(_path(uri)).zones.get(name or "")
    if written is None or place.field not in ("source", "target"):
        return None
    return types.Location(from_fs_path(written.file) or "", _range(written, len(name or "") + 2))


@server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[" ", '"']))
def complete(params: types.CompletionParams) -> list[types.CompletionItem]:
    uri, position = params.text_document.uri, params.position
    place = place_at(_text(uri), position.line, position.character)
    return [types.CompletionItem(label) for label in completions(place, look_around(_path(uri)))]


@server.feature(types.TEXT_DOCUMENT_FORMATTING)
def formatted(params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    """Nothing is changed in a file with mistakes."""
    uri = params.text_document.uri
    text = _text(uri)
    try:
        canonical = format_dialplan(text, _path(uri))
    except DialplanError:
        return []
    if canonical == text:
        return []
    whole = types.Range(types.Position(0, 0), types.Position(text.count("\n") + 1, 0))
    return [types.TextEdit(whole, canonical)]


@server.feature(types.TEXT_DOCUMENT_CODE_LENS)
def lenses(params: types.CodeLensParams) -> list[types.CodeLens]:
    uri = params.text_document.uri
    path = _path(uri)
    shown = []
    for location, count in reached_by(_text(uri), path, suites_about(path)):
        title = "no test case reaches it" if not count else f"reached by {count} test case{'s' * (count > 1)}"
        shown.append(types.CodeLens(_range(location), types.Command(title, "")))
    return shown


def serve() -> None:
    """Speak with an editor over standard input and output until it says goodbye."""
    server.start_io()
