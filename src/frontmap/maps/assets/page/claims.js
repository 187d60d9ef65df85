/* One published figure: the row of the claims table beside the map, and its mark in the chart. */

extend(Page, {
  bindClaims() {
    for (const chart of this.charts) {
      const marks = [...chart.querySelectorAll("[data-claim]")].sort((a, b) => a.dataset.day - b.dataset.day);
      marks.forEach((mark, i) => {
        mark.addEventListener("click", () => this.openClaim(mark.dataset.claim));
        mark.addEventListener("keydown", (event) => this.markKey(event, marks, i));
      });
    }
  },

  /* Enter opens a mark; arrows move between the marks, of which one takes part in the order of the tab key. */
  markKey(event, marks, i) {
    const to = { ArrowLeft: i - 1, ArrowUp: i - 1, ArrowRight: i + 1, ArrowDown: i + 1, Home: 0, End: marks.length - 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") { this.openClaim(marks[i].dataset.claim); } else if (to === undefined) { return; }
    event.preventDefault();
    if (to !== undefined && marks[to]) {
      marks.forEach((mark, n) => { mark.setAttribute("tabindex", n === to ? 0 : -1); });
      marks[to].focus();
    }
  },

  /* The row that tells of a claim; nothing for an unknown one or on a page without the table. */
  claimRow(id) { return document.querySelector('tr[data-claim="' + CSS.escape(id) + '"]'); },

  openClaim(id, { seek = true } = {}) {
    const row = this.claimRow(id);
    if (!row) { return; }
    this.noteOpener(this.parts.claim);
    this.claim = id;
    this.showClaim();
    const button = row.querySelector("[data-fm-day]");
    const mark = document.querySelector('svg [data-claim="' + CSS.escape(id) + '"][data-day]');
    const day = button ? Number(button.dataset.fmDay) : mark ? Number(mark.dataset.day) : null;
    if (seek && day !== null) { this.pause(); this.show(day); } else { this.remember(); }
    if (seek) {
      this.parts.claim.focus({ preventScroll: true });
      this.parts.claim.scrollIntoView({ block: "nearest" });
    }
  },

  showClaim() {
    const { claim } = this.parts, row = this.claimRow(this.claim);
    const heads = [...row.closest("table").tHead.rows[0].cells].map((cell) => cell.textContent);
    const list = element("dl");
    [...row.cells].forEach((cell, i) => {
      const copy = cell.cloneNode(true);
      copy.querySelectorAll("button").forEach((button) => button.replaceWith(button.textContent));
      copy.querySelectorAll("[id]").forEach((item) => item.removeAttribute("id"));
      list.append(element("dt", {}, heads[i] || ""), element("dd", {}, ...copy.childNodes));
    });
    claim.replaceChildren(this.closer(claim, () => this.closeClaim()), element("h3", {}, this.t("claim")), list);
    claim.hidden = false;
    document.querySelectorAll("svg [data-claim]").forEach((mark) => mark.classList.toggle("fm-chosen", mark.dataset.claim === this.claim));
  },

  closeClaim() {
    this.claim = null;
    this.parts.claim.hidden = true;
    document.querySelectorAll("svg .fm-chosen[data-claim]").forEach((mark) => mark.classList.remove("fm-chosen"));
    this.remember();
  },
});
