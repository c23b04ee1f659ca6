// Keeps what is typed while it is typed: a connection or a session that ends loses nothing. Files
// are kept when they are attached.
const PAUSE_MS = 900;
const form = document.querySelector("form[data-keep]");
const told = form.querySelector("[data-kept]");
let waiting = 0;

function tell(code) {
  const text = document.querySelector(`template[data-code="${code}"]`);
  told.replaceChildren(text.content.cloneNode(true));
}

async function keep() {
  const typed = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") typed.append(name, value);
  }
  typed.set("do", "keep");
  const sent = { method: "POST", body: typed, redirect: "error", headers: { Accept: "application/json" } };
  try {
    const answer = await fetch(form.action, sent);
    tell(answer.ok ? "kept" : "unkept");
  } catch {
    tell("unkept");
  }
}

form.addEventListener("input", (event) => {
  if (event.target.type === "file") return;
  clearTimeout(waiting);
  waiting = setTimeout(keep, PAUSE_MS);
});
form.addEventListener("submit", () => clearTimeout(waiting));
