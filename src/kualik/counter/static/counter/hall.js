// The chief's page follows the hall. Without this script it is read anew by hand.
(() => {
  "use strict";

  const ASK_MS = 5000;
  const part = document.getElementById("hall");
  const inner = () => part.querySelector("[data-seen]");

  // Nothing is taken from under somebody's hands.
  const isInUse = () => part.contains(document.activeElement) || part.querySelector("details[open]");

  const look = async () => {
    try {
      const answer = await fetch(`${part.dataset.poll}&seen=${inner().dataset.seen}`, { cache: "no-store" });
      if (answer.status === 200 && !answer.redirected) {
        const fresh = await answer.text();
        const read = new DOMParser().parseFromString(fresh, "text/html").querySelector("[data-seen]");
        window.kualikSounding.hear(read.dataset.alarms);
        if (!isInUse()) part.innerHTML = fresh;
      }
    } catch {
      // The server is away: the next look may find it.
    }
    setTimeout(look, ASK_MS);
  };

  window.kualikSounding.hear(inner().dataset.alarms);
  setTimeout(look, ASK_MS);
})();
