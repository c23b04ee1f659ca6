// The work at the window: Enter of a scanner leads to the next empty field, and a page that waits
// for somebody else's answer asks where it stands. Without this script pages reload by themselves.
(() => {
  "use strict";

  for (const form of document.querySelectorAll("form[data-leads]")) {
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
      const fields = [...form.querySelectorAll("input[required]:not([type=hidden])")];
      const next = fields.slice(fields.indexOf(event.target) + 1).find((field) => !field.value);
      if (next && fields.includes(event.target)) {
        event.preventDefault();
        next.focus();
      }
    });
  }

  const place = document.querySelector("[data-poll]");
  if (!place) return;
  const pause = place.dataset.seconds * 1000;
  const look = async () => {
    try {
      const answer = await fetch(place.dataset.poll, { headers: { Accept: "application/json" } });
      const told = answer.ok && !answer.redirected ? await answer.json() : null;
      if (!told || told.state !== place.dataset.now) {
        location.reload();
        return;
      }
      const said = place.querySelector("[data-said]");
      if (said && said.textContent !== told.said) said.textContent = told.said;
    } catch {
      // The network is away: the next look may reach it.
    }
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
})();
