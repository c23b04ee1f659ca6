// The page's side of NCALayer, module kz.gov.pki.knca.basics. Faults carry one of the codes
// absent | outdated | cancelled | refused | busy | lost, which name the texts of the page.
const MODULE = "kz.gov.pki.knca.basics";
const GREETING_MS = 10_000;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

export class NCALayerFault extends Error {
  constructor(code, detail = "") {
    super(detail || code);
    this.code = code;
  }
}

/** Opens the socket and waits for the greeting, which NCALayer says first. */
export function connect(url, patience = GREETING_MS) {
  return new Promise((resolve, reject) => {
    let socket;
    try {
      socket = new WebSocket(url);
    } catch (fault) {
      reject(new NCALayerFault("absent", String(fault)));
      return;
    }
    const giveUp = (detail) => {
      clearTimeout(timer);
      socket.onopen = socket.onmessage = socket.onerror = socket.onclose = null;
      socket.close();
      reject(new NCALayerFault("absent", detail));
    };
    const timer = setTimeout(() => giveUp("no greeting"), patience);
    socket.onerror = socket.onclose = () => giveUp("no connection");
    socket.onmessage = ({ data }) => {
      const version = greeting(parsed(data));
      if (version === null) return;
      clearTimeout(timer);
      resolve(new NCALayer(socket, version));
    };
  });
}

class NCALayer {
  #socket;
  #waiting = null;

  constructor(socket, version) {
    this.version = version;
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#answered(data);
    socket.onerror = null;
    socket.onclose = () => this.#settle("reject", new NCALayerFault("lost"));
  }

  /**
   * Signs all of `data` (base64) after one choice of a key: CMS in base64, in the same order.
   * The person may take any time. `bin` narrows the choice to keys of an organisation, `usage`
   * to an extended key usage; `chain` "test" lets in the keys of test authorities.
   */
  sign({ data, encapsulate = false, bin = "", usage = "", locale = "kk", chain = "production" }) {
    if (this.#waiting) return Promise.reject(new NCALayerFault("busy"));
    const args = {
      allowedStorages: null,
      format: "cms",
      data: data.length === 1 ? data[0] : data,
      signingParams: { decode: true, encapsulate, digested: false, tsaProfile: null },
      signerParams: {
        extKeyUsageOids: usage ? [usage] : [],
        iin: "",
        bin,
        serialNumber: "",
        chain: chain === "test" ? [] : null,
      },
      locale,
    };
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject, count: data.length };
      if (this.#socket.readyState !== WebSocket.OPEN) {
        this.#settle("reject", new NCALayerFault("lost"));
        return;
      }
      this.#socket.send(JSON.stringify({ module: MODULE, method: "sign", args }));
    });
  }

  close() {
    this.#socket.close();
  }

  #answered(text) {
    const answer = parsed(text);
    // The answer to a heartbeat is the greeting once more.
    if (!this.#waiting || greeting(answer) !== null) return;
    try {
      this.#settle("resolve", signatures(answer, this.#waiting.count));
    } catch (fault) {
      this.#settle("reject", fault);
    }
  }

  #settle(way, value) {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.[way](value);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function greeting(answer) {
  const isGreeting = answer?.result?.version !== undefined && answer.status === undefined;
  return isGreeting ? String(answer.result.version) : null;
}

function signatures(answer, count) {
  if (answer?.errorCode === "MODULE_NOT_FOUND") throw new NCALayerFault("outdated");
  if (answer?.status !== true) throw refusal(answer);
  const result = answer.body?.result;
  const found = result?.signatures ?? result?.result ?? result;
  if (!found?.length) throw new NCALayerFault("cancelled");
  const list = (Array.isArray(found) ? found : [found]).map(bare);
  if (list.length !== count) throw new NCALayerFault("refused", `${list.length} for ${count}`);
  return list;
}

function refusal(answer) {
  const told = [answer?.code ?? answer?.errorCode, answer?.message].filter(Boolean).join(": ");
  const isCancel = /cancel/i.test(told);
  return new NCALayerFault(isCancel ? "cancelled" : "refused", told || "an unreadable answer");
}

function bare(text) {
  const found = String(text).replace(/-----(BEGIN|END) [A-Z0-9 ]+-----/g, "").replace(/\s+/g, "");
  if (!BASE64.test(found)) throw new NCALayerFault("refused", "not a signature");
  return found;
}
