// Correction of labels by keyboard: the list of lines, the focus, the saved files, and the keys.
const PAGE_SIZE = 50;
const LOW_CONFIDENCE = 0.8;
const SMALLEST_SCALE = 2 / 3; // of an image; one that is still wider than the page is scrolled together with its label
const find = (selector) => document.querySelector(selector);
const [tools, list, pages, message] = [".edit-tools", ".edits", ".pages", ".message"].map(find);
const [show, order, search] = ["show", "order", "filter"].map((name) => tools.querySelector(`[name=${name}]`));
let chosen = []; // indices of the lines that pass the filter
let page = 0;

// The list

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

function quoted(className, name, text) {
  const made = element("div", className, name);
  const part = element("bdi", "", text || "no text");
  part.dir = "auto";
  made.append(part);
  return made;
}

const percent = (share) => `${(100 * share).toFixed(0)} %`;

function build(index) {
  const line = lines[index];
  const item = element("li", "edit");
  item.dataset.index = index;
  const picture = line.image ? element("span", "picture") : element("span", "broken", "cannot be decoded");
  if (line.image) {
    const image = element("img");
    Object.assign(image, { src: line.image.src, width: line.image.width, height: line.image.height, alt: line.key });
    image.style.minWidth = `${SMALLEST_SCALE * line.image.width}px`;
    picture.append(image);
  }
  const input = element("input");
  Object.assign(input, { type: "text", spellcheck: false, autocomplete: "off", lang: "" });
  input.setAttribute("autocapitalize", "off");
  input.setAttribute("aria-label", `label of ${line.key}`);
  const column = element("div");
  column.append(picture, input, element("div", "problem"));
  if (line.reading) column.append(quoted("reading", `reading, ${percent(line.reading.confidence)}: `, line.reading.text));
  column.append(quoted("was", data.isSuggested ? "suggestion: " : "label: ", line.text));
  const side = element("aside");
  side.append(element("span", "state"));
  if (line.confidence !== null) {
    side.append(element("span", line.confidence < LOW_CONFIDENCE ? "low" : "", `confidence ${percent(line.confidence)}`));
  }
  const ignore = element("button", "", "unreadable");
  Object.assign(ignore, { type: "button", name: "ignore", tabIndex: -1 });
  const key = element("span", "key", line.key);
  key.title = line.key;
  side.append(ignore, key);
  item.append(element("span", "number", (index + 1).toLocaleString("en")), column, side);
  fill(item, index);
  return item;
}

function fill(item, index) {
  const { text } = stateOf(index);
  const input = item.querySelector("input");
  if (input.value !== text) input.value = text;
  input.dir = isRightToLeft(text || lines[index].text) ? "rtl" : "ltr";
  item.dataset.state = nameOf(index);
  const problem = problemOf(index);
  item.classList.toggle("flawed", Boolean(problem));
  item.querySelector(".problem").textContent = problem;
  item.querySelector(".state").textContent = { unseen: "not checked" }[nameOf(index)] ?? nameOf(index);
  item.querySelector(".was").hidden = !isCorrected(index);
  item.querySelector("[name=ignore]").textContent = stateOf(index).ignored ? "readable" : "unreadable";
}

function passes(index, words) {
  const wanted = show.value;
  if (wanted === "problems" ? !problemOf(index) : wanted !== "all" && nameOf(index) !== wanted) return false;
  const text = `${stateOf(index).text} ${lines[index].key}`.toLocaleLowerCase();
  return words.every((word) => text.includes(word));
}

const confidenceOf = (index) => lines[index].confidence ?? lines[index].reading?.confidence ?? 2;

function choose() {
  const words = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  chosen = lines.map((_, index) => index).filter((index) => passes(index, words));
  if (order.value === "confidence") chosen.sort((a, b) => confidenceOf(a) - confidenceOf(b));
  if (order.value === "length") chosen.sort((a, b) => lines[b].text.length - lines[a].text.length);
  draw(0);
}

function draw(number) {
  const total = Math.max(Math.ceil(chosen.length / PAGE_SIZE), 1);
  page = Math.min(Math.max(number, 0), total - 1);
  list.replaceChildren(...chosen.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE).map(build));
  if (!chosen.length) list.append(element("li", "nothing", "No line is shown: choose other lines above."));
  pages.hidden = total === 1;
  pages.querySelector("span").textContent = `page ${page + 1} of ${total}`;
  pages.querySelector("[name=previous]").disabled = page === 0;
  pages.querySelector("[name=next]").disabled = page === total - 1;
  root.dataset.shown = chosen.length;
}

function count() {
  const counts = { accepted: 0, corrected: 0, unreadable: 0, unseen: 0 };
  for (const index of states.keys()) counts[nameOf(index)] += 1;
  const checked = counts.accepted + counts.corrected + counts.unreadable;
  tools.querySelector("progress").value = checked;
  const others = ["corrected", "unreadable"].filter((name) => counts[name]).map((name) => `, ${counts[name]} ${name}`);
  tools.querySelector("output").value = `${checked} of ${lines.length} checked${others.join("")}`;
  Object.assign(root.dataset, { checked, corrected: counts.corrected, unreadable: counts.unreadable });
}

function say(text, severity) {
  message.hidden = !text;
  message.className = `message ${severity}`;
  message.textContent = text;
}

// Focus

function focusAt(position) {
  if (position < 0 || position >= chosen.length) return false;
  const number = Math.floor(position / PAGE_SIZE);
  if (number !== page) draw(number);
  const input = list.querySelector(`[data-index="${chosen[position]}"] input`);
  input.focus({ preventScroll: true });
  const caret = input.scrollWidth > input.clientWidth ? 0 : input.value.length;
  input.setSelectionRange(caret, caret);
  scrollPicture(input);
  input.closest("li").scrollIntoView({ block: "center" });
  return true;
}

