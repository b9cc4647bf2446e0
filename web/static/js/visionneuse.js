// The viewer of a PDF: pdf.js draws it, the server says where the searched words stand.
// Nothing of the document runs: no script, no form, no link out of ORC.

const root = document.querySelector("#orc-pdf");
const vendor = root.dataset.vendeur;
const $ = (name) => root.querySelector(`[data-orc-${name}]`);
const hits = root.dataset.trouvailles.split(",").filter(Boolean).map(Number);
const message = $("message");

function say(text) {
  $("message-texte").textContent = text;
  message.hidden = false;
  message.setAttribute("role", "alert");
}

// What the server refused is said in its own words: its error pages have one leading sentence.
async function readRefusal(answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector(".fr-text--lead")?.textContent.trim();
}

async function readBytes() {
  const answer = await fetch(root.dataset.contenu);
  if (!answer.ok) throw new Error((await readRefusal(answer)) ?? "Le document n’a pas pu être lu.");
  return new Uint8Array(await answer.arrayBuffer());
}

// Words, once per page and turned with it.
class Boxes {
  #found = new Map();
  current = { page: 0, rank: -1 };

  load(page) {
    if (!this.#found.has(page)) this.#found.set(page, this.#read(page));
    return this.#found.get(page);
  }

  async #read(page) {
    if (!hits.includes(page)) return [];
    const answer = await fetch(`${root.dataset.mots}&page=${page}`);
    return answer.ok ? (await answer.json()).boites : [];
  }

  async draw(view, rotation) {
    const boxes = await this.load(view.id);
    view.div.querySelector(".orc-boites")?.remove();
    if (!boxes.length) return;
    const layer = document.createElement("div");
    layer.className = "orc-boites";
    boxes.forEach((box, rank) => layer.append(this.#make(box, rotation, this.#isHere(view.id, rank))));
    view.div.append(layer);
  }

  #isHere(page, rank) {
    return this.current.page === page && this.current.rank === rank;
  }

  #make([x, y, width, height, word], rotation, here) {
    const [left, top, w, h] = turn(x, y, width, height, rotation);
    const box = document.createElement("div");
    box.className = here ? "orc-boite orc-boite--ici" : "orc-boite";
    box.dataset.mot = word;
    box.style.left = `${left * 100}%`;
    box.style.top = `${top * 100}%`;
    box.style.width = `${w * 100}%`;
    box.style.height = `${h * 100}%`;
    return box;
  }
}

function turn(x, y, w, h, rotation) {
  if (rotation === 90) return [1 - y - h, x, h, w];
  if (rotation === 180) return [1 - x - w, 1 - y - h, w, h];
  if (rotation === 270) return [y, 1 - x - w, h, w];
  return [x, y, w, h];
}

async function open() {
  const pdfjs = await import(`${vendor}pdf.min.mjs`);
  globalThis.pdfjsLib = pdfjs;
  const viewerParts = await import(`${vendor}pdf_viewer.mjs`);
  pdfjs.GlobalWorkerOptions.workerSrc = `${vendor}pdf.worker.min.mjs`;
  const task = pdfjs.getDocument({
    data: await readBytes(),
    cMapUrl: `${vendor}cmaps/`,
    cMapPacked: true,
    standardFontDataUrl: `${vendor}standard_fonts/`,
    iccUrl: `${vendor}iccs/`,
    wasmUrl: `${vendor}wasm/`,
    // The bundled fonts have the widths that the document counts on.
    useSystemFonts: false,
    isEvalSupported: false,
    enableXfa: false,
    stopAtErrors: false,
  });
  task.onPassword = () => {
    task.destroy();
    say("Ce document est protégé par un mot de passe : il ne peut pas être montré ici.");
  };
  show(await task.promise, viewerParts, pdfjs);
}

