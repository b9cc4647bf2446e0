// The page of results leaves its list in the session: the viewer goes from one to the next.
// To be loaded by the page of a search; visionneuse-suite.js reads it.

const results = [...document.querySelectorAll("[data-orc-resultat]")];
const links = results
  .map((result) => result.querySelector('a[href^="/pj/"]')?.getAttribute("href"))
  .filter(Boolean);

try {
  if (links.length) {
    const list = { page: location.pathname + location.search, liens: links };
    sessionStorage.setItem("orc-resultats", JSON.stringify(list));
  }
} catch {
  /* storage refused: one goes back to the list */
}
