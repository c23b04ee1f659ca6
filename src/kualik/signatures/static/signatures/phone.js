// The page with a code for eGov Mobile: asks where the code stands, without loading the page anew.
const page = document.querySelector("[data-phone]");
const PAUSE = 2000;
let timer = 0;

function tell(name, text) {
  const place = page.querySelector(`[data-phone-text="${name}"]`);
  // A live region speaks at every change, so equal words are not written again.
  if (place.textContent !== text) place.textContent = text;
}

async function look() {
  clearTimeout(timer);
  let told;
  try {
    const answer = await fetch(page.dataset.state, { headers: { Accept: "application/json" } });
    // Led to the sign-in: the session has ended, and the page itself says how to go on.
    if (answer.redirected) told = { stage: "unknown" };
    else told = answer.ok || answer.status === 404 ? await answer.json() : null;
  } catch {
    told = null;
  }
  if (told && told.stage !== "offered" && told.stage !== "fetched") {
    location.reload();
    return;
  }
  if (told) {
    for (const name of ["said", "fault", "left"]) tell(name, told[name]);
    for (const place of page.querySelectorAll("[data-phone-fault], [data-phone-again]")) {
      place.hidden = told.fault === "";
    }
    page.dataset.stage = told.stage;
  }
  timer = setTimeout(look, PAUSE);
}

if (page.dataset.phone === "waiting") {
  timer = setTimeout(look, PAUSE);
  // Back from the application on this very phone: look at once.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) look();
  });
} else if (page.dataset.phone === "signed") {
  page.querySelector("[data-phone-finish]").submit();
}
