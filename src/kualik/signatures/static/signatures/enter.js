// Entering by a signature: the challenge goes to NCALayer, its answer goes back in the form.
// The client's file has a name of its own in every release; the page links to it.
const client = import(document.getElementById("ncalayer-client").href);
const form = document.getElementById("eds");
const told = form.querySelector("[role=status]");
const button = form.querySelector("button[type=submit]");
const stopper = form.querySelector("[data-stop]");

function tell(code) {
  const text = document.querySelector(`template[data-code="${code}"]`);
  told.replaceChildren(text ? text.content.cloneNode(true) : code);
}

async function signature() {
  const { ncalayer, content, chain } = form.dataset;
  tell("connecting");
  const { connect } = await client;
  const layer = await connect(ncalayer);
  const stopped = new Promise((resolve, reject) => {
    stopper.onclick = () => reject(Object.assign(new Error("stopped"), { code: "stopped" }));
  });
  stopper.hidden = false;
  try {
    tell("choose");
    const locale = document.documentElement.lang;
    const asked = layer.sign({ data: [content], encapsulate: true, locale, chain });
    const [signed] = await Promise.race([asked, stopped]);
    return signed;
  } finally {
    stopper.hidden = true;
    layer.close();
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") {
    tell("busy");
    return;
  }
  button.setAttribute("aria-disabled", "true");
  try {
    form.elements.signature.value = await signature();
    tell("sending");
    form.submit();
  } catch (fault) {
    tell(typeof fault.code === "string" ? fault.code : "refused");
    button.removeAttribute("aria-disabled");
  }
});
// Coming back by the browser's history finds the page as it was left: the challenge is burnt.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload();
});
