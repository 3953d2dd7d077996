// What the console's editor is made of: CodeMirror's parts, as one module that a browser can import.
export { EditorState, Compartment } from "@codemirror/state";
export { EditorView, keymap, lineNumbers, highlightActiveLine, hoverTooltip, drawSelection } from "@codemirror/view";
export { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
export { autocompletion, completionKeymap, closeBrackets } from "@codemirror/autocomplete";
export { StreamLanguage, HighlightStyle, syntaxHighlighting, bracketMatching } from "@codemirror/language";
export { linter, lintGutter, lintKeymap, setDiagnostics, forceLinting } from "@codemirror/lint";
export { tags } from "@lezer/highlight";
export { searchKeymap, highlightSelectionMatches } from "@codemirror/search";
