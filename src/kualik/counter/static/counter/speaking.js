// A chime and a voice for screens. A language without a voice on this machine stays silent: a
// Kazakh text read by a Russian voice is not understood.
window.kualikSpeaking = (() => {
  "use strict";

  let audio = null;

  const voiceFor = (language) =>
    (window.speechSynthesis?.getVoices() ?? []).find((voice) =>
      voice.lang.toLowerCase().startsWith(language),
    );

  // Letters and figures of a number apart: "A014" is said "A 14".
  const spelled = (number) => number.replace(/^([A-Z]+)0*(\d+)$/, "$1 $2");

  const say = (text, language) =>
    new Promise((done) => {
      const voice = voiceFor(language);
      if (!voice || !text) return done(false);
      const words = new SpeechSynthesisUtterance(text);
      words.voice = voice;
      words.lang = voice.lang;
      words.rate = 0.9;
      words.onend = () => done(true);
      words.onerror = () => done(false);
      speechSynthesis.speak(words);
    });

  const isReady = () => audio?.state === "running";

  // Browsers let a page sound only after somebody touched it, unless the screen is set up to.
  const wake = async () => {
    audio ??= window.AudioContext ? new AudioContext() : null;
    if (audio?.state === "suspended") {
      await Promise.race([audio.resume(), new Promise((done) => setTimeout(done, 500))]);
    }
    return isReady();
  };

  const tone = (pitch, start) => {
    const source = audio.createOscillator();
    const volume = audio.createGain();
    source.frequency.value = pitch;
    volume.gain.setValueAtTime(0.4, audio.currentTime + start);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + start + 0.6);
    source.connect(volume).connect(audio.destination);
    source.start(audio.currentTime + start);
    source.stop(audio.currentTime + start + 0.6);
  };

  const chime = async () => {
    if (!(await wake())) return;
    tone(880, 0);
    tone(660, 0.35);
    await new Promise((done) => setTimeout(done, 900));
  };

  return { say, spelled, chime, wake, isReady, voiceFor };
})();
