/* The page's language for the passkey scripts of the library, and the way on after a new passkey. */
const texts = JSON.parse(document.getElementById("passkey_texts").textContent);
globalThis.gettext = (text) => texts[text] ?? text;
document.addEventListener("otp_webauthn.register_complete", (event) => {
  window.location.assign(event.target.dataset.next);
});
