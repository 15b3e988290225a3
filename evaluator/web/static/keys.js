// Keys for those who do not want to reach for the mouse at night; a dialog lists them.
"use strict";

(() => {
  const items = () => [...document.querySelectorAll("[data-item]")].filter((item) => item.offsetParent !== null);
  const chosen = () => document.querySelector("[data-item].chosen");

  const choose = (item) => {
    chosen()?.classList.remove("chosen");
    if (!item) return;
    item.classList.add("chosen");
    item.focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest" });
  };

  const move = (step) => {
    const all = items();
    const at = all.indexOf(chosen());
    choose(all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))]);
  };

  const follow = (what) => chosen()?.querySelector(`[${what}]`)?.click();

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    s: () => follow("data-silence"),
    "/": () => document.getElementById("find")?.select(),
    "?": () => document.getElementById("keys").showModal(),
    Escape: () => choose(null),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const target = event.target;
    if (target.matches("input, textarea, select")) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (event.key === "Enter" && target === chosen()) {
      follow("data-open");
    } else if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    for (const hint of document.querySelectorAll(".keyed")) hint.hidden = false;
  });
})();
