"use strict";
/* The filter of the claims table, the manner of links, and the folding of wide-screen controls. */
(function () {
  const header = document.querySelector("header"), about = document.getElementById("about");
  about.open = window.innerWidth > 760 && window.innerHeight >= 900;
  new ResizeObserver(function () { document.documentElement.style.setProperty("--fm-head", header.offsetHeight + "px"); }).observe(header);
  let unfolded = about.open;
  window.addEventListener("beforeprint", function () { unfolded = about.open; about.open = true; });
  window.addEventListener("afterprint", function () { about.open = unfolded; });
  document.querySelectorAll("main a[href^=http]").forEach(function (link) { link.target = "_blank"; link.rel = "noreferrer noopener"; });
  const table = document.getElementById("claim-table");
  const words = document.getElementById("claim-filter");
  const verdict = document.getElementById("claim-verdict");
  const count = document.getElementById("claim-count");
  const pattern = document.getElementById("claim-pattern");
  if (!table) { return; }
  const rows = Array.from(table.tBodies[0].rows).map(function (row) {
    return { row: row, verdict: row.querySelector("[data-verdict]").dataset.verdict };
  });
  function filter() {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach(function (item) {
      const text = item.row.textContent.toLowerCase();
      const fits = wanted.every(function (word) { return text.includes(word); }) && (!verdict.value || item.verdict === verdict.value);
      item.row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    count.textContent = pattern.textContent.replace("{count}", shown).replace("{total}", rows.length);
  }
  words.addEventListener("input", filter);
  verdict.addEventListener("change", filter);
  document.addEventListener("fm-language", filter);
  filter();
}());
