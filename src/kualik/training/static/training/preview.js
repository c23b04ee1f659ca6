// The count on the button follows the ticks, and a link to another page keeps them.
const form = document.querySelector("[data-marks]");
if (form) {
  const boxes = [...form.querySelectorAll("input[name=take]")];
  const before = boxes.filter((box) => box.checked).length;
  const shown = [form.querySelector("[data-taken-count]"), form.querySelector("[data-marked-count]")];
  const kept = shown.map((place) => Number(place?.textContent) - before);
  const tell = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    shown.forEach((place, which) => {
      if (place) place.textContent = String(kept[which] + ticked);
    });
  };
  form.addEventListener("change", tell);
  window.addEventListener("pageshow", tell);
  document.querySelectorAll("a[data-keeps-marks]").forEach((link) => {
    link.addEventListener("click", (event) => {
      if (!boxes.length || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      form.elements.next.value = link.getAttribute("href");
      form.submit();
    });
  });
}
