// Sounds at the twentieth, the twenty-fifth and after the thirtieth minute: one, two, three tones,
// once for each visitor and term on this screen. They can be turned off.
window.kualikSounding = (() => {
  "use strict";

  const STORED = "kualik-sound";
  const HEARD = "kualik-heard";
  const TONES = { amber: 1, red: 2, over: 3 };
  const button = document.querySelector("[data-sound]");
  let audio = null;
  let isOn = localStorage.getItem(STORED) !== "off";

  // Browsers let a page sound only after somebody touched it.
  const wake = async () => {
    audio ??= window.AudioContext ? new AudioContext() : null;
    if (audio?.state === "suspended") {
      await Promise.race([audio.resume(), new Promise((done) => setTimeout(done, 500))]);
    }
    return audio?.state === "running";
  };

  const tone = (start) => {
    const source = audio.createOscillator();
    const volume = audio.createGain();
    source.frequency.value = 740;
    volume.gain.setValueAtTime(0.3, audio.currentTime + start);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + start + 0.35);
    source.connect(volume).connect(audio.destination);
    source.start(audio.currentTime + start);
    source.stop(audio.currentTime + start + 0.4);
  };

  // What was heard on this screen is not heard again after the page is loaded anew; what could not
  // be sounded is tried again at the next look.
  const hear = async (alarms) => {
    const now = alarms.split(" ").filter(Boolean);
    const heard = new Set(JSON.parse(sessionStorage.getItem(HEARD) ?? "[]"));
    const fresh = now.filter((alarm) => !heard.has(alarm));
    const isHeard = !fresh.length || !isOn || (navigator.userActivation?.hasBeenActive !== false && (await wake()));
    sessionStorage.setItem(HEARD, JSON.stringify(isHeard ? now : now.filter((alarm) => heard.has(alarm))));
    if (!fresh.length || !isOn || !isHeard) return;
    const most = Math.max(...fresh.map((alarm) => TONES[alarm.split(":")[2]] ?? 0));
    for (let place = 0; place < most; place += 1) tone(place * 0.45);
  };

  const show = () => {
    const [on, off] = button.dataset.sound.split("|");
    const sign = document.createElement("kbd");
    sign.className = "k-kbd";
    sign.setAttribute("aria-hidden", "true");
    sign.textContent = button.accessKey;
    button.replaceChildren(`${isOn ? on : off} `, sign);
    button.setAttribute("aria-pressed", String(isOn));
  };

  if (button) {
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      isOn = !isOn;
      localStorage.setItem(STORED, isOn ? "on" : "off");
      wake();
      show();
    });
  }
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, wake, { once: true });

  return { hear };
})();
