/* One place: its state on the day, the course of it, and the reports that it rests on. */

extend(Page, {
  choose(place) {
    if (place === null) { return; }
    this.noteOpener(this.parts.place);
    this.place = place;
    this.drawing.choose(place);
    this.showPlace();
    this.remember();
  },

  /* Move the map so that a place is on it, and on a narrow screen the page so that what is told of it is seen. */
  bringIntoView(place) {
    const [, , , lon, lat] = this.model.places[place];
    if (lon !== null && !this.map.getBounds().pad(-0.1).contains([lat / 1e4, lon / 1e4])) { this.map.panTo([lat / 1e4, lon / 1e4], { animate: false }); }
    if (window.innerWidth <= 760) { this.parts.place.scrollIntoView({ block: "nearest" }); }
  },

  closePlace() {
    this.place = null;
    this.drawing.choose(null);
    this.parts.place.hidden = true;
    this.remember();
  },

  showPlace() {
    const { model, parts } = this;
    const [name, others, district, lon, , radius, ground] = model.places[this.place];
    const spells = model.spellsOf(this.place);
    const spell = spells.find((each) => each[0] <= this.day && this.day <= each[1]);
    const now = spell && this.decided(spell);
    const shown = this.drawing.nameOf(model.places[this.place]);
    const content = [this.closer(parts.place, () => this.closePlace()), element("h3", {}, shown), element("p", { class: "fm-note" }, model.name(model.data.strings[district]))];
    const spellings = [...new Set([name, ...others.split("|")])].filter((other) => other && other !== shown);
    if (spellings.length) { content.push(element("p", { class: "fm-note" }, this.t("otherNames") + ": " + spellings.join(", "))); }
    if (this.view !== model.own) { content.push(element("p", { class: "fm-own-only" }, this.t("placeBy", { view: model.viewLabel(model.own) }))); }
    if (now) {
      content.push(element("p", { class: "fm-state" }, swatch("fm-strong-" + now[2]),
        element("span", {}, this.t("onDay", { day: model.longDay(this.day), state: model.stateLabel(now[2]) }))));
      content.push(...this.chances(now[2]), this.timeline(spells));
      content.push(element("p", { class: "fm-note" }, this.t("since", { from: model.longDay(now[0]), to: model.longDay(now[1]) })));
      if (!model.chances.has(this.place)) { content.push(element("p", {}, element("b", {}, this.t("rule") + ": "), model.sentence(model.data.strings[now[3]]))); }
      LISTS.forEach((kind, i) => {
        if (now[4 + i].length) { content.push(this.reportList(kind, now[4 + i])); }
      });
      if (!now.slice(4).some((list) => list.length)) { content.push(element("p", { class: "fm-note" }, this.t("noReport"))); }
    }
    if (lon === null) { content.push(element("p", { class: "fm-note" }, this.t("noPosition"))); }
    else if (radius !== null) { content.push(element("p", { class: "fm-note" }, this.t("radius", { metres: model.km2(radius) }))); }
    if (lon !== null && ground === null) { content.push(element("p", { class: "fm-note" }, this.t("noCell"))); }
    const open = [...parts.place.querySelectorAll("details[open]")].map((item) => item.dataset.kind);
    parts.place.replaceChildren(...content);
    parts.place.querySelectorAll("details").forEach((item) => { if (open.includes(item.dataset.kind)) { item.open = true; } });
    parts.place.hidden = false;
  },

  /* A spell as it stands on the shown day: the latest decision for its state decides, what decided before supports. */
  decided(spell) {
    const [from, to, state, firstRule, first, supporting, losing, noted, later] = spell;
    const [, rule, deciding] = [[from, firstRule, first], ...(later || [])].filter((each) => each[0] <= this.day).pop();
    const others = (numbers) => [...new Set(numbers)].filter((number) => !deciding.includes(number)).sort((a, b) => a - b);
    return [from, to, state, rule, deciding, others([...first, ...supporting]), others(losing), noted];
  },

  /* How probable each state is on the shown day, and by day as a curve; only the estimate tells it. */
  chances(state) {
    const { model } = this;
    const now = model.chancesOn(this.place, this.day, state);
    if (!now.length) { return []; }
    const told = now.map(([code, percent]) => this.t("chance", { state: model.stateLabel(code), percent })).join(", ");
    const { courses } = model.chances.get(this.place);
    const chart = element("svg:svg", { class: "fm-chances", viewBox: "0 0 " + model.days + " 100", preserveAspectRatio: "none", role: "img",
      "aria-label": this.t("chancesBy") + ": " + courses.map(([code]) => model.stateLabel(code)).join(", ") },
    element("svg:path", { d: "M0 50H" + model.days, class: "fm-half" }));
    for (const [code, corners] of courses) {
      const { kind, colour } = model.states[code];
      const line = corners.map(([value, day]) => day + " " + (100 - value)).join("L");
      const tint = kind === "party" ? safeColour(colour) : "#666666";
      chart.append(element("svg:path", { d: "M0 100L" + line + "V100Z", fill: tint, "fill-opacity": 0.35 }),
        element("svg:path", { d: "M" + line, stroke: tint, class: "fm-course" }));
    }
    chart.append(element("svg:rect", { x: this.day, y: 0, width: Math.max(1, model.days / 200), height: 100, fill: "#111" }));
    this.seekOn(chart);
    return [element("p", { class: "fm-odds" }, told), chart,
      element("p", { class: "fm-note" }, courses.map(([code]) => this.t("chanceOf", { state: model.stateLabel(code) })).join("; "))];
  },

  seekOn(bar) {
    bar.addEventListener("click", (event) => {
      const box = bar.getBoundingClientRect();
      this.show(Math.floor((event.clientX - box.left) / box.width * this.model.days));
    });
  },

  timeline(spells) {
    const { model } = this;
    const bar = element("svg:svg", { class: "fm-timeline", viewBox: "0 0 " + model.days + " 20", preserveAspectRatio: "none", role: "img",
      "aria-label": this.t("spells") + ": " + spells.map((spell) => model.stateLabel(spell[2]) + " " + this.t("since", { from: model.longDay(spell[0]), to: model.longDay(spell[1]) })).join("; ") });
    for (const spell of spells) {
      const state = model.states[spell[2]];
      const colour = state.kind === "party" ? safeColour(state.colour) : state.kind === "contested" ? "#8d8d88" : "#d9d9d6";
      bar.append(element("svg:rect", { x: spell[0], y: state.hatched ? 5 : 0, width: spell[1] - spell[0] + 1, height: state.hatched ? 10 : 20, fill: colour },
        element("svg:title", {}, model.stateLabel(spell[2]) + ", " + this.t("since", { from: model.longDay(spell[0]), to: model.longDay(spell[1]) }))));
    }
    bar.append(element("svg:rect", { x: this.day, y: 0, width: Math.max(1, model.days / 200), height: 20, fill: "#111" }));
    this.seekOn(bar);
    return bar;
  },

  reportList(kind, numbers) {
    const list = element("ul", { class: "fm-reports" }, ...numbers.map((number) => this.report(number)));
    const estimated = kind === "deciding" && this.model.chances.has(this.place);
    const label = this.t(estimated ? "movers" : kind) + " (" + numbers.length + ")";
    if (kind === "deciding") { return element("div", {}, element("h4", {}, label), list); }
    return element("details", { "data-kind": kind }, element("summary", {}, label), list);
  },

  report(number) {
    const { model } = this;
    const [id, kind, page, date, note, place] = model.reports[number];
    const [party, status, precision, flags, confidence] = model.kinds[kind];
    const [origin, source, address, published] = model.pages[page];
    const text = (index) => model.data.strings[index];
    const about = [party >= 0 ? model.stateLabel(party) : "", this.t("status." + text(status))].filter(Boolean).join(": ");
    const details = [
      place === this.place ? "" : this.t("about", { place: this.drawing.nameOf(model.places[place]) }),
      text(origin),
      text(confidence) ? this.t("confidence", { level: model.said("confidence." + text(confidence), text(confidence)) }) : "",
      text(precision) === "approx" ? this.t("approximate") : text(precision) === "page" || text(precision) === "page-inferred" ? this.t("inferred") : "",
      published !== null && published !== date ? this.t("published", { day: model.longDay(published) }) : "",
      flags & 1 ? this.t("near") : "", flags & 2 ? this.t("implied") : "", id,
    ].filter(Boolean).join(" · ");
    return element("li", {}, element("b", {}, model.longDay(date) + ", " + about), element("span", { class: "fm-note" }, details),
      text(note) ? element("span", {}, text(note)) : null, element("span", { class: "fm-source" }, anchor(text(address), text(source))));
  },
});