function show(pdf, { EventBus, PDFFindController, PDFLinkService, PDFViewer }, pdfjs) {
  const eventBus = new EventBus();
  const linkService = new PDFLinkService({ eventBus, externalLinkTarget: 2 });
  linkService.externalLinkEnabled = false;
  const findController = new PDFFindController({ eventBus, linkService });
  const container = root.querySelector("#orc-pdf-defile");
  const viewer = new PDFViewer({
    container,
    viewer: root.querySelector("#orc-pdf-pages"),
    eventBus,
    linkService,
    findController,
    annotationMode: pdfjs.AnnotationMode.ENABLE,
    annotationEditorMode: pdfjs.AnnotationEditorType.DISABLE,
    imageResourcesPath: `${vendor}images/`,
  });
  linkService.setViewer(viewer);
  const boxes = new Boxes();
  const start = Math.min(Math.max(Number(root.dataset.page), 1), pdf.numPages);

  eventBus.on("pagesinit", () => {
    viewer.currentScaleValue = "page-width";
    viewer.currentPageNumber = start;
    message.hidden = true;
    $("outils").hidden = false;
    if (hits.includes(start)) goTo(start, 0);
  });
  eventBus.on("pagerendered", ({ source }) => boxes.draw(source, viewer.pagesRotation));
  eventBus.on("pagechanging", ({ pageNumber }) => {
    $("page").value = pageNumber;
    keepPage(pageNumber);
  });
  eventBus.on("scalechanging", ({ scale }) => {
    $("zoom").textContent = `${Math.round(scale * 100)} %`;
  });
  bindSearch(eventBus);
  bindTools(viewer, pdf, boxes, goTo);
  viewer.setDocument(pdf);
  linkService.setDocument(pdf);
  $("pages").textContent = `/ ${pdf.numPages}`;
  root.dataset.orcPret = "1";

  // Show one word: its page, then its box in the middle of the frame.
  async function goTo(page, rank) {
    const before = boxes.current.page;
    boxes.current = { page, rank };
    const found = await boxes.load(page);
    if (viewer.currentPageNumber !== page) viewer.currentPageNumber = page;
    for (const number of new Set([before, page])) {
      if (number) await boxes.draw(viewer.getPageView(number - 1), viewer.pagesRotation);
    }
    const box = found[rank];
    if (!box) return;
    const view = viewer.getPageView(page - 1).div;
    const [, top] = turn(...box.slice(0, 4), viewer.pagesRotation);
    container.scrollTop = view.offsetTop + top * view.clientHeight - container.clientHeight / 3;
    const pages = hits.length > 1 ? `, ${hits.length} pages trouvées` : "";
    $("passage").textContent = `${rank + 1} sur ${found.length}, page ${page}${pages}`;
  }
}

// The address says the page, so that it can be sent or come back to.
function keepPage(page) {
  const here = new URL(location.href);
  here.searchParams.set("page", page);
  history.replaceState(null, "", here);
}

function bindSearch(eventBus) {
  const input = $("cherche");
  const find = (type, previous = false) =>
    eventBus.dispatch("find", {
      source: root,
      type,
      query: input.value,
      caseSensitive: false,
      entireWord: false,
      highlightAll: true,
      findPrevious: previous,
      matchDiacritics: false,
    });
  input.addEventListener("input", () => find(""));
  $("chercher").addEventListener("submit", (event) => {
    event.preventDefault();
    find("again");
  });
  const count = ({ matchesCount }) => {
    const { current = 0, total = 0 } = matchesCount ?? {};
    $("cherche-compte").textContent = input.value ? `${current} sur ${total}` : "";
  };
  eventBus.on("updatefindmatchescount", count);
  eventBus.on("updatefindcontrolstate", count);
}

function bindTools(viewer, pdf, boxes, goTo) {
  const acts = {
    "page-avant": () => viewer.previousPage(),
    "page-apres": () => viewer.nextPage(),
    plus: () => viewer.increaseScale(),
    moins: () => viewer.decreaseScale(),
    largeur: () => (viewer.currentScaleValue = "page-width"),
    entiere: () => (viewer.currentScaleValue = "page-fit"),
    tourner: () => (viewer.pagesRotation = (viewer.pagesRotation + 90) % 360),
    "passage-apres": () => step(1),
    "passage-avant": () => step(-1),
  };
  root.addEventListener("click", (event) => {
    acts[event.target.closest("[data-acte]")?.dataset.acte]?.();
  });
  $("page").addEventListener("change", (event) => {
    const page = Number.parseInt(event.target.value, 10);
    if (page >= 1 && page <= pdf.numPages) viewer.currentPageNumber = page;
    event.target.value = viewer.currentPageNumber;
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, select, textarea") || areShortcutsOff()) return;
    const act = { n: 1, p: -1 }[event.key];
    if (!act) return;
    event.preventDefault();
    if (hits.length) step(act);
    else if (act > 0) viewer.nextPage();
    else viewer.previousPage();
  });

  // The next word of the page, else the first (or last) of the next page that has some.
  async function step(way) {
    const here = boxes.current.page || viewer.currentPageNumber;
    const found = await boxes.load(here);
    const rank = boxes.current.page ? boxes.current.rank + way : way > 0 ? 0 : found.length - 1;
    if (rank >= 0 && rank < found.length) return goTo(here, rank);
    const later = way > 0 ? hits.find((p) => p > here) : hits.findLast((p) => p < here);
    const page = later ?? (way > 0 ? hits[0] : hits.at(-1));
    if (!page) return;
    const boxesThere = await boxes.load(page);
    await goTo(page, way > 0 ? 0 : Math.max(boxesThere.length - 1, 0));
  }
}

// One setting turns single-key shortcuts off everywhere (orc.js keeps it).
function areShortcutsOff() {
  try {
    return localStorage.getItem("orc-raccourcis-coupes") === "1";
  } catch {
    return false;
  }
}

open().catch((error) => say(explain(error)));

function explain(error) {
  if (error.name === "InvalidPDFException") return "Ce PDF est abîmé : il ne peut pas être montré ici.";
  if (error.name === "PasswordException") return "Ce document est protégé par un mot de passe.";
  return error.message || "Le document n’a pas pu être ouvert.";
}
