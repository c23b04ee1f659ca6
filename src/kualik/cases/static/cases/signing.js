// Signing the prepared documents: read them, let NCALayer sign all in one call, send the signatures
// in portions, tell at each document what became of it. Signatures that the site did not take stay
// in memory and are sent again.
const client = import(document.getElementById("ncalayer-client").href);
const SIGNING_USAGE = "1.3.6.1.5.5.7.3.4";
const AT_ONCE = 4;
// A portion is checked in about this time, however slow the algorithm.
const PORTION_MS = 5000;
const FIRST_PORTION = 5;

const form = document.getElementById("signing");
const told = form.querySelector("[data-told]");
const bar = form.querySelector("progress");
const button = form.querySelector("button[type=submit]");
const confirmed = form.elements.confirm;
const csrf = form.elements.csrfmiddlewaretoken.value;
const boxes = [...form.querySelectorAll("input[name=number]")];
const rowOf = (number) => form.querySelector(`[data-number="${CSS.escape(number)}"]`);
const unsent = new Map();
// Why nothing came of a signature: text and advice → how many documents.
const reasons = new Map();
const stopper = form.querySelector("[data-stop]");
let isBusy = false;
let isStopped = false;

class Fault extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

function textOf(code) {
  return document.querySelector(`template[data-code="${code}"]`).content.cloneNode(true);
}

function tell(code, done, total) {
  const text = textOf(code);
  const count = text.querySelector("[data-count]");
  if (count && total) count.textContent = `${done} / ${total}`;
  // What is the same for many documents is said once, beside the button.
  text.querySelector("[data-reasons]")?.append(...[...reasons].map(reasonLine));
  told.replaceChildren(text);
  bar.hidden = !total;
  if (total) Object.assign(bar, { max: total, value: done });
}

function reasonLine([text, count]) {
  const line = document.createElement("li");
  line.textContent = count > 1 ? `${text} (${count})` : text;
  return line;
}

function selected() {
  return boxes.filter((box) => box.checked && !box.disabled).map((box) => box.value);
}

function tellOutcome(number, isIssued, content, advice = "") {
  const reason = `${content.textContent} ${advice}`.trim();
  if (!isIssued) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const row = rowOf(number);
  const place = row.querySelector("[data-outcome]");
  place.replaceChildren(content);
  place.hidden = false;
  place.classList.toggle("k-signing__outcome--good", isIssued);
  place.classList.toggle("k-signing__outcome--bad", !isIssued);
  const box = row.querySelector("input");
  if (!isIssued) return;
  Object.assign(box, { checked: false, disabled: true });
  // A document is no draft any more: its address is the register's.
  row.querySelector("a").parentElement.remove();
  const waiting = document.querySelector("[data-waiting]");
  waiting.textContent = String(boxes.filter((one) => !one.disabled).length);
}

function encoded(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

async function contentOf(number) {
  try {
    const response = await fetch(rowOf(number).dataset.file);
    const isFile = response.headers.get("Content-Type") === "application/pdf";
    return response.ok && isFile ? await encoded(await response.blob()) : null;
  } catch {
    return null;
  }
}

async function read(numbers) {
  const found = new Map();
  for (let start = 0; start < numbers.length; start += AT_ONCE) {
    tell("reading", start, numbers.length);
    const part = numbers.slice(start, start + AT_ONCE);
    const contents = await Promise.all(part.map(contentOf));
    if (isStopped) throw new Fault("stopped");
    part.forEach((number, place) => {
      if (contents[place]) found.set(number, contents[place]);
      else tellOutcome(number, false, textOf("unread"));
    });
  }
  return found;
}

async function ask(layer, numbers) {
  const found = await read(numbers);
  if (!found.size) throw new Fault("nothing");
  tell("choose");
  const signed = await layer.sign({
    data: [...found.values()],
    bin: form.dataset.bin,
    usage: SIGNING_USAGE,
    locale: document.documentElement.lang,
    chain: form.dataset.chain,
  });
  [...found.keys()].forEach((number, place) => unsent.set(number, signed[place]));
}

async function sign(numbers) {
  const { connect } = await client;
  tell("connecting");
  const layer = await connect(form.dataset.ncalayer);
  isStopped = false;
  const stopped = new Promise((resolve, reject) => {
    stopper.onclick = () => {
      isStopped = true;
      reject(new Fault("stopped"));
    };
  });
  stopper.hidden = false;
  try {
    await Promise.race([ask(layer, numbers), stopped]);
  } finally {
    stopper.hidden = true;
    layer.close();
  }
}

async function post(signatures) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf };
  let outcomes;
  try {
    const body = JSON.stringify({ signatures });
    const response = await fetch(form.action, { method: "POST", headers, body });
    if (response.ok) ({ outcomes } = await response.json());
  } catch {
    throw new Fault("unsent");
  }
  if (!outcomes) throw new Fault("unsent");
  return outcomes;
}

async function send() {
  const waiting = [...unsent];
  const largest = Number(form.dataset.slice);
  let size = FIRST_PORTION;
  let issued = 0;
  for (let start = 0; start < waiting.length; ) {
    tell("checking", start, waiting.length);
    const part = waiting.slice(start, start + size);
    const began = performance.now();
    for (const outcome of await post(Object.fromEntries(part))) {
      const { number, text, advice } = outcome;
      tellOutcome(number, outcome.issued, document.createTextNode(text), advice);
      // What cannot come good by signing again is not sent in vain.
      if (!outcome.issued) rowOf(number).querySelector("input").checked = outcome.again;
      issued += outcome.issued ? 1 : 0;
    }
    part.forEach(([number]) => unsent.delete(number));
    start += part.length;
    const fits = Math.floor((part.length * PORTION_MS) / (performance.now() - began));
    size = Math.min(Math.max(fits, 1), largest);
  }
  return issued;
}

async function run(numbers) {
  reasons.clear();
  if (!unsent.size) await sign(numbers);
  const issued = await send();
  form.querySelector("[data-after]").hidden &&= !issued;
  form.querySelector("[data-controls]").hidden = boxes.every((box) => box.disabled);
  if (!reasons.size) tell("done", issued, numbers.length);
  else if (issued) tell("some", issued, numbers.length);
  else tell("nothing");
}

form.addEventListener("change", () => {
  form.querySelector("[data-selected]").textContent = String(selected().length);
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isBusy) return;
  const numbers = selected();
  if (!numbers.length) tell("none");
  else if (!confirmed.checked) tell("confirm");
  else {
    isBusy = true;
    button.setAttribute("aria-disabled", "true");
    try {
      await run(numbers);
    } catch (fault) {
      tell(typeof fault.code === "string" ? fault.code : "refused");
      if (!unsent.size && fault.code !== "nothing") told.append(textOf("unissued"));
    }
    isBusy = false;
    button.removeAttribute("aria-disabled");
    form.dispatchEvent(new Event("change"));
  }
});

window.addEventListener("beforeunload", (event) => {
  if (isBusy || unsent.size) event.preventDefault();
});
form.querySelector("[data-controls]").hidden = false;
