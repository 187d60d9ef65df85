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

  /* The areas of what is shown where that is not the page's own history; another one compared with as a dashed line. */
  drawCharts(a, b) {
    const { model, parts } = this;
    const other = b !== null && b.view !== a.view ? b.view : null;
    const own = a.view === model.own;
    parts.chartNote.hidden = !this.charts.length || (own && other === null);
    parts.chartNote.textContent = [this.t("chartFilled", { view: model.viewLabel(a.view) }), other && this.t("chartDashed", { view: model.viewLabel(other) })].filter(Boolean).join("; ");
    const drawn = [a.view, other].map((view) => (view === null ? "" : view.key)).join(" ");
    if (drawn === this.drawnCharts) { return; }
    this.drawnCharts = drawn;
    for (const chart of this.charts) {
      chart.querySelector(".fm-own").classList.toggle("fm-away", !own);
      chart.querySelector(".fm-others").replaceChildren(...(own ? [] : this.filled(chart, a.view)), ...(other ? this.dashed(chart, other) : []));
    }
  },

  /* Parties that ever hold ground beyond the border, with their number among the parties, colour, and the corners of their course. */
  courses(chart, view) {
    const { model } = this, { fmLeft, fmRight, fmTop, fmBottom, fmMost, fmDays } = chart.dataset;
    const x = (day) => (Number(fmLeft) + (fmRight - fmLeft) * day / Math.max(1, fmDays - 1)).toFixed(1);
    const y = (km2) => Math.max(Number(fmTop), fmBottom - (fmBottom - fmTop) * km2 / fmMost).toFixed(1);
    const parties = model.states.flatMap((state, i) => (state.kind === "party" ? [i] : []));
    return parties.map((state, party) => {
      const rows = Array.from({ length: view.days }, (_, day) => view.beyond(state, day));
      const level = (k, day) => rows[day - 1] && rows[day + 1] && rows[day][k] === rows[day - 1][k] && rows[day][k] === rows[day + 1][k];
      const corners = (k) => rows.flatMap((row, day) => (level(k, day) ? [] : [x(day) + " " + y(row[k])]));
      return {
        party, colour: safeColour(model.states[state].colour), ever: rows.some((row) => row[2] > 0),
        low: corners(0), best: corners(1), high: corners(2), base: fmBottom, begin: x(0), end: x(rows.length - 1),
      };
    }).filter((course) => course.ever);
  },

  filled(chart, view) {
    const name = chart.dataset.fmName;
    return this.courses(chart, view).flatMap(({ party, colour, low, best, high, base, begin, end }) => [
      element("svg:path", { d: "M" + high.join("L") + "L" + [...low].reverse().join("L") + "Z", fill: colour, "fill-opacity": 0.2 }),
      element("svg:path", { d: "M" + begin + " " + base + "L" + best.join("L") + "L" + end + " " + base, fill: "url(#" + name + "-" + party + ")", stroke: colour, "stroke-width": 2 }),
    ]);
  },

  dashed(chart, view) {
    return this.courses(chart, view).flatMap(({ colour, best }) => {
      const d = "M" + best.join("L");
      return [element("svg:path", { d, fill: "none", stroke: "#ffffff", "stroke-width": 4.5 }),
        element("svg:path", { d, fill: "none", stroke: colour, "stroke-width": 2.2, "stroke-dasharray": "7 4" })];
    });
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
