// The clerk's window: follows the line, and goes on for the visit in hand when the server is away.
// Marks are kept in this browser with their moment and a key of their own, and merged afterwards.
(() => {
  "use strict";

  const ASK_MS = 5000;
  const MERGE_MS = 10000;
  const LIMIT_MS = 30 * 60 * 1000;
  const STORED = "kualik-marks";
  const REFUSED = "kualik-refused";
  // What a mark lacks is asked for on the page; its moment stays.
  const LACKS_REASON = /_reason_missing$/;
  const REASONS = ["waiting_cause", "waiting_reason", "serving_cause", "serving_reason"];
  const NEEDS_WORDS = "other";
  const AWAY = new Set([502, 503, 504]);
  const line = document.getElementById("line");
  const notice = document.getElementById("offline");
  const { user, merge, now } = notice.dataset;
  // Moments are the server's: the clock of this computer may be wrong.
  const ahead = Date.parse(now) - Date.now();
  const moment = () => new Date(Date.now() + ahead).toISOString();
  const inner = () => line.querySelector("[data-seen]");

  // What cannot be read or has no key can never be answered: it is not kept.
  const stored = () => {
    try {
      return JSON.parse(localStorage.getItem(STORED) ?? "[]").filter((mark) => typeof mark?.key === "string");
    } catch {
      return [];
    }
  };
  const mine = () => stored().filter((mark) => mark.user === user);
  const store = (marks) => localStorage.setItem(STORED, JSON.stringify(marks));

  const say = (what, isShown) => {
    notice.querySelector(`[data-says="${what}"]`).hidden = !isShown;
    notice.hidden = [...notice.querySelectorAll("[data-says]")].every((words) => words.hidden);
  };

  const named = (mark) => {
    const words = notice.querySelector(`template[data-act="${mark.act}"]`)?.innerHTML ?? "";
    return `${mark.number}: ${words}, ${new Date(mark.at).toLocaleTimeString("ru", { hour: "2-digit", minute: "2-digit" })}`;
  };

  const showKept = () => {
    const marks = mine();
    notice.querySelector("[data-kept]").textContent = marks.map(named).join("; ");
    say("kept", marks.length > 0);
  };

  // A reason is asked for as soon as thirty minutes are over, connected or not.
  const askReasons = () => {
    document.querySelectorAll("[data-reason]").forEach((field) => {
      const { since } = field.dataset;
      if (since && Date.now() + ahead - Date.parse(since) > LIMIT_MS) field.hidden = false;
      const cause = field.querySelector("select");
      cause.required = !field.hidden;
      field.querySelector("input").required = !field.hidden && cause.value === NEEDS_WORDS;
    });
  };

  // After a kept mark of the documents the visit may be finished here too.
  const goOn = (act) => {
    document.querySelectorAll("form[data-mark]").forEach((form) => {
      if (form.dataset.mark === act || act === "finish") form.hidden = true;
    });
    if (act === "finish") document.getElementById("finish").hidden = true;
    document.querySelectorAll("[data-online]").forEach((part) => { part.hidden = true; });
    if (act !== "hand_in") return;
    const papers = document.querySelector("template[data-papers]");
    if (papers) document.getElementById("outcome").prepend(papers.content.cloneNode(true));
    askReasons();
    delete document.querySelector('[data-reason="waiting"]').dataset.since;
    document.querySelector('[data-reason="serving"]').dataset.since = moment();
    const finish = document.getElementById("finish");
    finish.open = true;
    finish.querySelector(".govuk-details__summary-text").textContent = finish.dataset.title;
    finish.querySelector("select").selectedIndex = 0;
    finish.querySelector("select").focus();
  };

  const explained = (typed) => Object.fromEntries(REASONS.map((name) => [name, typed.get(name) ?? ""]));

  const keep = (form, typed) => {
    const mark = {
      user,
      act: form.dataset.mark,
      visit: Number(form.dataset.visit),
      number: document.querySelector(".w-now").textContent,
      at: moment(),
      key: typed.get("key"),
      outcome: typed.get("outcome") ?? "",
      ...explained(typed),
    };
    if (!stored().some((one) => one.key === mark.key)) store([...stored(), mark]);
    showKept();
    goOn(mark.act);
  };

  const token = () => document.querySelector("input[name=csrfmiddlewaretoken]").value;

  const bring = async () => {
    const marks = mine().filter((mark) => !mark.lacks);
    if (!marks.length) return;
    let answer = null;
    try {
      answer = await fetch(merge, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
        body: JSON.stringify({ marks }),
        redirect: "error",
      });
    } catch {
      return;
    }
    if (!answer.ok) return;
    const { results } = await answer.json();
    const ended = new Map(results.map((result) => [result.key, result]));
    const lacking = (mark) => LACKS_REASON.test(ended.get(mark.key)?.code);
    store(stored().flatMap((mark) => (lacking(mark) ? [{ ...mark, lacks: true }] : ended.has(mark.key) ? [] : [mark])));
    const refused = results.filter((result) => result.state === "refused");
    const told = ({ key, message }) => {
      const mark = marks.find((one) => one.key === key);
      return mark ? `${named(mark)} – ${message}` : message;
    };
    sessionStorage.setItem(REFUSED, refused.map(told).join(" "));
    location.reload();
  };

  const showRefused = () => {
    const words = sessionStorage.getItem(REFUSED);
    sessionStorage.removeItem(REFUSED);
    notice.querySelector("[data-refused]").textContent = words ?? "";
    say("refused", Boolean(words));
  };

  // The reasons that were asked for, added to the mark that waits for them.
  const complete = (mark, typed) => {
    const whole = { ...mark, ...explained(typed), outcome: typed.get("outcome"), lacks: false };
    store(stored().map((one) => (one.key === mark.key ? whole : one)));
    bring();
  };

  const send = async (event) => {
    const form = event.target.closest("form[data-mark]");
    if (!form) return;
    event.preventDefault();
    const lacking = form.querySelector("[data-reason]:not([hidden]) :is(select, input):invalid");
    if (lacking) {
      lacking.focus();
      lacking.setAttribute("aria-invalid", "true");
      return;
    }
    const typed = new URLSearchParams(new FormData(form));
    const kept = mine().filter((mark) => mark.visit === Number(form.dataset.visit));
    const incomplete = kept.find((mark) => mark.lacks && mark.act === form.dataset.mark);
    if (incomplete) {
      complete(incomplete, typed);
      return;
    }
    if (kept.length) {
      keep(form, typed);
      return;
    }
    if (form.dataset.sending) return;
    form.dataset.sending = "yes";
    try {
      const answer = await fetch(form.action, { method: "POST", body: typed, redirect: "manual" });
      if (AWAY.has(answer.status)) keep(form, typed);
      else location.reload();
    } catch {
      keep(form, typed);
    }
  };

  const follow = (fresh) => {
    const read = new DOMParser().parseFromString(fresh, "text/html");
    window.kualikSounding.hear(read.querySelector("[data-seen]").dataset.alarms);
    for (const [name, id] of [["title", "now-title"], ["next", "now-next"]]) {
      const words = read.querySelector(`template[data-${name}]`);
      const place = document.getElementById(id);
      if (words && place) place.innerHTML = words.innerHTML;
    }
    // Nothing is taken from under somebody's hands.
    if (line.contains(document.activeElement) || line.querySelector("details[open]")) return;
    line.innerHTML = fresh;
  };

  const look = async () => {
    try {
      const answer = await fetch(`${line.dataset.poll}?seen=${inner().dataset.seen}`, { cache: "no-store" });
      if (AWAY.has(answer.status)) throw new Error("away");
      if (answer.status === 200 && !answer.redirected) follow(await answer.text());
      say("away", false);
      bring();
    } catch {
      say("away", true);
    }
    setTimeout(look, ASK_MS);
  };

  document.addEventListener("submit", send);
  document.addEventListener("change", askReasons);
  window.addEventListener("online", bring);
  window.kualikSounding.hear(inner().dataset.alarms);
  showKept();
  showRefused();
  if (mine().some((mark) => mark.lacks)) document.getElementById("finish")?.setAttribute("open", "");
  bring();
  askReasons();
  setInterval(askReasons, ASK_MS);
  setInterval(bring, MERGE_MS);
  setTimeout(look, ASK_MS);
})();
