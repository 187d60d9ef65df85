/* The map: ground, lines and marks of one state (A) or, divided by a swipe, of two (A left, B right). */

const DOTS_PX = 9;

/* A Leaflet path whose outline is made by a function of the current view. */
const Shape = L.Path.extend({
  initialize: function (draw, options) {
    L.setOptions(this, Object.assign({ interactive: false, smoothFactor: 0, noClip: true }, options));
    this._draw = draw;
  },
  redraw: function () { this._update(); return this; },
  _project: function () {},
  _updateBounds: function () {},
  _update: function () {
    if (!this._map || !this._path) { return; }
    const outline = this._draw() || "M0 0";
    if (outline !== this._outline) { this._renderer._setPath(this, outline); }
    this._outline = outline;
  },
  _updatePath: function () { this._update(); },
});

const NorthArrow = L.Control.extend({
  options: { position: "bottomright" },
  initialize: function (label) { this._label = label; },
  onAdd: function () {
    this.picture = element("svg:svg", { width: 26, height: 42, viewBox: "0 0 26 42", role: "img", "aria-label": this._label },
      element("svg:path", { d: "M13 2L22 26L13 20L4 26Z", fill: "#1b1b1b" }),
      element("svg:text", { x: 13, y: 40, "text-anchor": "middle", "font-size": 13, "font-weight": 600, fill: "#1b1b1b" }, "N"));
    return element("div", { class: "fm-north" }, this.picture);
  },
});

class Drawing {
  constructor(model, map, container) {
    this.model = model;
    this.map = map;
    this.container = container;
    this.a = { view: model.views[0], day: 0 };
    this.b = null;
    this.swipe = null;
    this.selected = null;
    this.script = "";
    this.band = true;
    this.grid = true;
    this.labelling = false;
    this.layers = this.addPanes();
    Object.assign(map.options, { zoomSnap: 0.25, zoomDelta: 0.5, wheelPxPerZoomLevel: 110, minZoom: 5, maxZoom: 13 });
    if (map.keyboard) { map.keyboard.disable(); }
    container.tabIndex = 0;
    container.setAttribute("role", "application");
    L.control.scale({ imperial: false, maxWidth: 140 * rootScale() }).addTo(map);
    this.north = new NorthArrow(model.t("north")).addTo(map);
    this.outlines = new Outlines(model, map);
    this.addShapes();
    this.addLabels();
    this.speak();
    map.on("move zoom viewreset resize", () => this.clip());
  }

  /* What stands still lies apart from what moves with the day, so that a step paints little. */
  addPanes() {
    return Object.fromEntries(["base", "ground", "lines", "fronts", "marks"].map((name) => {
      const pane = "fm-" + name;
      this.map.createPane(pane);
      return [name, L.svg({ pane, padding: 0.4 })];
    }));
  }

  speak() {
    this.container.setAttribute("aria-label", this.model.t("mapLabel"));
    this.north.picture.setAttribute("aria-label", this.model.t("north"));
  }

  shape(layer, draw, options) { return new Shape(draw, Object.assign({ renderer: this.layers[layer] }, options)).addTo(this.map); }

  fill(layer, draw, fillColor) { return this.shape(layer, draw, { stroke: false, fill: true, fillColor, fillOpacity: 1 }); }

  stroke(layer, draw, colour, weight, more) {
    const made = this.shape(layer, draw, Object.assign({ fill: false, color: colour, weight, opacity: 1, lineJoin: "round" }, more));
    this.sized.push([made, weight]);
    return made;
  }

