// One key for each act: the accesskey of a button or field, by the place of the key on the
// keyboard, so that it is the same in a Kazakh, a Russian and a Latin layout. Alone while nothing is
// being typed, with Alt anywhere. Keys alone can be turned off (WCAG 2.1.4).
(() => {
  "use strict";

  const STORED = "kualik-keys-alone";
  const FIELDS = "input, select, textarea, [contenteditable]";
  const button = document.querySelector("[data-keys]");
  let isAlone = localStorage.getItem(STORED) !== "off";

  const keyOf = (event) => /^(?:Key([A-Z])|Digit(\d)|Numpad(\d))$/.exec(event.code)?.slice(1).find(Boolean);

  const isSeen = (element) => element.getClientRects().length > 0;

  const open = (element) => {
    for (let above = element; above; above = above.parentElement) {
      if (above.tagName === "DETAILS") above.open = true;
    }
  };

  const play = (element) => {
    open(element);
    if (element.matches("summary")) {
      const first = element.parentElement.querySelector("select, input:not([type=hidden]), textarea, button");
      (first ?? element).focus();
      return;
    }
    element.focus();
    if (!element.matches(FIELDS)) element.click();
  };

  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey) return;
    const isTyping = event.target.matches(FIELDS);
    if (event.key === "Escape" && isTyping) event.target.blur();
    if (!event.altKey && (isTyping || !isAlone || event.shiftKey)) return;
    const key = keyOf(event)?.toLowerCase();
    if (!key) return;
    const found = [...document.querySelectorAll(`[accesskey="${key}"]`)];
    const element = found.find(isSeen) ?? found.find((one) => one.closest("details"));
    if (!element || element.disabled || element.hidden) return;
    event.preventDefault();
    play(element);
  });

  const show = () => {
    const [on, off] = button.dataset.keys.split("|");
    button.textContent = isAlone ? on : off;
  };
  if (button) {
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      isAlone = !isAlone;
      localStorage.setItem(STORED, isAlone ? "on" : "off");
      show();
    });
  }
})();
