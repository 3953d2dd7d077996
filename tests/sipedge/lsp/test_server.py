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


def with_editor(folder: Path, session: Callable[[Editor], Awaitable[None]]) -> None:
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
            await session(Editor(client, plan))
            await client.shutdown_async(None)
            client.exit(None)
        finally:
            await client.stop()

    asyncio.run(asyncio.wait_for(run(), 2 * PATIENCE))


def test_a_session(tmp_path: Path) -> None:
    async def session(editor: Editor) -> None:
        client, document = editor.client, editor.document
        assert await editor.open(PLAN) == []
        (mistake,) = await editor.change(PLAN.replace('"IMP"', '"Imp"'))
        assert (mistake.severity, mistake.range.start.line) == (types.DiagnosticSeverity.Error, 8)
        assert 'did you mean "IMP"' in mistake.message
        assert await editor.change(PLAN) == []

        shown = await client.text_document_hover_async(types.HoverParams(document, types.Position(5, 14)))
        assert shown is not None and isinstance(shown.contents, types.MarkupContent)
        assert "matches `" in shown.contents.value and "but not `" in shown.contents.value

        there = await client.text_document_definition_async(types.DefinitionParams(document, types.Position(8, 17)))
        assert isinstance(there, types.Location)
        assert (Path(there.uri).name, there.range.start.line) == ("edge.toml", 6)

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

    with_editor(tmp_path, session)