function scrollPicture(input) {
  const picture = input.tagName === "INPUT" && input.parentElement.querySelector(".picture");
  if (!picture || input.scrollWidth <= input.clientWidth) return;
  const share = input.scrollLeft / (input.scrollWidth - input.clientWidth); // from 0 to 1, or from right to left from 0 to -1
  picture.scrollLeft = (picture.scrollWidth - picture.clientWidth) * (input.dir === "rtl" ? 1 + share : share);
}

function reveal(index) {
  if (!chosen.includes(index)) {
    show.value = "all";
    search.value = "";
    choose();
  }
  focusAt(chosen.indexOf(index));
}

function move(index, step) {
  if (focusAt(chosen.indexOf(index) + step)) return true;
  if (step > 0) say("This is the last line of the list.", "ok");
  return false;
}

// Saving

function download(name, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function save(kind, content) {
  const checked = [...states.keys()].filter((index) => nameOf(index) !== "unseen").sort((a, b) => lines[a].row - lines[b].row);
  const flawed = checked.filter(problemOf);
  if (flawed.length && confirmed !== kind) {
    show.value = "problems";
    search.value = "";
    choose();
    focusAt(Math.max(chosen.indexOf(flawed[0]), 0));
    confirmed = kind;
    say(`Not saved: ${flawed.length} of the checked labels ${flawed.length === 1 ? "has" : "have"} a problem. Correct them, or save once more to save them as they are.`, "warning");
    return;
  }
  confirmed = "";
  store();
  content(checked);
}

function labelOf(index) {
  return isCorrected(index) ? stateOf(index).text.normalize("NFC") : lines[index].text;
}

function saveChanges(checked) {
  const changes = checked.map((index) => {
    const { row, key, text } = lines[index];
    return { row, key, old: text, new: labelOf(index), ignored: stateOf(index).ignored };
  });
  const { format, source, digest } = data;
  download("changes.json", "application/json", `${JSON.stringify({ format, source, digest, lines: changes }, null, 1)}\n`);
  say(`changes.json has ${checked.length} checked lines: ocrmill import ${source} --changes changes.json${data.isSuggested ? " --checked-only" : ""} -o DIR`, "ok");
}

function saveLabels(checked) {
  const all = !tools.querySelector("[name=checked]").checked;
  const indices = all ? lines.map((_, index) => index).sort((a, b) => lines[a].row - lines[b].row) : checked;
  const kept = indices.filter((index) => !stateOf(index).ignored && labelOf(index).trim());
  download("labels.tsv", "text/tab-separated-values", kept.map((index) => `${lines[index].key}\t${labelOf(index)}\n`).join(""));
  say(`labels.tsv has ${kept.length} lines: put it into the folder of ${data.source}, because its paths are relative.`, "ok");
}

// Events

function onKey(event) {
  const item = event.target.closest(".edit");
  const command = event.ctrlKey || event.metaKey;
  if (event.isComposing) return; // Enter ends the composition of an input method
  if (command && event.key.toLowerCase() === "s") save("changes", saveChanges);
  else if (command && !event.shiftKey && event.key.toLowerCase() === "z" && event.target !== search) undo();
  else if (!item || event.target.tagName !== "INPUT") return;
  else if (!onLineKey(event, Number(item.dataset.index), command)) return;
  event.preventDefault();
}

function onLineKey(event, index, command) {
  if (event.key === "Enter" && command) {
    if (toggleIgnored(index)) move(index, 1);
  } else if (event.key === "Enter" && event.shiftKey) move(index, -1);
  else if (event.key === "Enter") {
    if (nameOf(index) !== "unreadable") change(index, { checked: true });
    move(index, 1);
  } else if (event.key === "Escape") change(index, initial(index));
  else if (event.key === " " && command) takeReading(index);
  else if (event.key === "Tab") return move(index, event.shiftKey ? -1 : 1);
  else return false;
  return true;
}

function start() {
  restore();
  tools.hidden = false;
  find(".take").hidden = !lines.some((line) => line.reading);
  if (!lines.some((line) => line.reading || line.confidence !== null)) order.querySelector("[value=confidence]").remove();
  for (const control of [show, order, search]) control.addEventListener("input", () => choose());
  list.addEventListener("input", (event) => {
    const index = Number(event.target.closest(".edit").dataset.index);
    change(index, { text: event.target.value, checked: true, ignored: false }, "typing");
  });
  list.addEventListener("scroll", (event) => scrollPicture(event.target), true);
  list.addEventListener("focusout", () => { if (undone.length) undone.at(-1).kind = ""; });
  list.addEventListener("click", (event) => {
    if (event.target.name === "ignore") toggleIgnored(Number(event.target.closest(".edit").dataset.index));
  });
  pages.addEventListener("click", (event) => {
    const step = { previous: -1, next: 1 }[event.target.name];
    if (step) focusAt((page + step) * PAGE_SIZE);
  });
  tools.querySelector("[name=save]").addEventListener("click", () => save("changes", saveChanges));
  tools.querySelector("[name=labels]")?.addEventListener("click", () => save("labels", saveLabels));
  document.addEventListener("keydown", onKey);
  window.addEventListener("pagehide", store);
  count();
  choose();
  const first = chosen.findIndex((index) => nameOf(index) === "unseen");
  focusAt(Math.max(first, 0));
  window.scrollTo({ top: first > 0 ? window.scrollY : 0 });
}

start();
root.dataset.ready = "";
