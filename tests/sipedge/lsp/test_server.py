"""The language server as an editor sees it: a real client over standard input and output."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

pytestmark = pytest.mark.e2e

PATIENCE = 20.0
CONFIG = """\
[edge]
system_name = "edge.example.com"
domains = ["example.com"]
dialplans = ["one.dialplan"]

[[zone]]
name = "IMP"
type = "neighbor"
peers = ["192.0.2.1"]
"""
PLAN = """\
# all for us
search rule "in" {
  source zone "Default Zone"
  mode alias pattern match
  pattern type regex
  pattern ".*@example\\.com"
  behavior leave
  on successful match stop
  target zone "IMP"
}
"""
CASE = (
    'plan "one.dialplan"\ncase "a" {\n    alias "a@example.com"\n    from zone "Default Zone"\n'
    '    expect zone "IMP"\n}\n'
)


class Editor:
    """One open document."""

    def __init__(self, client: LanguageClient, path: Path) -> None:
        self.client, self.uri = client, path.as_uri()
        self.document = types.TextDocumentIdentifier(self.uri)
        self._published: asyncio.Queue[list[types.Diagnostic]] = asyncio.Queue()
        self._version = 1

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            self._published.put_nowait(list(params.diagnostics))

    async def open(self, text: str) -> list[types.Diagnostic]:
        item = types.TextDocumentItem(self.uri, "dialplan", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return await asyncio.wait_for(self._published.get(), PATIENCE)

    async def change(self, text: str) -> list[types.Diagnostic]:
        self._version += 1
        document = types.VersionedTextDocumentIdentifier(self._version, self.uri)
        whole = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [whole]))
        return await asyncio.wait_for(self._published.get(), PATIENCE)


def _at(line: int, column: int) -> types.Range:
    return types.Range(types.Position(line, column), types.Position(line, column))


def with_editor(folder: Path, session: Callable[[Editor], Awaitable[None]], name: str = "one.dialplan") -> None:
    """Ends with an orderly shutdown, after which the server's exit status is 0."""
    plan = folder / "one.dialplan"
    plan.write_text(PLAN)
    (folder / "edge.toml").write_text(CONFIG)
    (folder / "one.cases").write_text(CASE)

    async def run() -> None:
        client = LanguageClient("test", "1")
        await client.start_io(sys.executable, "-m", "sipedge", "lsp")
        try:
            await client.initialize_async(types.InitializeParams(types.ClientCapabilities(), root_uri=folder.as_uri()))
            client.initialized(types.InitializedParams())
            await session(Editor(client, folder / name))
            await client.shutdown_async(None)
            client.exit(None)
            assert client._server is not None
            assert await asyncio.wait_for(client._server.wait(), PATIENCE) == 0
        finally:
            await client.stop()

    asyncio.run(asyncio.wait_for(run(), 2 * PATIENCE))


def test_a_session(tmp_path: Path) -> None:
    async def session(editor: Editor) -> None:
        client, document = editor.client, editor.document
        assert await editor.open(PLAN) == []
        (mistake,) = await editor.change(PLAN.replace('"IMP"', '"Impp"'))
        assert (mistake.severity, mistake.range.start.line) == (types.DiagnosticSeverity.Error, 8)
        assert 'did you mean "IMP"' in mistake.message
        assert await editor.change(PLAN) == []

        shown = await client.text_document_hover_async(types.HoverParams(document, types.Position(5, 14)))
        assert shown is not None and isinstance(shown.contents, types.MarkupContent)
        assert "matches `" in shown.contents.value and "but not `" in shown.contents.value

        there = await client.text_document_definition_async(types.DefinitionParams(document, types.Position(8, 17)))
        assert isinstance(there, types.Location)
        assert (Path(there.uri).name, there.range.start.line) == ("edge.toml", 6)

        reference = types.ReferenceParams(types.ReferenceContext(True), document, types.Position(8, 17))
        (use,) = await client.text_document_references_async(reference) or ()
        assert use.range == types.Range(types.Position(8, 15), types.Position(8, 18))
        found = await client.text_document_document_symbol_async(types.DocumentSymbolParams(document)) or ()
        assert [(one.name, isinstance(one, types.DocumentSymbol)) for one in found] == [('search rule "in"', True)]

        lenses = await client.text_document_code_lens_async(types.CodeLensParams(document))
        assert lenses is not None
        assert [(lens.range.start.line, lens.command and lens.command.title) for lens in lenses] == [
            (1, "reached by 1 test case")
        ]

        options = types.FormattingOptions(4, True)
        (edit,) = await client.text_document_formatting_async(types.DocumentFormattingParams(document, options)) or ()
        assert edit.new_text.startswith('# all for us\nsearch rule "in" {\n    source ')

        await editor.change(PLAN.replace("  behavior leave\n", "  \n"))
        items = await client.text_document_completion_async(types.CompletionParams(document, types.Position(6, 2)))
        assert isinstance(items, list)
        labels = [item.label for item in items]
        assert "behavior" in labels and "pattern" not in labels

        await editor.change(PLAN.replace('zone "IMP"', 'zone ""'))
        items = await client.text_document_completion_async(types.CompletionParams(document, types.Position(8, 15)))
        assert isinstance(items, list) and isinstance(items[0].text_edit, types.TextEdit)
        start, end = items[0].text_edit.range.start.character, items[0].text_edit.range.end.character
        assert (items[0].text_edit.new_text, start, end) == ('zone "IMP"', 9, 16)

        (finding,) = await editor.change(PLAN.replace("example\\.com", "example.com"))
        context = types.CodeActionContext([finding])
        actions = await client.text_document_code_action_async(types.CodeActionParams(document, finding.range, context))
        assert actions is not None and isinstance(actions[0], types.CodeAction) and actions[0].edit is not None
        assert actions[0].edit.changes is not None
        assert list(actions[0].edit.changes[editor.uri]) == [types.TextEdit(_at(5, 21), "\\")]

    with_editor(tmp_path, session)


def test_other_files_are_no_dial_plans(tmp_path: Path) -> None:
    async def cases(editor: Editor) -> None:
        assert await editor.open(CASE) == []
        (mistake,) = await editor.change(CASE.replace("alias", "aliass"))
        assert mistake.range.start.line == 2
        document, place = editor.document, types.Position(2, 0)
        offered = await editor.client.text_document_completion_async(types.CompletionParams(document, place))
        assert isinstance(offered, list) and "traffic" in [each.label for each in offered]
        await editor.change(CASE)
        shown = await editor.client.text_document_hover_async(types.HoverParams(document, types.Position(1, 2)))
        assert shown is not None and isinstance(shown.contents, types.MarkupContent)
        assert 'zone "' in shown.contents.value
        assert await editor.client.text_document_hover_async(types.HoverParams(document, place)) is None

    async def configuration(editor: Editor) -> None:
        document, where = editor.document, types.Position(0, 0)
        item = types.TextDocumentItem(editor.uri, "toml", 1, CONFIG)
        editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        assert not await editor.client.text_document_completion_async(types.CompletionParams(document, where))

    with_editor(tmp_path, cases, "one.cases")
    with_editor(tmp_path, configuration, "edge.toml")
