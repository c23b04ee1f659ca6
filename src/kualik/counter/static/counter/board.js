// The board: listens to the live events of its hall, asks every few seconds where it cannot, rings
// and says each new call. Without this script the page reloads itself.
(() => {
  "use strict";

  const ASK_MS = 5000;
  const { say, spelled, chime, wake, isReady } = window.kualikSpeaking;
  const body = document.body;
  const calls = document.querySelector("[data-calls]");
  const said = document.querySelector("[data-said]");
  const sound = document.querySelector("[data-sound]");
  const { now, live, kk, ru } = body.dataset;
  let known = new Set([...calls.rows].map((row) => row.dataset.key));
  let stamp = null;
  let asking = 0;
  let queue = Promise.resolve();

  const keyOf = ({ number, window: place, calls: times }) => `${number}-${place}-${times}`;

  const words = (call, language) =>
    body.dataset[`say${language[0].toUpperCase()}${language.slice(1)}`]
      .replace("{number}", spelled(call.number))
      .replace("{window}", call.window);

  const announce = async (call) => {
    said.textContent = `${call.number}: ${kk} / ${ru} ${call.window}`;
    await chime();
    const languages = ["kk", "ru"].concat(call.language === "en" ? ["en"] : []);
    for (const language of languages) await say(words(call, language), language);
  };

  const rowOf = (call) => {
    const row = document.createElement("tr");
    row.className = call.is_served ? "s-call--served" : "s-call";
    row.dataset.key = keyOf(call);
    for (const text of [call.number, call.window]) row.insertCell().textContent = text;
    return row;
  };

  const show = (screen) => {
    if (!screen.called || screen.stamp === stamp) return;
    stamp = screen.stamp;
    calls.replaceChildren(...screen.called.map(rowOf));
    document.querySelector("[data-empty]").hidden = screen.called.length > 0;
    document.querySelector("[data-waiting]").textContent = screen.waiting;
    const fresh = screen.called.filter((call) => !call.is_served && !known.has(keyOf(call)));
    known = new Set(screen.called.map(keyOf));
    // The oldest of several calls first; one is said to its end before the next begins.
    for (const call of fresh.reverse()) queue = queue.then(() => announce(call));
  };

  const ask = async () => {
    try {
      const answer = await fetch(now, { cache: "no-store" });
      if (answer.ok) show(await answer.json());
    } catch {
      // The network is away: the last numbers stay, the next question may be answered.
    }
  };

  const askOften = (isOn) => {
    if (isOn === Boolean(asking)) return;
    clearInterval(asking);
    asking = isOn ? setInterval(ask, ASK_MS) : 0;
    if (isOn) ask();
  };

  const listen = () => {
    const events = new EventSource(live);
    events.addEventListener("hall", (event) => show(JSON.parse(event.data)));
    events.onopen = () => askOften(false);
    events.onerror = () => {
      askOften(true);
      // A refusal ends the attempts of the browser; ours go on.
      if (events.readyState === EventSource.CLOSED) setTimeout(listen, ASK_MS * 6);
    };
  };

  const clock = () => {
    const time = new Intl.DateTimeFormat("ru", {
      hour: "2-digit", minute: "2-digit", timeZone: "Asia/Almaty",
    });
    document.querySelector("[data-time]").textContent = time.format(new Date());
  };

  const offerSound = () => {
    sound.hidden = isReady();
  };

  sound.addEventListener("click", async () => {
    await wake();
    offerSound();
    await chime();
  });
  wake().then(offerSound);
  clock();
  setInterval(clock, 5000);
  if (live && window.EventSource) listen();
  else askOften(true);
})();
