// The kiosk: goes back to the start by itself, reads aloud, prints, and obeys one button. Every
// step works without this script, by links and forms.
(() => {
  "use strict";

  const SCAN_MS = 1800;
  const ASK_SECONDS = 12;
  const LEFT = "#left";
  const { say } = window.kualikSpeaking;
  const body = document.body;
  const { start, idle, say: words, ticket } = body.dataset;
  const language = document.documentElement.lang;
  const still = document.querySelector(".s-still");
  const find = (selector) => document.querySelector(selector);
  const keep = (name, value) => {
    try {
      if (value === undefined) return sessionStorage.getItem(name) === "1";
      sessionStorage.setItem(name, value ? "1" : "0");
    } catch {
      // A browser that keeps nothing: the choice holds for this page.
    }
    return value;
  };

  // What the last visitor chose ends with the last visitor.
  if (location.hash === LEFT) {
    keep("speak", false);
    keep("scan", false);
    history.replaceState(null, "", start);
  }

  // Once: a second order would break off the first on its way.
  let isLeaving = false;
  const leave = () => {
    if (isLeaving) return;
    isLeaving = true;
    location.replace(start + LEFT);
  };
  let touched = Date.now();
  const touch = () => {
    touched = Date.now();
    still.hidden = true;
  };

  const watch = () => {
    if (!Number(idle)) return;
    const left = Math.ceil(Number(idle) + ASK_SECONDS - (Date.now() - touched) / 1000);
    if (left <= 0) return leave();
    if (left > ASK_SECONDS) return;
    find("[data-left]").textContent = left;
    if (still.hidden) {
      still.hidden = false;
      find("[data-stay]").focus();
    }
  };

  // Reading aloud: the page when it opens, then whatever gets the focus.
  const read = (text) => {
    window.speechSynthesis?.cancel();
    if (language === "kk" && body.dataset.start === location.pathname) {
      const [kazakh, russian] = text.split(/(?<=\.)\s+/);
      return say(kazakh, "kk").then(() => say(russian ?? "", "ru"));
    }
    return say(text, language);
  };

  const choices = () =>
    [...document.querySelectorAll("a[href], button:not([disabled])")].filter(
      (one) => one.offsetParent && (still.hidden || still.contains(one)),
    );

  let scanning = 0;
  const step = (by) => {
    const all = choices();
    const place = all.indexOf(document.activeElement);
    all[(place + by + all.length) % all.length]?.focus();
  };
  const scan = (isOn) => {
    clearInterval(scanning);
    scanning = isOn ? setInterval(() => step(1), SCAN_MS) : 0;
    if (isOn) choices()[0]?.focus();
  };

  const press = (button, name, act) => {
    const show = () => button.setAttribute("aria-pressed", String(keep(name)));
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      keep(name, !keep(name));
      show();
      act(keep(name));
    });
    if (keep(name)) act(true);
  };

  document.addEventListener("keydown", (event) => {
    touch();
    const isSelect = event.key === " " || event.key === "Enter";
    const active = document.activeElement;
    if (isSelect && (active === body || active === null)) {
      // A switch is pressed where nothing has the focus: its owner needs the focus to move.
      event.preventDefault();
      keep("scan", true);
      find("[data-scan]").setAttribute("aria-pressed", "true");
      scan(true);
    } else if (event.key === " " && active.matches("a[href]")) {
      event.preventDefault();
      active.click();
    } else if (["ArrowDown", "ArrowRight"].includes(event.key)) {
      event.preventDefault();
      step(1);
    } else if (["ArrowUp", "ArrowLeft"].includes(event.key)) {
      event.preventDefault();
      step(-1);
    }
  });
  for (const name of ["pointerdown", "wheel"]) document.addEventListener(name, touch);
  find("[data-stay]").addEventListener("click", touch);
  document.addEventListener("focusin", ({ target }) => {
    if (keep("speak") && target.matches("a, button")) read(target.innerText.split("\n")[0]);
  });
  // A page that the browser kept alive for its "back" is somebody else's.
  window.addEventListener("pageshow", (event) => event.persisted && leave());
  // A second tap while the first is on its way is no second ticket; the key of the form sees to
  // that too.
  document.addEventListener("submit", (event) => {
    if (body.dataset.sent) event.preventDefault();
    body.dataset.sent = "1";
  });

  // Keys for a screen that has no other ones.
  const keys = find("[data-keys]");
  if (keys) {
    const field = find("[name=number]");
    keys.hidden = false;
    keys.addEventListener("click", ({ target: { dataset } }) => {
      if (dataset.key === undefined) return;
      field.value = dataset.key ? field.value + dataset.key : field.value.slice(0, -1);
    });
  }

  const clock = () => {
    const time = new Intl.DateTimeFormat("ru", {
      hour: "2-digit", minute: "2-digit", timeZone: "Asia/Almaty",
    });
    find("[data-time]").textContent = time.format(new Date());
  };

  press(find("[data-speak]"), "speak", (isOn) => (isOn ? read(words) : speechSynthesis.cancel()));
  press(find("[data-scan]"), "scan", scan);
  if (ticket && !keep("speak")) read(words);
  if ("print" in body.dataset && !keep(location.pathname)) {
    keep(location.pathname, true);
    window.print();
  }
  clock();
  setInterval(clock, 5000);
  setInterval(watch, 500);
})();
