"use strict";
// The state of the lines. Every change is kept in localStorage under the name of the content of the page.
const root = document.documentElement;
window.addEventListener("error", (event) => { root.dataset.error = event.message; });

const data = JSON.parse(document.getElementById("data").textContent);
const lines = data.lines;
const charset = data.charset === null ? null : new Set(data.charset);
const STORED = `ocrmill-edit-${data.page}`;
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/gu;

const states = new Map(); // index of a line -> {text, checked, ignored}, of lines that were changed or checked
const undone = []; // earlier states, last one last: {index, state, kind}
let confirmed = ""; // the kind of file that is saved in spite of problems
let storing = 0;

const initial = (index) => ({ text: lines[index].text, checked: false, ignored: false });
const stateOf = (index) => states.get(index) ?? initial(index);
const isCorrected = (index) => stateOf(index).text !== lines[index].text;

function nameOf(index) {
  const { checked, ignored } = stateOf(index);
  return ignored ? "unreadable" : !checked ? "unseen" : isCorrected(index) ? "corrected" : "accepted";
}

function problemOf(index) {
  const { text, ignored } = stateOf(index);
  if (ignored) return "";
  if (!text.trim()) return "no text";
  if (!charset) return "";
  const composed = text.normalize("NFC");
  const outside = [...(data.foldsCase ? composed.toLowerCase() : composed)].filter((character) => !charset.has(character));
  const code = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  return outside.length ? `outside the charset: ${[...new Set(outside)].map((c) => `${c} (${code(c)})`).join(", ")}` : "";
}

function isRightToLeft(text) {
  return 2 * (text.match(RIGHT_TO_LEFT) ?? []).length > (text.match(/\p{L}/gu) ?? []).length;
}

// Storage

function store() {
  clearTimeout(storing);
  storing = 0;
  try {
    localStorage.setItem(STORED, JSON.stringify([...states]));
  } catch (error) {
    say(`The browser does not keep what you type (${error.name}): save the changes before you close this page.`, "warning");
  }
}

function restore() {
  try {
    for (const [index, state] of JSON.parse(localStorage.getItem(STORED) ?? "[]")) {
      if (index < lines.length && typeof state.text === "string") states.set(index, state);
    }
  } catch {
    states.clear(); // without storage, or damaged
  }
}

// Changes of the state of a line

function change(index, changes, kind = "") {
  const before = stateOf(index);
  const last = undone.at(-1);
  if (!kind || last?.index !== index || last.kind !== kind) undone.push({ index, state: before, kind });
  setState(index, { ...before, ...changes });
}

function setState(index, state) {
  const { text, checked, ignored } = state;
  if (text === lines[index].text && !checked && !ignored) states.delete(index);
  else states.set(index, state);
  confirmed = "";
  if (!storing) storing = setTimeout(store, 200);
  const item = list.querySelector(`[data-index="${index}"]`);
  if (item) fill(item, index);
  count();
}

function undo() {
  const last = undone.pop();
  if (!last) return;
  setState(last.index, last.state);
  reveal(last.index);
}

function toggleIgnored(index) {
  const ignored = !stateOf(index).ignored;
  change(index, { ignored, checked: true });
  return ignored;
}

function takeReading(index) {
  if (lines[index].reading) change(index, { text: lines[index].reading.text, checked: true, ignored: false });
}
