// An idea of how a password holds, while it is typed. The server decides; the page works without.

const LIBELLES = ["très faible", "faible", "moyen", "bon", "très bon"];
const PALIERS = [20, 27, 37, 47];

const fold = (text) =>
  text
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "");

// Bits: a character that goes on from the last one (aaa, abc, 321) brings almost nothing.
function countBits(text, proches) {
  let left = fold(text);
  for (const word of proches) left = left.replaceAll(word, "");
  let bits = 0;
  const seen = new Set();
  for (let i = 0; i < left.length; i += 1) {
    const step = i ? left.charCodeAt(i) - left.charCodeAt(i - 1) : 9;
    const pair = left.slice(Math.max(0, i - 1), i + 1);
    if (Math.abs(step) <= 1 || seen.has(pair)) bits += 0.5;
    else bits += /[0-9]/.test(left[i]) ? 2.3 : /[a-z ]/.test(left[i]) ? 2.2 : 4;
    seen.add(pair);
  }
  return bits;
}

const field = document.querySelector("[data-orc-force]");
const place = document.querySelector("#force");
if (field && place) {
  const proches = fold(field.dataset.orcForce)
    .split(/[^a-z0-9]+/)
    .filter((word) => word.length > 3);
  field.addEventListener("input", () => {
    const bits = countBits(field.value, proches);
    const score = PALIERS.filter((limit) => bits >= limit).length;
    const short = field.value.length < field.minLength;
    place.textContent = field.value
      ? `Solidité estimée : ${short ? "trop court" : LIBELLES[score]}.`
      : "";
  });
}
