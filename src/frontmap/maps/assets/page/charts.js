/* The charts made in Python: a cursor, clicks, and their numbers as a table. */

extend(Page, {
  bindCharts() {
    this.charts = [...document.querySelectorAll("svg[data-fm-days]")];
    for (const chart of this.charts) {
      const at = (event) => {
        const box = chart.getBoundingClientRect();
        const x = (event.clientX - box.left) / box.width * chart.viewBox.baseVal.width;
        const left = Number(chart.dataset.fmLeft), right = Number(chart.dataset.fmRight);
        return Math.round((x - left) / (right - left) * (Number(chart.dataset.fmDays) - 1));
      };
      chart.addEventListener("pointerdown", (event) => { if (event.target.closest("[data-claim]")) { return; } this.pause(); this.dragging = chart; this.show(at(event)); });
      chart.addEventListener("pointermove", (event) => { if (this.dragging === chart && event.buttons) { this.show(at(event)); } });
    }
    window.addEventListener("pointerup", () => { this.dragging = null; });
    this.parts.table.addEventListener("toggle", () => this.fillTable());
  },

  moveCursors() {
    for (const chart of this.charts) {
      const left = Number(chart.dataset.fmLeft), right = Number(chart.dataset.fmRight);
      const place = (line, day) => {
        if (!line) { return; }
        const x = left + (right - left) * (day === null ? 0 : day / Math.max(1, Number(chart.dataset.fmDays) - 1));
        line.setAttribute("x1", x);
        line.setAttribute("x2", x);
        line.setAttribute("visibility", day === null ? "hidden" : "visible");
      };
      place(chart.querySelector(".fm-cursor"), this.day);
      const other = this.other();
      place(chart.querySelector(".fm-cursor-compare"), other && other.day !== this.day ? other.day : null);
    }
  },

  /* The shown state's areas as a table: every so many days, with the shown day and the one compared with. */
  fillTable() {
    const { table } = this.parts;
    if (!table || !table.open) { return; }
    const { model } = this, a = this.shown(), b = this.other();
    const byView = b !== null && b.view !== a.view;
    const parties = model.states.flatMap((state, i) => (state.kind === "party" ? [i] : []));
    const days = new Set([a.day, ...(b ? [b.day] : [])]);
    for (const day of this.daysShown(7)) { days.add(day); }
    const views = byView ? [a.view, b.view] : [a.view];
    const head = [element("th", { scope: "col" }, this.t("day"))];
    for (const party of parties) {
      for (const [i, view] of views.entries()) {
        const held = this.t("beyond", { party: model.stateLabel(party), side: model.otherSides(party) });
        head.push(element("th", { scope: "col" }, byView ? this.t(i ? "sideB" : "sideA", { state: held + ", " + model.viewLabel(view) }) : held), element("th", { scope: "col" }, this.t("lowHigh")));
      }
    }
    const cells = (day) => parties.flatMap((party) => views.flatMap((view) => {
      const told = view.beyond(party, day);
      return told ? [model.km2(told[1]), this.t("intervalOf", { low: model.km2(told[0]), high: model.km2(told[2]) })] : ["–", ""];
    }));
    const rows = [...days].sort((one, two) => one - two).map((day) => element("tr", day === a.day ? { class: "fm-total" } : {},
      element("th", { scope: "row" }, model.longDay(day)), ...cells(day).map((text) => element("td", { class: "fm-number" }, text))));
    table.querySelector("table").replaceChildren(element("caption", { class: "fm-hidden" }, this.t("table")),
      element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
  },

  /* The days that are told: all, or between two that are compared; every so many. */
  daysShown(every) {
    const b = this.other();
    const [from, to] = b !== null && b.view === this.view ? [Math.min(this.day, b.day), Math.max(this.day, b.day)] : [0, this.model.days - 1];
    return Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, i) => from + i * every);
  },
});
