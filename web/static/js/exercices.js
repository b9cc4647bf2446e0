// Choosing many exercices at once: one box for all, and how many are chosen.

const form = document.querySelector("[data-orc-exercices]");
const all = form?.querySelector("[data-orc-tout]");
const boxes = form ? [...form.querySelectorAll('input[name="e"]')] : [];

if (all && boxes.length) {
  const box = all.querySelector("input");
  const count = form.querySelector("[data-orc-compte]");
  const update = () => {
    const chosen = boxes.filter((b) => b.checked).length;
    box.checked = chosen === boxes.length;
    box.indeterminate = chosen > 0 && chosen < boxes.length;
    count.textContent = chosen ? `${chosen} ${chosen > 1 ? "exercices choisis" : "exercice choisi"}` : "";
  };
  box.addEventListener("change", () => {
    for (const b of boxes) b.checked = box.checked;
    update();
  });
  form.addEventListener("change", update);
  all.hidden = false;
  update();
}
