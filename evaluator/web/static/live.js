// Keeps an open page as it would be if it were loaded now. The server says that something has changed, the page fetches itself
// again, and htmx puts the new content in the place of the old. Nothing here is needed to read a page or to use it.
"use strict";

(() => {
  const EVERY = 30000; // ms; ages and the values of rules go on also while nothing changes
  const AGAIN = 5000; // ms; until a server that refused is asked again
  const pulse = () => document.getElementById("pulse");
  const lost = () => pulse().classList.contains("lost");
  const follows = () => document.querySelector("#live[hx-get]") !== null;
  let stream = null;

  const say = (text, trouble) => {
    const place = pulse();
    place.hidden = false;
    place.textContent = text;
    place.classList.toggle("lost", trouble);
  };

  const refresh = () => {
    if (!document.hidden && follows()) htmx.trigger(document.body, "changed");
  };

  const listen = () => {
    if (stream || !follows()) return;
    stream = new EventSource(document.documentElement.dataset.root + "events");
    stream.addEventListener("open", () => {
      if (lost()) refresh(); // something may have been missed meanwhile
      say("● live", false);
    });
    stream.addEventListener("changed", refresh);
    stream.addEventListener("error", () => {
      say("▲ not live: no connection", true);
      if (stream?.readyState === EventSource.CLOSED) {
        stream = null;
        setTimeout(attend, AGAIN);
      }
    });
  };

  // A page that nobody sees needs no connection, and browsers have few of them for each server.
  const attend = () => {
    if (document.hidden) {
      if (stream) stream.close();
      stream = null;
    } else {
      listen();
    }
  };

  const localTimes = (place) => {
    for (const time of place.querySelectorAll("time[title]")) {
      const local = new Date(time.dateTime).toLocaleString(undefined, { timeZoneName: "short" });
      time.title = `${time.title}\n${local}`;
    }
  };

  // What somebody has opened or chosen stays so.
  let kept = { open: [], chosen: null };
  document.addEventListener("htmx:beforeSwap", () => {
    const folds = [...document.querySelectorAll("#live details[id]")];
    kept = {
      open: folds.map((fold) => [fold.id, fold.open]),
      chosen: document.querySelector("[data-item].chosen")?.id ?? null,
    };
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const [id, open] of kept.open) {
      const fold = document.getElementById(id);
      if (fold) fold.open = open;
    }
    if (kept.chosen) document.getElementById(kept.chosen)?.classList.add("chosen");
    const live = document.getElementById("live");
    if (live) localTimes(live);
  });
  document.addEventListener("htmx:responseError", () => say("▲ not live: the server refuses", true));
  document.addEventListener("htmx:sendError", () => say("▲ not live: no connection", true));

  document.addEventListener("visibilitychange", () => {
    attend();
    refresh();
  });
  window.addEventListener("pagehide", () => stream?.close());
  document.addEventListener("DOMContentLoaded", () => {
    localTimes(document);
    attend();
    setInterval(refresh, EVERY);
  });
})();
