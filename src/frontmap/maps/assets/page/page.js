/* The page around the map: what is shown, and the telling of it. Its methods stand in the files that follow. */

const LISTS = ["deciding", "supporting", "losing", "noted"];

class Page {
  constructor(root, map, data) {
    this.root = root;
    this.model = new Model(data);
    this.parts = {};
    document.querySelectorAll("[data-fm]").forEach((part) => { this.parts[part.dataset.fm] = part; });
    this.day = this.model.dayOf(data.opening) ?? this.busiestDay();
    this.view = this.model.own;
    this.compare = null;
    this.compareView = null;
    this.swipe = null;
    this.place = null;
    this.claim = null;
    this.moved = false;
    this.timer = null;
    this.openers = new Map();
    root.prepend(patterns(this.model));
    this.container = map ? map.getContainer() : this.parts.map;
    this.map = map || L.map(this.container, { zoomControl: true, keyboard: false, zoomSnap: 0.25, trackResize: false });
    this.outlook = this.model.changedBounds().pad(0.04);
    this.map.fitBounds(this.outlook, { animate: false });
    this.drawing = new Drawing(this.model, this.map, this.container);
    this.map.attributionControl.setPosition("bottomleft");
    if (data.attribution) {
      this.map.attributionControl.addAttribution(element("span", { class: "fm-attributed" }, data.attribution).outerHTML);
      this.parts.credit.textContent = this.model.said("attribution", data.attribution);
    }
    this.buildLegend();
    this.buildViews();
    this.bindControls();
    this.bindCompare();
    this.bindKeys();
    this.bindSearch();
    this.bindCharts();
    this.bindClaims();
    this.bindLanguage();
    this.bindPrint();
    this.map.on("click", (event) => this.choose(this.drawing.placeAt(event.latlng)));
    this.map.on("dragend", () => { this.moved = true; this.remember(); });
    this.map.on("zoomend", () => { this.moved = this.moved || !this.fitting; this.drawing.weigh(); this.remember(); });
    this.recall();
    window.addEventListener("hashchange", () => { if (STATE_KEYS.test(location.hash)) { this.recall(); } else { this.address = location.hash; } });
    new ResizeObserver(() => { if (!this.printing) { this.resize(); } }).observe(this.container);
    this.drawing.labelling = true;
    this.drawing.placeLabels();
    root.classList.add("fm-ready");
  }

  /* The day on which the map opens: the one with the largest ground held beyond the border. */
  busiestDay() {
    const { model } = this;
    let best = 0, most = -1;
    for (let day = 0; day < model.days; day += 1) {
      let sum = 0;
      model.states.forEach((state, i) => { if (state.kind === "party") { sum += model.own.beyond(i, day)[1]; } });
      if (sum > most) { most = sum; best = day; }
    }
    return best;
  }

  /* Show a part of the ground, at once; `moved` tells whether that is another than the one on which the page opens. */
  fit(bounds, moved) {
    this.fitting = true;
    this.map.fitBounds(bounds, { animate: false });
    this.fitting = false;
    this.moved = moved;
    this.remember();
  }

  /* Take over a new size: what was in the middle stays there, and the ground shown at first is shown whole. */
  resize() {
    const { map } = this, centre = map.getCenter();
    map.invalidateSize({ animate: false, pan: false });
    if (this.moved) { map.setView(centre, map.getZoom(), { reset: true }); } else { this.fit(this.outlook, false); }
  }

  /* What is shown (A), and what it is compared with (B), or null. */
  shown() { return { view: this.view, day: this.day }; }

  other() {
    const view = this.compareView || this.view;
    if (this.compare === null && view === this.view) { return null; }
    return { view, day: this.compare === null ? this.day : this.compare };
  }

  show(day, { announce = true } = {}) {
    const { model, parts } = this;
    this.day = clamp(Math.round(day) || 0, 0, model.days - 1);
    const a = this.shown(), b = this.other();
    this.drawing.show(a, b, this.swipe);
    parts.slider.value = this.day;
    const summary = model.summary(a);
    parts.slider.setAttribute("aria-valuetext", summary);
    parts.day.textContent = model.longDay(this.day);
    if (document.activeElement !== parts.date) { parts.date.value = model.iso(this.day); }
    this.showFigures(a, b);
    this.showComparison(a, b);
    this.drawCharts(a, b);
    this.moveCursors();
    this.fillTable();
    if (this.place !== null) { this.showPlace(); }
    if (announce && !this.timer) { this.announce(summary); }
    this.remember();
  }

  /* Where the focus goes when a panel is closed: to what opened it, else to the map. */
  noteOpener(panel) {
    const { activeElement } = document;
    if (activeElement !== document.body && !panel.contains(activeElement)) { this.openers.set(panel, activeElement); }
  }

  leave(panel) {
    const opener = this.openers.get(panel);
    this.openers.delete(panel);
    (opener && opener.getClientRects().length ? opener : this.container).focus();
  }

  /* A button that closes a panel, as the escape key does. */
  closer(panel, close) {
    const leave = () => { close(); this.leave(panel); };
    panel.onkeydown = (event) => { if (event.key === "Escape") { leave(); } };
    const button = element("button", { type: "button", class: "fm-close", "aria-label": this.t("close") }, "×");
    button.addEventListener("click", leave);
    return button;
  }

  announce(text) {
    clearTimeout(this.announcing);
    this.announcing = setTimeout(() => { this.parts.live.textContent = text; }, 500);
  }
}
