// The page of a ticket: looks again when its hall changes, at most every few seconds, and rings
// when its number is called. Without this script the page reloads itself.
(() => {
  "use strict";

  const ASK_MS = 15000;
  const SOONEST_MS = 4000;
  // Many phones hear the same event; they do not all ask at the same moment.
  const SPREAD_MS = 2000;
  const { say, spelled, chime } = window.kualikSpeaking;
  const standing = document.getElementById("standing");
  const { now, live, say: words } = standing.dataset;
  const stateOf = (part) => part.querySelector("[data-state]")?.dataset ?? {};
  let asked = Date.now();
  let waiting = 0;

  const ring = async ({ window: place }) => {
    navigator.vibrate?.([400, 200, 400]);
    await chime();
    await say(`${words} ${place}`, document.documentElement.lang);
  };

  const look = async () => {
    waiting = 0;
    asked = Date.now();
    let answer = null;
    try {
      answer = await fetch(now, { cache: "no-store" });
    } catch {
      return;
    }
    if (!answer.ok) return;
    const fresh = document.createElement("div");
    fresh.innerHTML = await answer.text();
    const before = stateOf(standing);
    const after = stateOf(fresh);
    const isCalled = after.state === "called" && before.calls !== after.calls;
    standing.replaceChildren(...fresh.childNodes);
    document.title = isCalled ? `→ ${after.window} · ${document.title}` : document.title;
    if (isCalled) await ring(after);
    // Other acts are offered in another state.
    if (before.state !== after.state) location.reload();
  };

  const lookSoon = () => {
    if (waiting) return;
    const pause = Math.max(0, asked + SOONEST_MS - Date.now()) + Math.random() * SPREAD_MS;
    waiting = setTimeout(look, pause);
  };

  setInterval(lookSoon, ASK_MS);
  if (live && window.EventSource) {
    let isFirst = true;
    new EventSource(live).addEventListener("hall", () => {
      if (!isFirst) lookSoon();
      isFirst = false;
    });
  }
  document.addEventListener("visibilitychange", () => document.hidden || lookSoon());
})();
