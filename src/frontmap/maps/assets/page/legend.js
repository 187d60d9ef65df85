/* The legend with its live figures and the switches of the map's layers. */

extend(Page, {
  buildLegend() {
    const { model, parts } = this;
    const { palette } = model.data;
    const body = element("tbody");
    this.rows = [];
    const row = (state, picture, label, measure, major) => {
      const best = element("td", { class: "fm-number fm-best" });
      const interval = element("span", { class: "fm-note" });
      const change = element("td", { class: "fm-number fm-change" });
      const line = element("tr", major ? { class: "fm-major" } : {}, element("td", {}, picture),
        element("th", { scope: "row" }, label, element("br"), interval), best, change);
      body.append(line);
      this.rows.push({ state, line, measure, best, interval, change, label, major });
    };
    parts.lines.replaceChildren();
    const plain = (picture, label) => {
      const line = element("li", {}, picture, element("span", {}, label));
      parts.lines.append(line);
      return line;
    };
    model.states.forEach((state, i) => {
      if (state.kind !== "party" || !model.otherSides(i)) { return; }
      row(i, swatch("fm-strong-" + i), this.t("beyond", { party: model.stateLabel(i), side: model.otherSides(i) }), (at) => at.view.beyond(i, at.day), true);
    });
    const ever = (i) => model.views.some((view) => view.has(i));
    model.states.forEach((state, i) => {
      if (state.kind !== "party" && ever(i)) { row(i, swatch("fm-strong-" + i), model.stateLabel(i), (at) => at.view.everywhere(i, at.day)); }
    });
    model.states.forEach((state, i) => {
      if (state.kind === "party") { plain(swatch("fm-pale-" + i), this.t("home", { party: model.stateLabel(i) })); }
    });
    const stroke = (colour, width, dash) => swatch(null, element("svg:path", { d: "M1 9H29", stroke: colour, "stroke-width": width, "stroke-dasharray": dash, fill: "none" }));
    plain(stroke(palette.front, 2.8), this.t("front"));
    this.contestedEdges = model.states.flatMap((state, i) => (state.kind !== "contested" || !ever(i) ? [] :
      [{ state: i, line: plain(stroke(palette.contested, 1.2, "4 3"), this.t("contestedEdge")) }]));
    if (model.border.length) { plain(stroke(palette.border, 1.6, "10 4 2 4"), this.t("border")); }
    if (model.data.rivers.length) { plain(stroke(palette.river, 1.3), this.t("river")); }
    this.addSwitch("gridBox", "fm-grid", swatch(null, element("svg:path", { d: "M1 9H29M15 1V17", stroke: "#55636e", "stroke-width": 0.8, "stroke-dasharray": "1 3", fill: "none" })), this.t("graticule"), "grid");
    if (model.data.doubts) {
      const { level } = model.data;
      const label = level === null ? this.t("doubtPolicies") : this.t("doubtLevel", { percent: Math.round(50 + 50 * level) });
      this.addSwitch("bandBox", "fm-doubt", swatch("fm-doubt"), label, "band");
      this.doubtNote = element("span", { class: "fm-note" });
      this.bandBox.parentElement.lastChild.append(this.doubtNote);
    }
    this.compareLines = [plain(stroke(palette.compare, 2.4, "7 4"), ""), plain(swatch("fm-changed"), "")];
    this.changeHead = element("th", { scope: "col", class: "fm-change" });
    this.stateHead = element("th", { scope: "col" });
    parts.areas.replaceChildren(
      element("caption", { class: "fm-hidden" }, this.t("legend")),
      element("thead", {}, element("tr", {}, element("td", {}), this.stateHead, element("th", { scope: "col" }, this.t("km2")), this.changeHead)), body);
  },

  addSwitch(box, kind, picture, label, layer) {
    this[box] = element("input", { type: "checkbox" });
    this[box].checked = this.drawing[layer];
    this[box].addEventListener("change", () => { this.switchLayer(layer, this[box].checked); this.remember(); });
    this.parts.lines.append(element("li", { class: "fm-switch " + kind }, element("label", {}, this[box], picture, element("span", {}, label))));
  },

  switchLayer(layer, shown) {
    this.drawing[layer] = shown;
    const box = this[layer + "Box"];
    if (box) { box.checked = shown; }
    if (layer === "grid") { this.drawing.graticule.redraw(); this.drawing.placeLabels(); } else { this.drawing.zones.forEach((shape) => shape.redraw()); }
  },

  /* Areas of the shown state with their interval, and how much they differ from the other one. */
  showFigures(a, b) {
    const { model, parts } = this;
    const { level } = a.view;
    const views = b ? [a.view, b.view] : [a.view];
    for (const { state, line, major } of [...this.rows, ...this.contestedEdges]) { line.hidden = !major && !views.some((view) => view.has(state)); }
    if (this.doubtNote) {
      this.doubtNote.textContent = views.every((view) => view.told.doubts) ? "" : " (" + this.t("doubtOnly", { view: model.viewLabel(model.own) }) + ")";
    }
    this.stateHead.textContent = this.t(level === null ? "stateInterval" : "stateLevel", { percent: Math.round(100 * level) });
    for (const { measure, best, interval, change } of this.rows) {
      const told = measure(a);
      best.textContent = told ? model.km2(told[1]) : "–";
      interval.textContent = told ? this.t("intervalOf", { low: model.km2(told[0]), high: model.km2(told[2]) }) : "";
      const before = told && b && measure(b);
      const backwards = b && b.view === a.view && b.day > a.day ? -1 : 1;
      change.textContent = b === null ? "" : before ? model.signed((told[1] - before[1]) * backwards) : "–";
    }
    parts.caption.textContent = [model.longDay(this.day), ...this.rows.filter((row) => row.major).map(
      (row) => row.label + " " + row.best.textContent + " " + this.t("km2"))].join(" · ");
  },
});
