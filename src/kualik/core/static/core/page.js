// Three refinements of every page; without this script links, forms and sessions work as well:
// what is typed survives a change of language, mistakes are read first, the end of a session warns.
(() => {
  "use strict";

  const KEPT = "kualik-typed";
  const KEPT_MS = 10 * 60 * 1000;
  const SOON_SECONDS = 15 * 60;
  // Never kept, not even in this tab: identity numbers, codes, secrets.
  const SECRET_NAME = /iin|code|otp|token|pass|secret|csrf|signature|^key$/i;
  const SECRET_KIND = ["password", "file", "submit", "button", "image", "reset"];
  const IDENTITY_NUMBER = /(?:\d[\s-]*){12}/;

  const fieldsOf = () =>
    [...document.querySelectorAll("main :is(input, select, textarea)")].filter(
      (field) =>
        field.name &&
        !SECRET_KIND.includes(field.type) &&
        !SECRET_NAME.test(field.name) &&
        !/one-time-code|password/.test(field.autocomplete) &&
        !IDENTITY_NUMBER.test(field.value),
    );
  const isChosen = (field) => field.type === "checkbox" || field.type === "radio";

  // ``sent``: by a form; then only the page that says that the form was not accepted leads back.
  const keep = (sent) => {
    const typed = fieldsOf().map((field) => ({
      name: field.name,
      value: field.type === "select-multiple" ? "" : field.value,
      chosen: isChosen(field) ? field.checked : null,
    }));
    const kept = { path: location.pathname, at: Date.now(), typed, sent };
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(kept));
    } catch {
      // A browser that keeps nothing: the page changes its language all the same.
    }
  };

  const giveBack = () => {
    let kept = null;
    try {
      kept = JSON.parse(sessionStorage.getItem(KEPT));
    } catch {
      return;
    }
    if (!kept) return;
    if (kept.sent && document.querySelector("a[data-again]")) return;
    const isHere = kept.path === location.pathname && (!kept.sent || location.hash === "#typed");
    const isOver = Date.now() - kept.at > KEPT_MS || isHere || kept.sent;
    if (isOver) sessionStorage.removeItem(KEPT);
    if (!isHere || Date.now() - kept.at > KEPT_MS) return;
    for (const field of fieldsOf().filter(({ type }) => type !== "hidden")) {
      const place = kept.typed.findIndex(
        ({ name, value, chosen }) =>
          name === field.name && (chosen === null) !== isChosen(field) &&
          (chosen === null || value === field.value),
      );
      if (place < 0) continue;
      const [{ value, chosen }] = kept.typed.splice(place, 1);
      if (chosen !== null) field.checked = chosen;
      else if (field.type !== "select-one" || [...field.options].some((o) => o.value === value)) {
        field.value = value;
      }
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };

  const watch = (part) => {
    const form = part.querySelector("form");
    let end = Date.now() + part.dataset.seconds * 1000;
    const look = () => {
      const left = (end - Date.now()) / 1000;
      const alert = part.querySelector("[data-soon]");
      part.classList.toggle("k-stay--soon", left < SOON_SECONDS);
      alert.textContent = left > 0 && left < SOON_SECONDS ? alert.dataset.soon : "";
      part.querySelector(".k-stay__over").hidden = left > 0;
      form.hidden = left <= 0;
      part.querySelector(".k-stay__words").hidden = left <= 0;
    };
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const told = { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } };
      try {
        const { seconds, until } = await (await fetch(form.action, told)).json();
        if (!seconds) throw new Error("not prolonged");
        end = Date.now() + seconds * 1000;
        part.querySelector("strong").textContent = until;
        look();
      } catch {
        form.submit();
      }
    });
    setInterval(look, 15000);
    document.addEventListener("visibilitychange", look);
    look();
  };

  for (const link of document.querySelectorAll("a[data-keeps]")) {
    link.addEventListener("click", () => keep(false));
  }
  giveBack();
  for (const form of document.querySelectorAll("main form[method=post]:not([data-through])")) {
    form.addEventListener("submit", () => keep(true));
  }
  const mistakes = document.querySelector(".govuk-error-summary");
  if (mistakes) {
    if (mistakes.dataset.title) document.title = `${mistakes.dataset.title}: ${document.title}`;
    mistakes.focus();
  }
  const part = document.querySelector(".k-stay");
  if (part) watch(part);
})();
