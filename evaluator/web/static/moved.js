// Alertmanager's page is chosen by what stands behind a "#". Its links are in messages, in templates and in bookmarks; here they
// lead to the page that shows the same.
"use strict";

(() => {
  const PAGES = { "/alerts": "", "/silences": "silences", "/silences/new": "silences/new", "/status": "status" };
  const SILENCE = /^\/silences\/[0-9a-f-]{36}(\/edit)?$/;

  const place = (hash) => {
    const end = hash.indexOf("?");
    const path = end < 0 ? hash : hash.slice(0, end);
    const page = SILENCE.test(path) ? path.slice(1) : PAGES[path];
    if (page === undefined) return null;
    const asked = new URLSearchParams(end < 0 ? "" : hash.slice(end));
    const kept = new URLSearchParams(asked.getAll("filter").map((matchers) => ["filter", matchers]));
    const receiver = asked.get("receiver");
    if (receiver && page === "") kept.set("receiver", receiver.replace(/\\(.)/g, "$1")); // quoted as a regular expression
    return page + (kept.size ? `?${kept}` : "");
  };

  const follow = () => {
    const found = place(location.hash.slice(1));
    if (found !== null) location.replace(document.documentElement.dataset.root + found);
  };

  addEventListener("hashchange", follow);
  follow();
})();
