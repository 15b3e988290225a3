// A page that is open is put in the place of itself again and again. What somebody has opened, chosen, focused or scrolled to
// stays as it was, so that reading, tabbing and tapping go on as if nothing had happened.
"use strict";

(() => {
  const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";

  // What an element does: by that its new self is known, and nobody finds the focus on another's button.
  const deed = (element) =>
    element.getAttribute("href") ?? `${element.tagName} ${element.form?.getAttribute("action")} ${element.textContent}`;
  const within = (home) => [...home.querySelectorAll(FOCUSABLE)];

  const focused = () => {
    const element = document.activeElement;
    const home = element?.closest("#live") && element.closest("[id]");
    return home && home !== element ? { home: home.id, deed: deed(element), at: within(home).indexOf(element) } : null;
  };
  const refocus = (was) => {
    const home = was && document.getElementById(was.home);
    if (!home) return;
    const all = within(home);
    const same = all[was.at] && deed(all[was.at]) === was.deed ? all[was.at] : all.find((one) => deed(one) === was.deed);
    same?.focus({ preventScroll: true });
  };

  const seen = () => {
    if (scrollY === 0) return []; // whoever is at the top wants to see what is new there
    const named = [...document.querySelectorAll("#live [id]")].map((one) => [one.id, one.getBoundingClientRect()]);
    return named.filter(([, place]) => place.bottom > 0 && place.top < innerHeight).map(([id, place]) => [id, place.top]);
  };
  // What has the focus or was chosen stays where it was; else most of what was seen, also when one of it has moved far away.
  const hold = (places, ids) => {
    const attended = places.filter(([id]) => ids.includes(id));
    const moves = (attended.length ? attended : places)
      .map(([id, top]) => document.getElementById(id)?.getBoundingClientRect().top - top)
      .filter(Number.isFinite)
      .sort((one, other) => one - other);
    if (moves.length) scrollBy({ top: moves[moves.length >> 1], behavior: "instant" });
  };

  // What was picked in a list and is not sent yet.
  const picked = () => {
    const usual = (list) => [...list.options].find((one) => one.defaultSelected) ?? list.options[0];
    const lists = [...document.querySelectorAll("#live select[id]")];
    return lists.filter((list) => list.value !== usual(list)?.value).map((list) => [list.id, list.value]);
  };

  let kept = { open: [], picked: [], chosen: null, focus: null, places: [] };
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "live") return;
    const folds = [...document.querySelectorAll("#live details[id]")];
    kept = {
      open: folds.map((fold) => [fold.id, fold.open]),
      picked: picked(),
      chosen: document.querySelector("[data-item].chosen")?.id ?? null,
      focus: focused(),
      places: seen(),
    };
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id !== "live") return;
    for (const [id, open] of kept.open) {
      const fold = document.getElementById(id);
      if (fold) fold.open = open;
    }
    for (const [id, value] of kept.picked) {
      const list = document.getElementById(id);
      if (list) list.value = value;
    }
    hold(kept.places, [kept.focus?.home ?? kept.chosen]);
    refocus(kept.focus);
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (kept.chosen) document.getElementById(kept.chosen)?.classList.add("chosen"); // htmx has set all classes anew
  });
})();