  addShapes() {
    const { model, outlines } = this;
    const { palette } = model.data;
    this.sized = [];
    this.zones = [];
    this.sides = { a: [], b: [] };
    const sideOf = (name) => { const side = model.data.sides.indexOf(name); return (cell) => model.cellSide[cell] === side; };
    this.fill("base", () => outlines.around(() => true, outlines.rim), "#ffffff");
    model.states.forEach((state, i) => {
      if (state.kind === "party") { this.fill("base", () => outlines.around(sideOf(state.home)), "url(#fm-pale-" + i + ")"); }
    });
    this.addGround("a");
    this.addGround("b");
    const differ = () => {
      const { before, after } = this.pair();
      return before ? outlines.around((cell) => before[cell] !== after[cell]) : "";
    };
    this.zones.push(this.fill("ground", differ, "url(#fm-changed)"));
    const lines = {};
    const line = (name, make) => () => {
      outlines.refresh();
      if (lines.key !== outlines.key) { Object.assign(lines, { key: outlines.key, rivers: null, frame: null, border: null }); }
      lines[name] = lines[name] ?? make();
      return lines[name];
    };
    const border = line("border", () => model.border.map((chain) => outlines.chain(chain)).join("") + outlines.lines(model.data.borderBeyond));
    this.stroke("lines", line("rivers", () => model.data.rivers.map((river) => outlines.lines(river.lines)).join("")), palette.river, 1.3);
    this.shape("lines", line("frame", () => outlines.lines(model.data.frame)), { fill: false, color: "#8a8a86", weight: 1, opacity: 1, dashArray: "1 4" });
    this.graticule = this.shape("lines", () => this.graticuleText(), { fill: false, color: "#55636e", weight: 0.8, opacity: 0.55, dashArray: "1 3" });
    this.stroke("lines", border, "#ffffff", 4, { opacity: 0.75 });
    this.stroke("lines", border, palette.border, 1.6, { dashArray: "10 4 2 4", lineCap: "butt" });
    this.addEdge("a");
    this.addEdge("b");
    const other = () => { const { before } = this.pair(); return before ? this.front(before) : ""; };
    this.zones.push(this.stroke("fronts", other, "#ffffff", 4.5, { opacity: 0.9 }), this.stroke("fronts", other, palette.compare, 2.4, { dashArray: "7 4", lineCap: "butt" }));
    this.addFront("a");
    this.addFront("b");
    const dots = (reported, from) => () => (this.map.getZoom() < from ? "" : this.dots(reported));
    this.shape("marks", dots(0, 10), { fill: false, color: "#4f4f4f", weight: 3, opacity: 1, lineCap: "round" });
    this.stroke("marks", dots(1, 0), "#ffffff", 5.6, { lineCap: "round" });
    this.stroke("marks", dots(1, 0), palette.ink, 3.8, { lineCap: "round" });
    this.mark = this.shape("marks", () => this.markText(), { fill: false, color: palette.ink, weight: 2.2, opacity: 1 });
    this.weigh();
  }

  /* Codes of a side that is to be drawn: A always, B only where the map is divided. */
  codesOf(side) {
    if (side === "b" && (this.b === null || this.swipe === null)) { return null; }
    return this[side].view.on(this[side].day);
  }

  /* Both states where they are drawn over each other: the other one before, the shown one after. */
  pair() {
    const none = { before: null, after: null };
    if (this.b === null || this.swipe !== null) { return none; }
    const before = this.b.view.on(this.b.day), after = this.a.view.on(this.a.day);
    return before && after ? { before, after } : none;
  }

  keep(side, shape) {
    this.zones.push(shape);
    this.sides[side].push(shape);
    return shape;
  }

  /* Arcs at which zones end, found once for each state that is shown. */
  edgesOf(side, codes) {
    const known = this.edges || (this.edges = {});
    if (!known[side] || known[side].codes !== codes.byteOffset || known[side].table !== codes.buffer) {
      known[side] = { codes: codes.byteOffset, table: codes.buffer, arcs: this.outlines.edges(codes) };
    }
    return known[side].arcs;
  }

  /* Ground in another state than at home; what a party holds at home shows through from below. */
  addGround(side) {
    const { model, outlines } = this;
    const { cellSide } = model;
    model.states.forEach((state, i) => {
      const shown = (cell) => state.kind !== "party" || model.sideOf[i][cellSide[cell]];
      this.keep(side, this.fill("ground", () => {
        const codes = this.codesOf(side);
        return codes ? outlines.around((cell) => codes[cell] === i && shown(cell), this.edgesOf(side, codes)) : "";
      }, "url(#fm-strong-" + i + ")"));
    });
    const doubt = () => {
      const told = this.band && this.codesOf(side) && this[side].view.doubtOn(this[side].day);
      return told ? outlines.around((cell) => told[cell] === 1) : "";
    };
    this.keep(side, this.fill("ground", doubt, "url(#fm-doubt)"));
  }

