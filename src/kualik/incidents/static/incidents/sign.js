// Signing the operator's protocol: the file goes to NCALayer, the detached signature into the form.
const client = import(document.getElementById("ncalayer-client").href);
const SIGNING_USAGE = "1.3.6.1.5.5.7.3.4";
const form = document.getElementById("protocol");
const told = form.querySelector("[data-told]");
const button = form.querySelector("[data-sign]");
const stopper = form.querySelector("[data-stop]");

function tell(code) {
  const text = document.querySelector(`template[data-code="${code}"]`);
  told.replaceChildren(text ? text.content.cloneNode(true) : code);
}

function encoded(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

async function content() {
  const response = await fetch(form.dataset.file);
  const isFile = response.headers.get("Content-Type") === "application/pdf";
  if (!response.ok || !isFile) throw Object.assign(new Error("unread"), { code: "unread" });
  return encoded(await response.blob());
}

async function signature() {
  const data = await content();
  tell("connecting");
  const { connect } = await client;
  const { ncalayer, bin, chain } = form.dataset;
  const layer = await connect(ncalayer);
  const stopped = new Promise((resolve, reject) => {
    stopper.onclick = () => reject(Object.assign(new Error("stopped"), { code: "stopped" }));
  });
  stopper.hidden = false;
  try {
    tell("choose");
    const locale = document.documentElement.lang;
    const asked = layer.sign({ data: [data], bin, usage: SIGNING_USAGE, locale, chain });
    const [signed] = await Promise.race([asked, stopped]);
    return signed;
  } finally {
    stopper.hidden = true;
    layer.close();
  }
}

button.addEventListener("click", async () => {
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
form.querySelector("[data-controls]").hidden = false;
