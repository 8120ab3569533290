"use strict";
// Filter, order and overlay of a list of items. Their state is in the fragment of the URL, so that a view can be shared.
const root = document.documentElement;
window.addEventListener("error", (event) => { root.dataset.error = event.message; });

const tools = document.querySelector(".tools");
const list = document.querySelector("[data-list]");

function start() {
  const items = [...list.children];
  const search = tools.querySelector("[name=filter]");
  const order = tools.querySelector("[name=order]");
  const overlay = tools.querySelector("[name=overlay]");
  const count = tools.querySelector("output");

  const compare = (name) => (one, other) =>
    name ? Number(other.dataset[name] ?? -1) - Number(one.dataset[name] ?? -1) : items.indexOf(one) - items.indexOf(other);

  function show() {
    const words = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      item.hidden = !words.every((word) => item.dataset.words.includes(word));
      shown += !item.hidden;
    }
    list.append(...items.slice().sort(compare(order.value)));
    root.toggleAttribute("data-overlay", Boolean(overlay?.checked));
    count.value = shown === items.length ? `all ${shown}` : `${shown} of ${items.length}`;
    root.dataset.shown = shown;
  }

  function saveState() {
    const state = new URLSearchParams();
    if (search.value) state.set("filter", search.value);
    if (order.value) state.set("order", order.value);
    if (overlay && overlay.checked !== overlay.defaultChecked) state.set("overlay", overlay.checked ? "1" : "0");
    history.replaceState(null, "", `#${state}`);
    show();
  }

  function restoreState() {
    const state = new URLSearchParams(location.hash.slice(1));
    search.value = state.get("filter") ?? "";
    order.value = state.get("order") ?? "";
    if (order.selectedIndex < 0) order.selectedIndex = 0;
    if (overlay) overlay.checked = state.has("overlay") ? state.get("overlay") !== "0" : overlay.defaultChecked;
    show();
  }

  tools.hidden = false;
  tools.addEventListener("input", saveState);
  window.addEventListener("hashchange", restoreState);
  restoreState();
}

if (tools && list) start();
root.dataset.ready = "";
