// The editor of drafts. What is sent is the text area, so a browser without scripts can do the same by hand.
import {
  EditorState, EditorView, HighlightStyle, StreamLanguage, autocompletion, bracketMatching, closeBrackets,
  completionKeymap, defaultKeymap, drawSelection, highlightActiveLine, history, historyKeymap, hoverTooltip, keymap,
  lineNumbers, lintGutter, lintKeymap, linter, searchKeymap, syntaxHighlighting, tags,
} from "./codemirror.js";
import { keepUnsaved } from "./unsaved.js";

const form = document.getElementById("draft");
const area = document.getElementById("text");
const found = document.getElementById("found");
const field = (name) => form.elements.namedItem(name).value;
const LEVELS = { error: "error", warning: "warning", note: "info" };
const CLASSES = { error: "bad", warning: "warn", note: "pale" };
const DELAY = 350;
const CASES = field("file").endsWith(".cases");

async function ask(question, state, numbers = {}) {
  const body = new URLSearchParams({ ask: question, file: field("file"), text: state.doc.toString(), ...numbers });
  const headers = { "X-Form-Token": field("form_token") };
  const answer = await fetch(form.dataset.ask, { method: "POST", headers, body });
  return answer.ok ? (await answer.json()).answer : null;
}

// CodeMirror asks again after each change, and drops an answer about a text that is no longer there.
async function diagnose(view) {
  const state = view.state;
  const marks = await ask("marks", state);
  if (marks === null || view.state.doc !== state.doc) return [];
  list(marks);
  return marks.map((mark) => diagnostic(state, mark));
}

function diagnostic(state, mark) {
  const line = state.doc.line(Math.min(Math.max(mark.line, 1), state.doc.lines));
  const from = Math.min(line.from + Math.max(mark.column - 1, 0), line.to);
  return { from, to: line.to, severity: LEVELS[mark.level], message: mark.message, source: mark.id || undefined };
}

function list(marks) {
  const items = marks.map((mark) => {
    const item = document.createElement("li");
    item.className = CLASSES[mark.level];
    item.textContent = `line ${mark.line}: ${mark.message} ${mark.id}`;
    return item;
  });
  if (!items.length) {
    const item = document.createElement("li");
    item.className = "pale";
    item.textContent = "nothing";
    items.push(item);
  }
  found.replaceChildren(...items);
}

async function complete(context) {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  if (!context.explicit && !/[\w"]$/.test(before)) return null;
  const offer = await ask("offer", context.state, { line: line.number, column: before.length });
  if (offer === null || context.aborted) return null;
  const options = offer.words.map((label) => ({ label }));
  const start = /^\s*\w*$/.test(before) && offer.start === before.length ? before.search(/\w*$/) : offer.start;
  return { from: line.from + start, to: Math.max(context.pos, line.from + offer.end), options };
}

async function help(view, position) {
  const line = view.state.doc.lineAt(position);
  if (!(CASES ? /^\s*case\s/i : /^\s*pattern\s/i).test(line.text)) return null;
  const text = await ask("help", view.state, { line: line.number });
  if (!text) return null;
  return {
    pos: line.from,
    end: line.to,
    create() {
      const dom = document.createElement("div");
      dom.className = "help";
      dom.textContent = text.replaceAll("**", "").replaceAll("`", "");
      return { dom };
    },
  };
}

const language = StreamLanguage.define({
  token(stream) {
    if (stream.sol()) stream.eatSpace();
    if (stream.peek() === "#") { stream.skipToEnd(); return "comment"; }
    if (stream.match(/"(?:[^"]|"")*"?/)) return "string";
    if (stream.match(/\[\[?[\w.]+\]\]?/)) return "heading";
    if (stream.match(/\d+\b/)) return "number";
    if (stream.match(/[A-Za-z_][\w-]*/)) return stream.string.slice(0, stream.start).trim() ? "name" : "keyword";
    stream.next();
    return null;
  },
  languageData: { commentTokens: { line: "#" } },
});

const colours = HighlightStyle.define([
  { tag: tags.comment, color: "var(--pale)" },
  { tag: tags.string, color: "var(--good)" },
  { tag: tags.number, color: "var(--warn)" },
  { tag: [tags.keyword, tags.heading], color: "var(--link)" },
]);

const look = EditorView.theme({
  "&": { border: "1px solid var(--pale)", borderRadius: "4px", backgroundColor: "var(--ground)", color: "var(--ink)" },
  "&.cm-focused": { outline: "2px solid var(--focus)" },
  ".cm-scroller": { fontFamily: "inherit", fontSize: "13px", minHeight: "24em", maxHeight: "70vh", overflow: "auto" },
  ".cm-content": { fontFamily: 'ui-monospace, "DejaVu Sans Mono", monospace', caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--raised)", color: "var(--pale)", border: "none" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--link)", color: "var(--ground)" },
  ".help": { whiteSpace: "pre-wrap", padding: ".4em .7em", maxWidth: "40em" },
});

let sent = false;
const save = () => { form.requestSubmit(form.querySelector('button[value="save"]')); return true; };
const view = new EditorView({
  doc: area.value,
  extensions: [
    EditorView.cspNonce.of(form.dataset.nonce),
    lineNumbers(), history(), drawSelection(), highlightActiveLine(), bracketMatching(), closeBrackets(),
    language, syntaxHighlighting(colours), look,
    lintGutter(), linter(diagnose, { delay: DELAY }),
    autocompletion({ override: [complete] }), hoverTooltip(help),
    EditorView.contentAttributes.of({ "aria-label": area.getAttribute("aria-label"), tabindex: "0" }),
    EditorState.tabSize.of(4),
    // No key is kept from leaving the editor: Tab moves on.
    keymap.of([{ key: "Mod-s", run: save }, ...completionKeymap, ...lintKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap]),
  ],
});
area.hidden = true;
area.before(view.dom);
const begun = view.state.doc;
const put = (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
keepUnsaved(form, document.getElementById("unsaved"), () => view.state.doc.toString(), put);
if (form.dataset.line) {
  const line = view.state.doc.line(Math.min(Number(form.dataset.line), view.state.doc.lines));
  view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
  view.focus();
}
form.addEventListener("submit", () => { area.value = view.state.doc.toString(); sent = true; });
addEventListener("beforeunload", (event) => { if (!sent && !view.state.doc.eq(begun)) event.preventDefault(); });
