/* Small helpers. Text from data only ever becomes text nodes; colours and addresses were checked when the page was made and are checked again here. */

const SVG = "http://www.w3.org/2000/svg";
const DAY_MS = 86400000;

function element(tag, attributes, ...children) {
  const made = tag.startsWith("svg:") ? document.createElementNS(SVG, tag.slice(4)) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) { made.setAttribute(name, value); }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

function safeColour(text) { return /^#[0-9a-f]{3}([0-9a-f]{3})?$/i.test(text) ? text : "#6b6b6b"; }

function safeAddress(text) {
  try { return ["http:", "https:"].includes(new URL(text).protocol) ? text : ""; } catch (error) { return ""; }
}

function anchor(address, label) {
  const checked = safeAddress(address);
  return checked ? element("a", { href: checked, target: "_blank", rel: "noreferrer noopener" }, label) : label;
}

/* How much larger than usual the page's letters are, as on a large projector. */
function rootScale() { return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16; }

function fold(text) {
  return text.normalize("NFD").replace(/[\p{M}'’ʼ`ьъ-]/gu, "").toLowerCase().replace(/\s+/g, " ").trim();
}

function clamp(value, low, high) { return Math.min(high, Math.max(low, value)); }

/* A file of its own adds some of the page's methods. */
function extend(one, methods) { Object.assign(one.prototype, methods); }
