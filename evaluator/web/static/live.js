// Keeps an open page as it would be if it were loaded now. The server says that something has changed, the page fetches itself
// again, and htmx puts the new content in the place of the old. Nothing here is needed to read a page or to use it.
"use strict";

(() => {
  const EVERY = 30000; // ms; ages and the values of rules go on also while nothing changes
  const AGAIN = 5000; // ms; until a server that refused is asked again
  const PRESS = 1000; // ms; how long a click may take
  const pulse = () => document.getElementById("pulse");
  const lost = () => pulse().classList.contains("lost");
  const follows = () => document.querySelector("#live[hx-get]") !== null;
  let stream = null;
  let pressedAt = 0;
  let waits = false;

  const say = (text, trouble) => {
    const place = pulse();
    place.hidden = false;
    place.textContent = text;
    place.classList.toggle("lost", trouble);
  };

  // Who is about to copy something must not lose it, nor a click its button; the page goes on when they are done.
  const copying = () => {
    const selection = getSelection();
    return !selection.isCollapsed && document.getElementById("live").contains(selection.anchorNode);
  };
  const pressing = () => Date.now() - pressedAt < PRESS;
  const wait = () => {
    waits = pressing() || copying();
    if (copying() && !lost()) say("○ waits while text is selected", false);
    return waits;
  };

  const refresh = () => {
    if (!document.hidden && follows() && !wait()) htmx.trigger(document.body, "changed");
  };

  const resume = () => {
    if (!waits || pressing() || copying()) return;
    if (!lost()) say("● live", false);
    refresh();
  };
  const release = () => {
    pressedAt = 0;
    setTimeout(resume); // after the click that this was
  };

  document.addEventListener("pointerdown", () => (pressedAt = Date.now()));
  for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, release);
  document.addEventListener("selectionchange", resume);
  // A refusal, or what a proxy says instead of the page, must not take the place of what can still be read.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, serverResponse } = event.detail;
    const refused = !serverResponse.includes(`id="${target.id}"`);
    if (refused) {
      say("▲ not live: the server refuses", true);
      setTimeout(refresh, AGAIN);
    }
    if (refused || (target.id === "live" && wait())) event.detail.shouldSwap = false;
  });
  const recovered = () => {
    if (!lost()) return;
    if (stream?.readyState === EventSource.OPEN) say("● live", false);
    else if (!follows()) pulse().hidden = true;
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

  document.addEventListener("htmx:afterSettle", () => {
    localTimes(document.getElementById("live"));
    recovered();
  });
  document.addEventListener("htmx:sendError", () => say("▲ not live: no connection", true));

  document.addEventListener("visibilitychange", () => {
    attend();
    refresh();
  });
  window.addEventListener("pagehide", () => {
    stream?.close();
    stream = null;
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return; // the browser has kept the page as it was when somebody left it
    attend();
    refresh();
  });
  document.addEventListener("DOMContentLoaded", () => {
    localTimes(document);
    attend();
    setInterval(refresh, EVERY);
  });
})();
