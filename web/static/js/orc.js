// Shortcuts and small comforts: every page works without this file.

const OFF = "orc-raccourcis-coupes";
const root = document.documentElement;
root.classList.add("orc-js");

// Storage may be refused (private browsing, policy): shortcuts are then on.
function readSetting() {
  try {
    return localStorage.getItem(OFF) !== "1";
  } catch {
    return true;
  }
}

function writeSetting(on) {
  try {
    if (on) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  } catch {
    /* nothing to keep it in */
  }
}

function isTyping(target) {
  return target.closest("input, select, textarea, [contenteditable]") !== null;
}

const results = () => [...document.querySelectorAll("[data-orc-resultat]")];

function move(step) {
  const all = results();
  if (!all.length) return;
  const here = all.findIndex((r) => r.contains(document.activeElement));
  const next = here < 0 ? (step > 0 ? 0 : all.length - 1) : here + step;
  if (next < 0 || next >= all.length) return;
  all[next].querySelector("a").focus();
  all[next].scrollIntoView({ block: "nearest" });
}

const KEYS = {
  "/": () => {
    const box = document.querySelector("#q");
    if (box) {
      box.focus();
      box.select();
    } else location.assign("/recherche");
  },
  j: () => move(1),
  k: () => move(-1),
  o: () => {
    const here = results().find((r) => r.contains(document.activeElement)) ?? results()[0];
    here?.querySelector("a").click();
  },
  "?": () => location.assign("/aide/raccourcis"),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(event.target) || !readSetting()) return;
  const act = KEYS[event.key];
  if (!act || !document.querySelector("#menu")) return;
  event.preventDefault();
  act();
});

for (const form of document.querySelectorAll("[data-orc-envoi]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

if (matchMedia("(max-width: 61.99rem)").matches) {
  for (const details of document.querySelectorAll("[data-orc-ferme-si-etroit]")) {
    details.open = false;
  }
}

const setting = document.querySelector("[data-orc-raccourcis]");
if (setting) {
  const box = setting.querySelector("input");
  box.checked = readSetting();
  box.addEventListener("change", () => writeSetting(box.checked));
  setting.hidden = false;
}
