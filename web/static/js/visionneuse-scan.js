// The viewer of an image: the server drew the searched words over it; here one goes from one to the
// next. Without JavaScript the words are highlighted all the same.

const frame = document.querySelector("[data-orc-scan]");
const tools = document.querySelector("[data-orc-scan-outils]");
const boxes = [...frame.querySelectorAll(".orc-boite")];
const status = tools?.querySelector("[data-orc-passage]");
let here = -1;

function show(rank, { smooth } = {}) {
  boxes[here]?.classList.remove("orc-boite--ici");
  here = (rank + boxes.length) % boxes.length;
  const box = boxes[here];
  box.classList.add("orc-boite--ici");
  const sheet = box.closest("[data-orc-feuille]");
  const page = sheet.dataset.orcFeuille;
  const pages = new Set(boxes.map((one) => one.closest("[data-orc-feuille]").dataset.orcFeuille));
  status.textContent =
    `${here + 1} sur ${boxes.length}, page ${page}` + (pages.size > 1 ? `, ${pages.size} pages trouvées` : "");
  const area = frame.getBoundingClientRect();
  const place = box.getBoundingClientRect();
  frame.scrollTo({
    top: frame.scrollTop + place.top - area.top - frame.clientHeight / 3,
    left: frame.scrollLeft + place.left - area.left - frame.clientWidth / 3,
    behavior: smooth && !matchMedia("(prefers-reduced-motion: reduce)").matches ? "smooth" : "auto",
  });
}

// Images above a box push it down while they load: wait for those.
async function settle() {
  const first = boxes[0].closest("[data-orc-feuille]");
  const images = [...frame.querySelectorAll("img")];
  const before = images.slice(0, images.indexOf(first.querySelector("img")) + 1);
  before.forEach((image) => (image.loading = "eager"));
  await Promise.all(before.map((image) => image.decode().catch(() => {})));
}

// One setting turns single-key shortcuts off everywhere (orc.js keeps it).
function areShortcutsOff() {
  try {
    return localStorage.getItem("orc-raccourcis-coupes") === "1";
  } catch {
    return false;
  }
}

function step(way) {
  if (boxes.length) show(here < 0 ? 0 : here + way, { smooth: true });
}

if (boxes.length && tools) {
  tools.hidden = false;
  tools.addEventListener("click", (event) => {
    const act = event.target.closest("[data-acte]")?.dataset.acte;
    if (act) step(act === "passage-apres" ? 1 : -1);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, select, textarea") || areShortcutsOff()) return;
    const way = { n: 1, p: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    step(way);
  });
  settle().then(() => {
    if (here < 0) show(0);
    frame.dataset.orcPret = "1";
  });
}