  addEdge(side) {
    const { palette, states } = this.model.data;
    const contested = (code) => states[code].kind === "contested";
    this.keep(side, this.shape("fronts", () => {
      const codes = this.codesOf(side);
      return codes ? this.outlines.between((l, r) => codes[l] !== codes[r] && (contested(codes[l]) || contested(codes[r])), this.edgesOf(side, codes)) : "";
    }, { fill: false, color: palette.contested, weight: 1.2, opacity: 1, dashArray: "4 3" }));
  }

  addFront(side) {
    const draw = () => { const codes = this.codesOf(side); return codes ? this.front(codes, this.edgesOf(side, codes)) : ""; };
    this.keep(side, this.stroke("fronts", draw, "#ffffff", 5, { opacity: 0.8 }));
    this.keep(side, this.stroke("fronts", draw, this.model.data.palette.front, 2.8));
  }

  /* Where two parties' zones meet, but for the border. */
  front(codes, arcs = this.outlines.all) {
    const party = (code) => this.model.states[code].kind === "party";
    return this.outlines.between((l, r) => codes[l] !== codes[r] && party(codes[l]) && party(codes[r]), arcs);
  }

  /* Lines and dots are thinner where the whole area is small on the screen. */
  weigh() {
    const share = rootScale() * clamp((this.map.getZoom() - 6) / 3.5, 0.6, 1.25);
    this.sized.forEach(([shape, weight]) => shape.setStyle({ weight: weight * share }));
  }

  /* Dots of the places; from afar those that would stand on each other are left out, the important ones first. */
  dots(reported) {
    this.outlines.refresh();
    const apart = this.map.getZoom() < 8.5 ? DOTS_PX : 0, taken = new Set();
    return this.model.places.filter((place) => place[3] !== null && place[7] === reported).map((place) => {
      const text = this.outlines.point([place[4] / 1e4, place[3] / 1e4]);
      const at = apart && text.split(" ").map((value) => Math.round(value / apart)).join();
      if (apart && taken.has(at)) { return ""; }
      taken.add(at);
      return "M" + text + "h0";
    }).join("");
  }

  /* A ring around the chosen place, as wide as its position may be off, at least 9 px. */
  markText() {
    const place = this.selected === null ? null : this.model.places[this.selected];
    if (!place || place[3] === null) { return ""; }
    const latLng = L.latLng(place[4] / 1e4, place[3] / 1e4);
    const centre = this.map.latLngToLayerPoint(latLng);
    const north = this.map.latLngToLayerPoint([latLng.lat + (place[5] || 0) / 111320, latLng.lng]);
    const r = Math.max(9, centre.y - north.y);
    return "M" + (centre.x - r) + " " + centre.y + "a" + r + " " + r + " 0 1 0 " + 2 * r + " 0a" + r + " " + r + " 0 1 0 " + -2 * r + " 0Z";
  }

  /* ----- the swipe: what belongs to A is cut off right of the divider, what belongs to B left of it ----- */

  /* Show A, and B beside or over it; `swipe` is the part of the map's width that shows A, or null. */
  show(a, b, swipe) {
    Object.assign(this, { a, b, swipe });
    this.zones.forEach((shape) => shape.redraw());
    this.clip();
  }

  clip() {
    const svg = this.layers.ground._container;
    if (!svg || !this.map._loaded) { return; }
    const divided = this.swipe !== null && this.b !== null;
    if (divided !== this.divided) {
      this.divided = divided;
      for (const side of ["a", "b"]) {
        this.sides[side].forEach(({ _path }) => { if (divided) { _path.setAttribute("clip-path", "url(#fm-clip-" + side + ")"); } else { _path.removeAttribute("clip-path"); } });
      }
    }
    if (!divided) { return; }
    if (!this.cuts) {
      this.cuts = ["a", "b"].map((side) => element("svg:rect", { "data-side": side }));
      svg.prepend(element("svg:defs", {}, ...this.cuts.map((rect) => element("svg:clipPath", { id: "fm-clip-" + rect.dataset.side }, rect))));
    }
    const size = this.map.getSize(), far = size.x + size.y;
    const at = this.map.containerPointToLayerPoint([size.x * this.swipe, 0]);
    this.cuts.forEach((rect, i) => {
      const box = { x: i === 0 ? at.x - 3 * far : at.x, y: at.y - far, width: 3 * far, height: 3 * far };
      Object.entries(box).forEach(([name, value]) => rect.setAttribute(name, value));
    });
  }
}
