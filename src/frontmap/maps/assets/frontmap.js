"use strict";
/*
 * The map of a history with its date control. `frontmap.start({ root, map, data })` binds the markup inside
 * `root` (elements are found by their data-fm attribute) to `data` (see payload.py). Text from data only ever
 * becomes text nodes; colours and addresses were checked when the page was made and are checked again here.
 */
var frontmap = (function () {
  const SVG = "http://www.w3.org/2000/svg";
  const DAY_MS = 86400000;
  const LISTS = ["deciding", "supporting", "losing", "noted"];

  /* ---------- small helpers ---------- */

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

  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const DIGIT = new Map([...LETTERS].map((letter, i) => [letter, i]));

  /* Whole numbers from text: five bits to a letter, lowest first, the sixth bit says that more follow. */
  function numbers(text) {
    const values = [];
    let value = 0, shift = 0;
    for (let i = 0; i < text.length; i += 1) {
      const digit = DIGIT.get(text[i]);
      value |= (digit & 31) << shift;
      shift += 5;
      if (digit < 32) {
        values.push(value & 1 ? -(value >> 1) - 1 : value >> 1);
        value = shift = 0;
      }
    }
    return values;
  }

  /* Reads a row of numbers in turn. */
  function reader(text) {
    const values = numbers(text);
    let at = 0;
    const take = () => values[at++];
    const list = (count) => Array.from({ length: count }, take);
    const sums = (count) => { let sum = 0; return Array.from({ length: count }, () => (sum += take())); };
    return { take, list, sums, more: () => at < values.length };
  }

  /* Where a course that is straight between its corners ([value, day], by day) stands on a day. */
  function along(corners, day) {
    let i = corners.length - 1;
    while (i > 0 && corners[i][1] > day) { i -= 1; }
    const [a, from] = corners[i], [b, to] = corners[i + 1] || corners[i];
    return to > from ? a + (b - a) * (day - from) / (to - from) : a;
  }

  /* Each number is told less the one before. */
  function summed(values) { let sum = 0; return values.map((value) => (sum += value)); }

  function unpack(deltas, grid) {
    const points = [];
    let x = 0, y = 0;
    for (let i = 0; i < deltas.length; i += 2) {
      x += deltas[i];
      y += deltas[i + 1];
      points.push([y * grid, x * grid]);
    }
    return points;
  }

  /* ---------- what the data say, without any drawing ---------- */

  class Model {
    constructor(data) {
      this.data = data;
      this.days = data.days;
      this.start = Date.parse(data.first);
      this.states = data.states;
      this.code = new Map(data.states.map((state, i) => [state.id, i]));
      this.readGround();
      this.readPlaces();
      this.readReports();
      this.sideOf = data.states.map((state) => data.sides.map((side) => state.kind === "party" && side !== state.home));
      this.codes = this.expandCodes();
      this.areaTable = this.expandAreas();
      this.changeDays = [...this.changeDays];
      this.names = this.uniqueNames();
      this.lang = data.lang;
      this.format = new Intl.NumberFormat(data.lang === "en" ? "en-GB" : data.lang, { maximumFractionDigits: 0 });
    }

    /* Arcs with their points and the cells on their left and right; sides, districts and areas of the cells. */
    readGround() {
      const { data } = this;
      const nodes = unpack(numbers(data.nodes), 1);
      const row = reader(data.arcs);
      let last = 0, left = 0;
      this.arcs = [];
      this.pairs = [];
      this.ends = [];
      while (row.more()) {
        const first = last + row.take();
        last = first + row.take();
        left += row.take();
        const right = left + row.take();
        const points = unpack([nodes[first][1], nodes[first][0], ...row.list(2 * row.take())], data.grid);
        points.push([nodes[last][0] * data.grid, nodes[last][1] * data.grid]);
        this.arcs.push(points);
        this.pairs.push([left, right]);
        this.ends.push([first, last]);
      }
      this.nodes = nodes.length;
      this.cellSide = [];
      this.cellDistrict = [];
      const grounds = reader(data.grounds);
      while (grounds.more()) {
        const side = grounds.take(), district = grounds.take();
        for (let left = grounds.take(); left > 0; left -= 1) {
          this.cellSide.push(side);
          this.cellDistrict.push(district);
        }
      }
      this.cellArea = numbers(data.cellArea).map((value) => value / 1000);
      this.cells = this.cellSide.length;
      this.border = data.border.map((text) => summed(numbers(text)));
    }

    readPlaces() {
      const { data } = this;
      const row = reader(data.placeNumbers);
      const known = (value, i) => (value === data.none || (value < 0 && i > 2) ? null : value);
      /* name, further spellings, district, longitude, latitude, radius, ground, reported, entry in `silent` */
      this.places = data.placeNames.map((name, i) => [name, data.placeSpellings[i], ...row.list(7).map(known)]);
      this.spells = new Map();
      const told = reader(data.spells);
      const list = () => told.sums(told.take());
      while (told.more()) {
        const place = told.take();
        this.spells.set(place, Array.from({ length: told.take() }, () => [
          ...told.list(4), list(), list(), list(), list(),
          Array.from({ length: told.take() }, () => [told.take(), told.take(), list()]),
        ]));
      }
      this.chances = new Map();
      const course = reader(data.chances);
      while (course.more()) {
        const place = course.take(), rest = course.take(), courses = [];
        for (let left = course.take(); left > 0; left -= 1) {
          const state = course.take(), corners = course.list(2 * course.take());
          courses.push([state, unpack(corners, 1)]);
        }
        this.chances.set(place, { rest, courses });
      }
    }

    readReports() {
      const { data } = this;
      const day = (value) => (value === data.none ? null : value);
      const row = reader(data.reportNumbers);
      /* id, kind, page, day, note, place */
      this.reports = data.reportIds.split(" ").filter(Boolean).map((id) => [id, row.take(), row.take(), day(row.take()), row.take(), row.take()]);
      const table = (text, width) => { const rows = reader(text), all = []; while (rows.more()) { all.push(rows.list(width)); } return all; };
      this.kinds = table(data.kinds, 5);
      this.pages = table(data.pages, 4).map((page) => [...page.slice(0, 3), day(page[3])]);
    }

    t(key, values) {
      return (this.data.words[key] || key).replace(/\{(\w+)\}/g, (whole, name) => (values && name in values ? values[name] : whole));
    }

    km2(value) {
      const rounded = Math.round(value);
      return this.format.format(rounded === 0 ? 0 : rounded);
    }

    signed(value) {
      const rounded = Math.round(value);
      return rounded === 0 ? "0" : (rounded > 0 ? "+" : "\u2212") + this.format.format(Math.abs(rounded));
    }

    /* State of each cell on each day, and whether it is in doubt there; what changes is told by day and cell. */
    expandCodes() {
      const n = this.cells;
      const expand = (start, changes, value) => {
        const table = new Uint8Array(n * this.days);
        table.set(numbers(start));
        const row = reader(changes);
        let day = 0, cell = 0, filled = 0;
        const fill = (until) => { for (; filled < until; filled += 1) { table.copyWithin((filled + 1) * n, filled * n, (filled + 1) * n); } };
        while (row.more()) {
          day += row.take();
          cell += row.take();
          fill(day);
          const at = day * n + cell;
          table[at] = value(row, table[at]);
          this.changeDays.add(day);
        }
        fill(this.days - 1);
        return table;
      };
      this.changeDays = new Set();
      this.doubts = expand(this.data.doubtful, this.data.doubts, (row, old) => 1 - old);
      this.changeDays = new Set();
      return expand(this.data.start, this.data.changes, (row) => row.take());
    }

    on(day) { return this.codes.subarray(day * this.cells, (day + 1) * this.cells); }

    doubtOn(day) { return this.doubts.subarray(day * this.cells, (day + 1) * this.cells); }

    expandAreas() {
      const table = {};
      for (const [key, text] of Object.entries(this.data.areas)) {
        const rows = new Float64Array(3 * this.days), steps = reader(text), now = [0, 0, 0, 0];
        let filled = 0;
        const fill = (until) => { for (; filled < until; filled += 1) { rows.set(now.slice(1).map((value) => value / 10), 3 * filled); } };
        while (steps.more()) {
          const change = steps.list(4);
          fill(now[0] + change[0]);
          change.forEach((value, i) => { now[i] += value; });
        }
        fill(this.days);
        table[key] = rows;
      }
      return table;
    }

    /* [low, best, high] in km2 of a state on the sides that `wanted` accepts. */
    area(state, day, wanted) {
      const sum = [0, 0, 0];
      this.data.sides.forEach((side, i) => {
        const rows = this.areaTable[this.states[state].id + "|" + side];
        if (rows && wanted(i)) { for (let k = 0; k < 3; k += 1) { sum[k] += rows[3 * day + k]; } }
      });
      return sum;
    }

    beyond(state, day) { return this.area(state, day, (side) => this.sideOf[state][side]); }

    everywhere(state, day) { return this.area(state, day, () => true); }

    /* Ground that a party won and lost on the other side of the border, by district. */
    exchange(state, from, to) {
      const before = this.on(from), after = this.on(to);
      const rows = new Map();
      for (let i = 0; i < before.length; i += 1) {
        if (before[i] === after[i] || !this.sideOf[state][this.cellSide[i]]) { continue; }
        const gain = after[i] === state, loss = before[i] === state;
        if (!gain && !loss) { continue; }
        const district = this.data.districts[this.cellDistrict[i]];
        const row = rows.get(district) || [0, 0];
        row[gain ? 0 : 1] += this.cellArea[i];
        rows.set(district, row);
      }
      return [...rows].sort((a, b) => b[1][0] + b[1][1] - a[1][0] - a[1][1] || (a[0] < b[0] ? -1 : 1));
    }

    iso(day) { return new Date(this.start + day * DAY_MS).toISOString().slice(0, 10); }

    dayOf(iso) {
      if (!/^\d{4}-\d{2}-\d{2}$/.test(iso || "")) { return null; }
      const day = Math.round((Date.parse(iso) - this.start) / DAY_MS);
      return Number.isFinite(day) ? Math.min(this.days - 1, Math.max(0, day)) : null;
    }

    written(iso) {
      if (!iso) { return this.t("undated"); }
      const [year, month, day] = iso.split("-").map(Number);
      return day + " " + this.t("months").split(" ")[month - 1] + " " + year;
    }

    shortDay(day) {
      const [year, month, date] = this.iso(day).split("-").map(Number);
      return date + " " + this.t("shortMonths").split(" ")[month - 1] + " " + year;
    }

    longDay(day) { return this.written(day === null ? "" : this.iso(day)); }

    stateLabel(state) { return this.states[state].label || this.t(this.states[state].kind); }

    otherSides(state) {
      return this.data.sides.map((side, i) => (this.sideOf[state][i] ? this.data.sideWords[i] : "")).filter(Boolean).join(", ");
    }

    uniqueNames() {
      const count = new Map();
      for (const place of this.places) { count.set(place[0], (count.get(place[0]) || 0) + 1); }
      return this.places.map((place) => (count.get(place[0]) > 1 ? place[0] + ", " + this.data.strings[place[2]] : place[0]));
    }

    spellsOf(place) {
      const entry = this.places[place][8];
      if (entry === null) { return this.spells.get(place) || []; }
      return [[0, this.days - 1, ...this.data.silent[entry], [], [], [], [], []]];
    }

    /* Percentages of the states at a place on a day, likeliest first; nothing where nothing is in doubt. */
    chancesOn(place, day, state) {
      const told = this.chances.get(place);
      if (!told) { return []; }
      const found = told.courses.map(([code, corners]) => [code, along(corners, day)]);
      found.push([told.rest, 100 - found.reduce((sum, each) => sum + each[1], 0)]);
      found.sort((a, b) => b[1] - a[1]);
      /* the course is straight between its corners: the state shown may come out a point behind another one */
      const own = found.find((each) => each[0] === state);
      if (own && own !== found[0]) { own[1] = found[0][1] = (own[1] + found[0][1]) / 2; }
      return found.map(([code, value]) => [code, Math.round(value)]).filter((each) => each[1] > 0);
    }

    summary(day) {
      const parts = [];
      this.states.forEach((state, i) => {
        if (state.kind === "party") {
          const [low, best, high] = this.beyond(i, day).map((value) => this.km2(value));
          parts.push(this.t("announcePart", { party: state.label, area: best, side: this.otherSides(i), low, high }));
        } else if (state.kind === "contested") {
          parts.push(this.t("announceContested", { area: this.km2(this.everywhere(i, day)[1]) }));
        }
      });
      return this.t("announce", { day: this.longDay(day), parts: parts.join("; ") });
    }
  }

  /* ---------- patterns: shared by map, legend and timelines ---------- */

  function patterns(model) {
    const palette = model.data.palette;
    const defs = element("svg:defs");
    const holder = element("svg:svg", { class: "fm-defs", width: 0, height: 0, "aria-hidden": "true", focusable: "false" }, defs);
    const add = (id, size, ground, opacity, ...lines) => {
      defs.append(element("svg:pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45) scale(" + rootScale() + ")" },
        element("svg:rect", { width: size, height: size, fill: ground, "fill-opacity": opacity }), ...lines));
    };
    const line = (size, width, colour, opacity, across) => element("svg:path",
      { d: across ? "M0 0H" + size : "M0 0V" + size, stroke: colour, "stroke-width": 2 * width, "stroke-opacity": opacity });
    model.states.forEach((state, i) => {
      if (state.kind === "party") {
        const colour = safeColour(state.colour);
        add("fm-strong-" + i, 7, colour, 0.5, ...(state.hatched ? [line(7, 1.3, colour, 1)] : []));
        add("fm-pale-" + i, 10, colour, state.hatched ? 0.1 : 0.13, ...(state.hatched ? [line(10, 0.5, colour, 0.3)] : []));
      } else if (state.kind === "contested") {
        add("fm-strong-" + i, 8, palette.contested_ground, 1, line(8, 0.8, palette.contested, 1), line(8, 0.8, palette.contested, 1, true));
      } else {
        add("fm-strong-" + i, 8, palette.unknown, 1);
      }
    });
    add("fm-doubt", 6, palette.paper, 0.5, element("svg:circle", { cx: 3, cy: 3, r: 0.7, fill: palette.doubt }));
    add("fm-changed", 5, "#ffffff", 0, element("svg:circle", { cx: 2.5, cy: 2.5, r: 1, fill: palette.compare }));
    return holder;
  }

  function swatch(fill, extra) {
    return element("svg:svg", { class: "fm-swatch", width: 30, height: 18, viewBox: "0 0 30 18", "aria-hidden": "true", focusable: "false" },
      fill ? element("svg:rect", { x: 0.5, y: 0.5, width: 29, height: 17, fill: "url(#" + fill + ")", stroke: "#555", "stroke-width": 1 }) : null,
      extra || null);
  }

  /* ---------- the drawing ---------- */

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
      if (this._map && this._path) { this._renderer._setPath(this, this._draw() || "M0 0"); }
    },
    _updatePath: function () { this._update(); },
  });

  const NorthArrow = L.Control.extend({
    options: { position: "bottomright" },
    initialize: function (label) { this._label = label; },
    onAdd: function () {
      const picture = element("svg:svg", { width: 26, height: 42, viewBox: "0 0 26 42", role: "img", "aria-label": this._label },
        element("svg:path", { d: "M13 2L22 26L13 20L4 26Z", fill: "#1b1b1b" }),
        element("svg:text", { x: 13, y: 40, "text-anchor": "middle", "font-size": 13, "font-weight": 600, fill: "#1b1b1b" }, "N"));
      return element("div", { class: "fm-north" }, picture);
    },
  });

  class Drawing {
    constructor(model, map, container) {
      this.model = model;
      this.map = map;
      this.day = 0;
      this.compare = null;
      this.selected = null;
      this.projectedFor = "";
      this.script = "";
      this.renderer = L.svg({ padding: 1 });
      this.lineArcs = this.markLines();
      map.options.zoomSnap = 0.25;
      map.options.zoomDelta = 0.5;
      map.options.wheelPxPerZoomLevel = 110;
      map.options.minZoom = 6;
      map.options.maxZoom = 13;
      if (map.keyboard) { map.keyboard.disable(); }
      container.tabIndex = 0;
      container.setAttribute("role", "application");
      container.setAttribute("aria-label", model.t("mapLabel"));
      L.control.scale({ imperial: false, maxWidth: 140 * rootScale() }).addTo(map);
      new NorthArrow(model.t("north")).addTo(map);
      this.addShapes();
      this.addLabels();
    }

    bounds(test) {
      const box = L.latLngBounds([]);
      this.model.pairs.forEach(([left, right], i) => {
        if ((left >= 0 && test(left)) || (right >= 0 && test(right))) { this.model.arcs[i].forEach((point) => box.extend(point)); }
      });
      return box;
    }

    wholeBounds() { return this.bounds(() => true); }

    /* The cells that were in another state than at first for at least a twentieth of the days. */
    changedBounds() {
      const first = this.model.on(0), count = new Uint32Array(first.length);
      for (let day = 1; day < this.model.days; day += 1) { this.model.on(day).forEach((code, i) => { count[i] += code !== first[i]; }); }
      const most = Math.max(...count);
      return most ? this.bounds((i) => count[i] > 0 && count[i] >= Math.min(most, this.model.days / 20)) : this.wholeBounds();
    }

    /* Which arcs lie on the border: their two cells stand on different sides. */
    markLines() {
      const { cellSide } = this.model;
      return this.model.pairs.map(([left, right]) => left >= 0 && right >= 0 && cellSide[left] !== cellSide[right]);
    }

    /* Screen texts of arcs and cells, made anew only when the zoom or the origin changed. */
    project() {
      const origin = this.map.getPixelOrigin();
      const key = this.map.getZoom() + "/" + origin.x + "/" + origin.y;
      if (key === this.projectedFor) { return; }
      this.projectedFor = key;
      const zoom = this.map.getZoom();
      const write = ([lat, lon]) => {
        const point = this.map.project([lat, lon], zoom);
        return Math.round((point.x - origin.x) * 10) / 10 + " " + Math.round((point.y - origin.y) * 10) / 10;
      };
      this.arcText = this.model.arcs.map((points) => points.map(write));
      this.arcBack = this.arcText.map((texts) => texts.slice().reverse());
      this.lineText = {};
      const lines = (rows) => rows.map((text) => "M" + unpack(numbers(text), this.model.data.grid).map(write).join("L")).join("");
      const chain = (references) => "M" + references.map((reference) => (reference < 0 ? this.arcBack[~reference] : this.arcText[reference]).join("L")).join("L");
      this.lineText.border = this.model.border.map(chain).join("") + lines(this.model.data.borderBeyond);
      this.lineText.frame = lines(this.model.data.frame);
      this.lineText.rivers = this.model.data.rivers.map((river) => lines(river.lines)).join("");
      this.dotText = [0, 1].map((reported) => this.model.places.filter((place) => place[3] !== null && place[7] === reported)
        .map((place) => "M" + write([place[4] / 1e4, place[3] / 1e4]) + "h0").join(""));
    }

    /* The outline of all cells that pass a test: arcs with such a cell on one side only, walked with it on the left. */
    cellsWhere(test) {
      this.project();
      const { pairs, ends, nodes } = this.model;
      const next = new Int32Array(pairs.length).fill(-1), from = new Int32Array(nodes).fill(-1), chosen = [];
      pairs.forEach(([left, right], arc) => {
        const inside = left >= 0 && test(left), beyond = right >= 0 && test(right);
        if (inside === beyond) { return; }
        const start = ends[arc][inside ? 0 : 1];
        next[arc] = from[start];
        from[start] = arc;
        chosen.push(inside ? arc : ~arc);
      });
      const direction = new Map(chosen.map((reference) => [reference < 0 ? ~reference : reference, reference]));
      const rings = [];
      for (const [first] of direction) {
        const ring = [];
        let arc = first;
        while (arc >= 0 && direction.has(arc)) {
          const reference = direction.get(arc);
          direction.delete(arc);
          ring.push((reference < 0 ? this.arcBack[arc] : this.arcText[arc]).slice(0, -1).join("L"));
          arc = from[ends[arc][reference < 0 ? 0 : 1]];
          while (arc >= 0 && !direction.has(arc)) { arc = next[arc]; }
        }
        rings.push("M" + ring.join("L") + "Z");
      }
      return rings.join("");
    }

    arcsWhere(test) {
      this.project();
      let text = "";
      this.model.pairs.forEach(([left, right], i) => {
        if (left >= 0 && right >= 0 && test(left, right, this.lineArcs[i])) { text += "M" + this.arcText[i].join("L"); }
      });
      return text;
    }

    addShapes() {
      const { model } = this;
      const { palette } = model.data;
      const party = (code) => model.states[code].kind === "party";
      const contested = (code) => model.states[code].kind === "contested";
      const today = () => model.on(this.day);
      const shape = (draw, options) => new Shape(draw, Object.assign({ renderer: this.renderer }, options)).addTo(this.map);
      const fill = (id) => ({ stroke: false, fill: true, fillColor: "url(#" + id + ")", fillOpacity: 1 });
      const stroke = (colour, weight, more) => Object.assign({ fill: false, color: colour, weight, opacity: 1, lineJoin: "round" }, more);
      this.sized = [];
      const sized = (draw, colour, weight, more) => {
        const made = shape(draw, stroke(colour, weight, more));
        this.sized.push([made, weight]);
        return made;
      };
      const heavy = (draw, colour, weight, more) => this.zones.push(sized(draw, colour, weight, more));
      const line = (name) => () => { this.project(); return this.lineText[name]; };
      shape(() => this.cellsWhere(() => true), { stroke: false, fill: true, fillColor: "#ffffff", fillOpacity: 1 });
      this.zones = [];
      model.states.forEach((state, i) => {
        const beyond = (cell) => state.kind !== "party" || model.sideOf[i][model.cellSide[cell]];
        if (state.kind === "party") {
          this.zones.push(shape(() => { const codes = today(); return this.cellsWhere((cell) => codes[cell] === i && !beyond(cell)); }, fill("fm-pale-" + i)));
        }
        this.zones.push(shape(() => { const codes = today(); return this.cellsWhere((cell) => codes[cell] === i && beyond(cell)); }, fill("fm-strong-" + i)));
      });
      this.band = true;
      this.zones.push(shape(() => { const doubt = model.doubtOn(this.day); return this.band ? this.cellsWhere((cell) => doubt[cell] === 1) : ""; }, fill("fm-doubt")));
      const changed = () => (cell) => this.compare !== null && model.on(this.compare)[cell] !== today()[cell];
      this.zones.push(shape(() => (this.compare === null ? "" : this.cellsWhere(changed())), fill("fm-changed")));
      sized(line("rivers"), palette.river, 1.3);
      shape(line("frame"), stroke("#8a8a86", 1, { dashArray: "1 4" }));
      const meeting = (codes) => (left, right) => codes[left] !== codes[right] && party(codes[left]) && party(codes[right]);
      const edge = (codes) => (left, right) => codes[left] !== codes[right] && (contested(codes[left]) || contested(codes[right]));
      this.zones.push(shape(() => { const at = edge(today()); return this.arcsWhere((l, r, onBorder) => !onBorder && at(l, r)); }, stroke(palette.contested, 1.2, { dashArray: "4 3" })));
      sized(line("border"), "#ffffff", 4, { opacity: 0.75 });
      sized(line("border"), palette.border, 1.6, { dashArray: "10 4 2 4", lineCap: "butt" });
      const front = () => { const at = meeting(today()); return this.arcsWhere((l, r, onBorder) => !onBorder && at(l, r)); };
      const earlier = () => {
        if (this.compare === null) { return ""; }
        const at = meeting(model.on(this.compare));
        return this.arcsWhere((l, r, onBorder) => !onBorder && at(l, r));
      };
      heavy(earlier, "#ffffff", 4.5, { opacity: 0.9 });
      heavy(earlier, palette.compare, 2.4, { dashArray: "7 4", lineCap: "butt" });
      heavy(front, "#ffffff", 5, { opacity: 0.8 });
      heavy(front, palette.front, 2.8);
      const dots = (reported, from) => () => { this.project(); return this.map.getZoom() < from ? "" : this.dotText[reported]; };
      shape(dots(0, 10), stroke("#4f4f4f", 3, { lineCap: "round" }));
      sized(dots(1, 0), "#ffffff", 5.6, { lineCap: "round" });
      sized(dots(1, 0), palette.ink, 3.8, { lineCap: "round" });
      this.mark = shape(() => this.markText(), stroke(palette.ink, 2.2));
      this.weigh();
    }

    /* Lines and dots are thinner where the whole area is small on the screen. */
    weigh() {
      const share = rootScale() * Math.min(1.25, Math.max(0.6, (this.map.getZoom() - 6) / 3.5));
      this.sized.forEach(([shape, weight]) => shape.setStyle({ weight: weight * share }));
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

    addLabels() {
      const pane = this.map.createPane("fm-labels");
      this.labels = element("svg:svg", { class: "fm-labels leaflet-zoom-hide", width: 1, height: 1, "aria-hidden": "true", focusable: "false" });
      pane.append(this.labels);
      this.measure = document.createElement("canvas").getContext("2d");
      const { rivers, grid } = this.model.data;
      this.rivers = rivers.flatMap((river) => river.lines.map((line) => ({ name: river.name, points: unpack(numbers(line), grid) })))
        .sort((a, b) => b.points.length - a.points.length);
      this.map.on("moveend zoomend viewreset resize", () => this.placeLabels());
    }

    nameOf(place) {
      const column = this.model.data.spellings.indexOf(this.script);
      return (column >= 0 && place[1].split("|")[column]) || place[0];
    }

    /* Names that fit beside their dots without touching another name, the important ones first. */
    placeLabels() {
      const size = this.map.getSize();
      if (!size.x || !size.y) { return; }
      const zoom = this.map.getZoom();
      const style = getComputedStyle(this.map.getContainer());
      const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
      const height = 0.75 * rem;
      this.measure.font = "600 " + height + "px " + style.fontFamily;
      const taken = this.map.getContainer().parentElement.querySelectorAll(".leaflet-control, .fm-over, .fm-caption");
      const frame = this.map.getContainer().getBoundingClientRect();
      const boxes = [...taken].map((item) => item.getBoundingClientRect()).filter((box) => box.width)
        .map((box) => [box.left - frame.left, box.top - frame.top, box.right - frame.left, box.bottom - frame.top]);
      const clear = (box) => box[0] >= 2 && box[1] >= 2 && box[2] <= size.x - 2 && box[3] <= size.y - 2 &&
        !boxes.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]);
      const wanted = Math.round(size.x * size.y / (zoom < 9 ? 26000 : zoom < 10.5 ? 16000 : 9000));
      const made = [];
      const offset = this.map.containerPointToLayerPoint([0, 0]);
      const dots = [];
      this.model.places.forEach((place, number) => {
        if (place[3] === null || !place[7]) { return; }
        const point = this.map.latLngToContainerPoint([place[4] / 1e4, place[3] / 1e4]);
        dots.push([point.x, point.y, number]);
      });
      const tryPlace = (place, number) => {
        if (place[3] === null) { return; }
        const point = this.map.latLngToContainerPoint([place[4] / 1e4, place[3] / 1e4]);
        if (point.x < 0 || point.y < 0 || point.x > size.x || point.y > size.y) { return; }
        const name = this.nameOf(place);
        const width = this.measure.measureText(name).width + 4;
        const free = (box) => clear(box) && !dots.some(([x, y, other]) => other !== number && x > box[0] && x < box[2] && y > box[1] && y < box[3]);
        const spots = [[6, -height / 2], [-6 - width, -height / 2], [-width / 2, -height - 7], [-width / 2, 6]];
        for (const [dx, dy] of spots) {
          const box = [point.x + dx, point.y + dy, point.x + dx + width, point.y + dy + height + 2];
          if (!(number === this.selected ? clear(box) : free(box))) { continue; }
          boxes.push(box);
          made.push(element("svg:text", {
            x: (box[0] + 2 + offset.x).toFixed(1), y: (box[1] + height * 0.88 + offset.y).toFixed(1), "font-size": height,
            class: (number === this.selected ? "fm-chosen " : "") + (place[7] ? "fm-reported" : "fm-quiet") }, name));
          return;
        }
      };
      if (this.selected !== null) { tryPlace(this.model.places[this.selected], this.selected); }
      this.model.places.forEach((place, number) => {
        if (made.length < wanted && number !== this.selected && (place[7] || zoom >= 9.5)) { tryPlace(place, number); }
      });
      const named = new Set();
      this.rivers.forEach(({ name, points }) => {
        if (!name || named.has(name) || zoom < 7.5) { return; }
        const width = this.measure.measureText(name).width + 8;
        for (let i = 1; i < 8; i += 1) {
          const point = this.map.latLngToContainerPoint(points[Math.floor(points.length * (i % 2 ? 4 + i / 2 : 4 - i / 2) / 8)] || points[0]);
          const box = [point.x - width / 2, point.y - height / 2, point.x + width / 2, point.y + height / 2 + 2];
          if (!clear(box)) { continue; }
          boxes.push(box);
          named.add(name);
          made.push(element("svg:text", { x: (box[0] + 4 + offset.x).toFixed(1), y: (box[1] + height * 0.88 + offset.y).toFixed(1), "font-size": height, class: "fm-river" }, name));
          return;
        }
      });
      this.labels.replaceChildren(...made);
    }

    show(day, compare) {
      this.day = day;
      this.compare = compare;
      this.zones.forEach((shape) => shape.redraw());
    }

    choose(place) {
      this.selected = place;
      this.mark.redraw();
      this.placeLabels();
    }

    /* The place that a click means: a dot within 14 px, else the place of the cell. */
    placeAt(latLng) {
      const point = this.map.latLngToLayerPoint(latLng);
      let best = null, nearest = 14;
      this.model.places.forEach((place, i) => {
        if (place[3] === null) { return; }
        const distance = point.distanceTo(this.map.latLngToLayerPoint([place[4] / 1e4, place[3] / 1e4]));
        if (distance < nearest) { nearest = distance; best = i; }
      });
      if (best !== null) { return best; }
      const cell = this.cellAt(latLng);
      return cell === null ? null : this.ownerOf(cell, latLng);
    }

    /* The cell under a point: the one whose outline a line to the east crosses an odd number of times. */
    cellAt({ lat, lng }) {
      const odd = new Set();
      const turn = (cell) => { if (cell >= 0 && !odd.delete(cell)) { odd.add(cell); } };
      this.model.arcs.forEach((points, arc) => {
        for (let i = 1; i < points.length; i += 1) {
          const [y1, x1] = points[i - 1], [y2, x2] = points[i];
          if ((y1 > lat) !== (y2 > lat) && lng < (x2 - x1) * (lat - y1) / (y2 - y1) + x1) { this.model.pairs[arc].forEach(turn); }
        }
      });
      return odd.size ? [...odd][0] : null;
    }

    /* The nearest of the places that own ground on the cell's side and in its district. */
    ownerOf(cell, { lat, lng }) {
      const ground = this.model.cellSide[cell] + this.model.data.sides.length * this.model.cellDistrict[cell];
      const narrow = Math.cos(lat * Math.PI / 180);
      let best = null, nearest = Infinity;
      this.model.places.forEach((place, i) => {
        if (place[6] !== ground || place[3] === null) { return; }
        const distance = Math.hypot((place[3] / 1e4 - lng) * narrow, place[4] / 1e4 - lat);
        if (distance < nearest) { nearest = distance; best = i; }
      });
      return best;
    }
  }

  /* ---------- the page around the map ---------- */

  class Page {
    constructor(root, map, data) {
      this.root = root;
      this.model = new Model(data);
      this.parts = {};
      root.querySelectorAll("[data-fm]").forEach((part) => { this.parts[part.dataset.fm] = part; });
      this.day = this.model.dayOf(data.opening) ?? this.busiestDay();
      this.compare = null;
      this.place = null;
      this.moved = false;
      this.timer = null;
      root.prepend(patterns(this.model));
      this.container = map ? map.getContainer() : this.parts.map;
      this.map = map || L.map(this.container, { zoomControl: true, keyboard: false, zoomSnap: 0.25 });
      this.map.fitBounds(this.firstBounds());
      this.drawing = new Drawing(this.model, this.map, this.container);
      this.map.attributionControl.setPosition("bottomleft");
      if (data.attribution) {
        this.map.attributionControl.addAttribution(element("span", { class: "fm-attributed" }, data.attribution).outerHTML);
        this.parts.credit.textContent = data.attribution;
      }
      this.buildLegend();
      this.bindControls();
      this.bindKeys();
      this.bindSearch();
      this.bindCharts();
      this.bindPrint();
      this.map.on("click", (event) => this.choose(this.drawing.placeAt(event.latlng)));
      this.map.on("dragend", () => { this.moved = true; this.remember(); });
      this.map.on("zoomend", () => { this.drawing.weigh(); this.drawing.zones.forEach((shape) => shape.redraw()); this.remember(); });
      this.recall();
      window.addEventListener("hashchange", () => { if (/[#&](date|vs|place|view|band)=/.test(location.hash)) { this.recall(); } });
      new ResizeObserver(() => { if (!this.printing) { this.map.invalidateSize({ animate: false }); } }).observe(this.container);
      this.drawing.placeLabels();
      root.classList.add("fm-ready");
    }

    t(key, values) { return this.model.t(key, values); }

    /* The day on which the map opens: the one with the largest ground held beyond the border. */
    busiestDay() {
      let best = 0, most = -1;
      for (let day = 0; day < this.model.days; day += 1) {
        let sum = 0;
        this.model.states.forEach((state, i) => { if (state.kind === "party") { sum += this.model.beyond(i, day)[1]; } });
        if (sum > most) { most = sum; best = day; }
      }
      return best;
    }

    firstBounds() {
      const helper = Object.create(Drawing.prototype);
      helper.model = this.model;
      return helper.changedBounds().pad(0.04);
    }

    /* ----- legend with live figures ----- */

    buildLegend() {
      const { model } = this;
      const body = element("tbody");
      this.rows = [];
      const row = (picture, label, measure, major) => {
        const best = element("td", { class: "fm-number fm-best" });
        const interval = element("span", { class: "fm-note" });
        const change = element("td", { class: "fm-number fm-change" });
        body.append(element("tr", major ? { class: "fm-major" } : {}, element("td", {}, picture),
          element("th", { scope: "row" }, label, element("br"), interval), best, change));
        this.rows.push({ measure, best, interval, change, label, major });
      };
      const plain = (picture, label) => {
        const line = element("li", {}, picture, element("span", {}, label));
        this.parts.lines.append(line);
        return line;
      };
      model.states.forEach((state, i) => {
        if (state.kind !== "party") { return; }
        row(swatch("fm-strong-" + i), this.t("beyond", { party: state.label, side: model.otherSides(i) }), (day) => model.beyond(i, day), true);
      });
      model.states.forEach((state, i) => {
        const ever = model.data.sides.some((side) => model.areaTable[state.id + "|" + side]);
        if (state.kind !== "party" && ever) { row(swatch("fm-strong-" + i), model.stateLabel(i), (day) => model.everywhere(i, day)); }
      });
      model.states.forEach((state, i) => {
        if (state.kind === "party") { plain(swatch("fm-pale-" + i), this.t("home", { party: state.label })); }
      });
      const palette = model.data.palette;
      const stroke = (colour, width, dash) => swatch(null, element("svg:path", { d: "M1 9H29", stroke: colour, "stroke-width": width, "stroke-dasharray": dash, fill: "none" }));
      plain(stroke(palette.front, 2.8), this.t("front"));
      if (model.data.sides.some((side) => model.areaTable["contested|" + side])) { plain(stroke(palette.contested, 1.2, "4 3"), this.t("contestedEdge")); }
      if (model.border.length) { plain(stroke(palette.border, 1.6, "10 4 2 4"), this.t("border")); }
      if (model.data.rivers.length) { plain(stroke(palette.river, 1.3), this.t("river")); }
      if (model.doubts.includes(1)) {
        const { level } = model.data;
        this.bandBox = element("input", { type: "checkbox", checked: "" });
        const label = level === null ? this.t("doubtPolicies") : this.t("doubtLevel", { percent: Math.round(50 + 50 * level) });
        this.parts.lines.append(element("li", { class: "fm-doubt" }, element("label", {}, this.bandBox, swatch("fm-doubt"), element("span", {}, label))));
        this.bandBox.addEventListener("change", () => { this.showBand(this.bandBox.checked); this.remember(); });
      }
      this.compareLines = [plain(stroke(palette.compare, 2.4, "7 4"), ""), plain(swatch("fm-changed"), "")];
      this.changeHead = element("th", { scope: "col", class: "fm-change" });
      this.parts.areas.append(
        element("caption", { class: "fm-hidden" }, this.t("legend")),
        element("thead", {}, element("tr", {}, element("td", {}),
          element("th", { scope: "col" }, this.t(model.data.level === null ? "stateInterval" : "stateLevel", { percent: Math.round(100 * model.data.level) })), element("th", { scope: "col" }, this.t("km2")),
          this.changeHead)), body);
    }

    showBand(shown) {
      this.drawing.band = shown;
      if (this.bandBox) { this.bandBox.checked = shown; }
      this.drawing.zones.forEach((shape) => shape.redraw());
    }

    /* ----- showing a state of the page ----- */

    show(day, { announce = true } = {}) {
      const { model, parts } = this;
      this.day = Math.min(model.days - 1, Math.max(0, day));
      this.drawing.show(this.day, this.compare);
      parts.slider.value = this.day;
      const summary = model.summary(this.day);
      parts.slider.setAttribute("aria-valuetext", summary);
      parts.day.textContent = model.longDay(this.day);
      parts.caption.textContent = [model.longDay(this.day), ...this.rows.filter((row) => row.major).map(
        (row) => row.label + " " + model.km2(row.measure(this.day)[1]) + " km²")].join(" · ");
      if (document.activeElement !== parts.date) { parts.date.value = model.iso(this.day); }
      for (const { measure, best, interval, change } of this.rows) {
        const [low, middle, high] = measure(this.day);
        best.textContent = model.km2(middle);
        interval.textContent = this.t("intervalOf", { low: model.km2(low), high: model.km2(high) });
        change.textContent = this.compare === null ? "" : model.signed((measure(this.compare)[1] - middle) * (this.compare > this.day ? 1 : -1));
      }
      this.root.classList.toggle("fm-comparing", this.compare !== null);
      if (this.compare !== null) {
        const written = model.longDay(this.compare);
        this.compareLines[0].lastChild.textContent = this.t("compareLine", { day: written });
        this.compareLines[1].lastChild.textContent = this.t("changed", { day: written });
        const [from, to] = this.compare > this.day ? [this.day, this.compare] : [this.compare, this.day];
        this.changeHead.replaceChildren(this.t("change"), element("span", { class: "fm-note" }, this.t("comparing", { from: model.shortDay(from), to: model.shortDay(to) })));
      }
      this.showExchange();
      this.moveCursors();
      if (this.place !== null) { this.showPlace(); }
      if (announce && !this.timer) { this.announce(summary); }
      this.remember();
    }

    announce(text) {
      clearTimeout(this.announcing);
      this.announcing = setTimeout(() => { this.parts.live.textContent = text; }, 500);
    }

    showExchange() {
      const { model, parts } = this;
      parts.exchange.hidden = this.compare === null;
      if (this.compare === null) { return; }
      const [from, to] = [Math.min(this.compare, this.day), Math.max(this.compare, this.day)];
      const head = element("h3", {}, this.t("comparing", { from: model.longDay(from), to: model.longDay(to) }));
      const body = element("tbody");
      const line = (cells, total) => body.append(element("tr", total ? { class: "fm-total" } : {},
        element("th", { scope: "row" }, cells[0]), element("td", {}, cells[1]), ...cells.slice(2).map((value) => element("td", { class: "fm-number" }, value))));
      model.states.forEach((state, i) => {
        if (state.kind !== "party") { return; }
        const rows = model.exchange(i, from, to);
        let gained = 0, lost = 0;
        for (const [district, [plus, minus]] of rows) {
          gained += plus;
          lost += minus;
          line([district, state.label, model.km2(plus), model.km2(minus), model.signed(plus - minus)]);
        }
        if (rows.length > 1) { line([this.t("total"), state.label, model.km2(gained), model.km2(lost), model.signed(gained - lost)], true); }
      });
      const none = !body.children.length;
      const titles = ["district", "party", "gained", "lost", "net"].map((key) => element("th", { scope: "col" }, this.t(key)));
      parts.exchange.replaceChildren(head, none ? element("p", {}, this.t("noChange")) :
        element("table", { class: "fm-table" }, element("thead", {}, element("tr", {}, ...titles)), body),
      element("p", { class: "fm-note" }, none ? "" : this.t("beyondOnly")));
    }

    setCompare(day) {
      this.compare = day;
      this.parts.compare.value = day === null ? "" : this.model.iso(day);
      this.parts.compareOff.hidden = day === null;
      this.show(this.day);
    }

    /* ----- one place ----- */

    choose(place) {
      if (place === null) { return; }
      this.place = place;
      this.drawing.choose(place);
      this.showPlace();
      this.remember();
    }

    /* Move the map so that a place is on it, and on a narrow screen the page so that what is told of it is seen. */
    bringIntoView(place) {
      const [, , , lon, lat] = this.model.places[place];
      if (lon !== null && !this.map.getBounds().pad(-0.1).contains([lat / 1e4, lon / 1e4])) { this.map.panTo([lat / 1e4, lon / 1e4], { animate: false }); }
      if (window.innerWidth <= 760) { this.parts.place.scrollIntoView({ block: "nearest" }); }
    }

    closePlace() {
      this.place = null;
      this.drawing.choose(null);
      this.parts.place.hidden = true;
      this.remember();
    }

    showPlace() {
      const { model, parts } = this;
      const [name, others, district, lon, , radius, ground] = model.places[this.place];
      const spells = model.spellsOf(this.place);
      const spell = spells.find((each) => each[0] <= this.day && this.day <= each[1]);
      const now = spell && this.decided(spell);
      const close = element("button", { type: "button", class: "fm-close", "aria-label": this.t("close") }, "×");
      close.addEventListener("click", () => { this.closePlace(); this.container.focus(); });
      const content = [close, element("h3", {}, name), element("p", { class: "fm-note" }, model.data.strings[district])];
      const spellings = [...new Set(others.split("|"))].filter((other) => other && other !== name);
      if (spellings.length) { content.push(element("p", { class: "fm-note" }, this.t("otherNames") + ": " + spellings.join(", "))); }
      if (now) {
        content.push(element("p", { class: "fm-state" }, swatch("fm-strong-" + now[2]),
          element("span", {}, this.t("onDay", { day: model.longDay(this.day), state: model.stateLabel(now[2]) }))));
        content.push(...this.chances(now[2]), this.timeline(spells));
        content.push(element("p", { class: "fm-note" }, this.t("since", { from: model.longDay(now[0]), to: model.longDay(now[1]) })));
        if (!model.chances.has(this.place)) { content.push(element("p", {}, element("b", {}, this.t("rule") + ": "), model.data.strings[now[3]])); }
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
    }

    // A spell as it stands on the shown day: the latest decision for its state decides, what decided before supports.
    decided(spell) {
      const [from, to, state, firstRule, first, supporting, losing, noted, later] = spell;
      const [, rule, deciding] = [[from, firstRule, first], ...(later || [])].filter((each) => each[0] <= this.day).pop();
      const others = (numbers) => [...new Set(numbers)].filter((number) => !deciding.includes(number)).sort((a, b) => a - b);
      return [from, to, state, rule, deciding, others([...first, ...supporting]), others(losing), noted];
    }

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
    }

    seekOn(bar) {
      bar.addEventListener("click", (event) => {
        const box = bar.getBoundingClientRect();
        this.show(Math.floor((event.clientX - box.left) / box.width * this.model.days));
      });
    }

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
    }

    reportList(kind, numbers) {
      const list = element("ul", { class: "fm-reports" }, ...numbers.map((number) => this.report(number)));
      const estimated = kind === "deciding" && this.model.chances.has(this.place);
      const label = this.t(estimated ? "movers" : kind) + " (" + numbers.length + ")";
      if (kind === "deciding") { return element("div", {}, element("h4", {}, label), list); }
      return element("details", { "data-kind": kind }, element("summary", {}, label), list);
    }

    report(number) {
      const { model } = this;
      const [id, kind, page, date, note, place] = model.reports[number];
      const [party, status, precision, flags, confidence] = model.kinds[kind];
      const [origin, source, address, published] = model.pages[page];
      const text = (index) => model.data.strings[index];
      const about = [party >= 0 ? model.stateLabel(party) : "", this.t("status." + text(status))].filter(Boolean).join(": ");
      const details = [
        place === this.place ? "" : this.t("about", { place: model.places[place][0] }),
        text(origin),
        text(confidence) ? this.t("confidence", { level: text(confidence) }) : "",
        text(precision) === "approx" ? this.t("approximate") : text(precision) === "page" || text(precision) === "page-inferred" ? this.t("inferred") : "",
        published !== null && published !== date ? this.t("published", { day: model.longDay(published) }) : "",
        flags & 1 ? this.t("near") : "", flags & 2 ? this.t("implied") : "", id,
      ].filter(Boolean).join(" · ");
      return element("li", {}, element("b", {}, model.longDay(date) + ", " + about), element("span", { class: "fm-note" }, details),
        text(note) ? element("span", {}, text(note)) : null, element("span", { class: "fm-source" }, anchor(text(address), text(source))));
    }

    /* ----- controls ----- */

    bindControls() {
      const { parts, model } = this;
      parts.more.open = window.innerWidth > 760;
      parts.copy.hidden = location.protocol === "about:";
      parts.slider.max = model.days - 1;
      for (const field of [parts.date, parts.compare]) {
        field.min = model.iso(0);
        field.max = model.iso(model.days - 1);
      }
      const on = (name, type, act) => { if (parts[name]) { parts[name].addEventListener(type, act); } };
      on("slider", "input", () => { this.pause(); this.show(Number(parts.slider.value)); });
      on("first", "click", () => { this.pause(); this.show(0); });
      on("previous", "click", () => { this.pause(); this.show(this.day - 1); });
      on("next", "click", () => { this.pause(); this.show(this.day + 1); });
      on("last", "click", () => { this.pause(); this.show(model.days - 1); });
      on("play", "click", () => this.toggle());
      on("date", "change", () => { const day = model.dayOf(parts.date.value); if (day !== null) { this.pause(); this.show(day); } });
      on("date", "blur", () => { parts.date.value = model.iso(this.day); });
      on("compare", "change", () => this.setCompare(model.dayOf(parts.compare.value)));
      on("compareOff", "click", () => { this.setCompare(null); parts.compare.focus(); });
      on("wide", "click", () => { this.map.fitBounds(this.drawing.wholeBounds()); this.moved = true; });
      on("names", "change", () => { this.drawing.script = parts.names.value; this.drawing.placeLabels(); });
      on("focus", "click", () => { this.map.fitBounds(this.firstBounds()); this.moved = false; });
      on("csv", "click", () => this.download());
      on("print", "click", () => window.print());
      on("copy", "click", () => this.copyLink());
      document.querySelectorAll("[data-fm-day]").forEach((button) => button.addEventListener("click", () => {
        this.pause();
        this.show(Number(button.dataset.fmDay));
        this.root.scrollIntoView({ block: "start" });
      }));
    }

    bindKeys() {
      const step = (event) => {
        if (event.altKey || event.ctrlKey || event.metaKey) { return; }
        const { changeDays } = this.model;
        const onMap = event.currentTarget === this.container;
        const moves = {
          ArrowLeft: () => this.show(this.day - 1), ArrowRight: () => this.show(this.day + 1),
          ArrowDown: () => this.show(this.day - 1), ArrowUp: () => this.show(this.day + 1),
          Home: () => this.show(0), End: () => this.show(this.model.days - 1), " ": () => this.toggle(),
          PageUp: () => this.show(changeDays.filter((day) => day < this.day).pop() ?? 0),
          PageDown: () => this.show(changeDays.find((day) => day > this.day) ?? this.model.days - 1),
        };
        if (onMap) {
          Object.assign(moves, { "+": () => this.map.zoomIn(), "=": () => this.map.zoomIn(), "-": () => this.map.zoomOut(), Escape: () => this.closePlace() });
        }
        if (onMap && event.target !== this.container) { return; }
        if (moves[event.key]) {
          event.preventDefault();
          if (event.key !== " " && event.key !== "+" && event.key !== "-") { this.pause(); }
          moves[event.key]();
        }
      };
      this.parts.slider.addEventListener("keydown", step);
      this.container.addEventListener("keydown", step);
    }

    toggle() { if (this.timer) { this.pause(); this.announce(this.model.summary(this.day)); } else { this.play(); } }

    play() {
      if (this.day >= this.model.days - 1) { this.show(0, { announce: false }); }
      let last = performance.now();
      const frame = (now) => {
        const due = Math.floor((now - last) * Number(this.parts.speed.value) / 1000);
        if (due > 0) {
          last += due * 1000 / Number(this.parts.speed.value);
          this.show(this.day + due, { announce: false });
        }
        if (this.day >= this.model.days - 1) { this.pause(); this.announce(this.model.summary(this.day)); } else if (this.timer) { this.timer = requestAnimationFrame(frame); }
      };
      this.timer = requestAnimationFrame(frame);
      this.labelPlay();
    }

    pause() {
      if (this.timer) { cancelAnimationFrame(this.timer); }
      this.timer = null;
      this.labelPlay();
    }

    labelPlay() {
      this.root.classList.toggle("fm-playing", this.timer !== null);
      this.parts.playLabel.textContent = this.t(this.timer === null ? "play" : "pause");
    }

    /* ----- search ----- */

    bindSearch() {
      const { find, found } = this.parts;
      if (!find) { return; }
      const { model } = this;
      const keys = model.places.map((place) => [place[0], ...place[1].split("|")].map(fold).filter(Boolean));
      let hits = [], active = -1, searching = false;
      const paint = () => {
        found.replaceChildren(...hits.map((place, i) => {
          const item = element("li", { role: "option", id: "fm-option-" + i, "aria-selected": String(i === active) },
            model.places[place][0], element("span", { class: "fm-note" }, " " + model.data.strings[model.places[place][2]]));
          item.addEventListener("mousedown", (event) => { event.preventDefault(); take(place); });
          return item;
        }));
        const missed = !hits.length && fold(find.value) !== "" && searching;
        if (missed) { found.append(element("li", { role: "option", "aria-disabled": "true", "aria-selected": "false", class: "fm-note" }, this.t("noMatch"))); }
        found.hidden = !hits.length && !missed;
        find.setAttribute("aria-expanded", String(!found.hidden));
        if (active >= 0) { find.setAttribute("aria-activedescendant", "fm-option-" + active); } else { find.removeAttribute("aria-activedescendant"); }
      };
      const take = (place) => {
        hits = []; active = -1; searching = false;
        paint();
        find.value = model.places[place][0];
        this.choose(place);
        this.bringIntoView(place);
      };
      find.addEventListener("input", () => {
        const query = fold(find.value);
        const starts = [], holds = [];
        keys.forEach((names, place) => {
          if (!query) { return; }
          if (names.some((name) => name.startsWith(query))) { starts.push(place); } else if (names.some((name) => name.includes(query))) { holds.push(place); }
        });
        hits = starts.concat(holds).slice(0, 8);
        active = hits.length ? 0 : -1;
        searching = true;
        paint();
        if (query) { this.announce(hits.length ? this.t("matches", { count: starts.length + holds.length }) : this.t("noMatch")); }
      });
      find.addEventListener("keydown", (event) => {
        if (event.key === "ArrowDown" && hits.length) { active = (active + 1) % hits.length; paint(); event.preventDefault(); }
        else if (event.key === "ArrowUp" && hits.length) { active = (active + hits.length - 1) % hits.length; paint(); event.preventDefault(); }
        else if (event.key === "Enter" && active >= 0) { take(hits[active]); event.preventDefault(); }
        else if (event.key === "Escape") { hits = []; active = -1; searching = false; paint(); }
      });
      find.addEventListener("blur", () => { hits = []; active = -1; searching = false; paint(); });
    }

    /* ----- charts made in Python: a cursor and clicks ----- */

    bindCharts() {
      this.charts = [...document.querySelectorAll("svg[data-fm-days]")];
      for (const chart of this.charts) {
        const at = (event) => {
          const box = chart.getBoundingClientRect();
          const x = (event.clientX - box.left) / box.width * chart.viewBox.baseVal.width;
          const left = Number(chart.dataset.fmLeft), right = Number(chart.dataset.fmRight);
          return Math.round((x - left) / (right - left) * (Number(chart.dataset.fmDays) - 1));
        };
        chart.addEventListener("pointerdown", (event) => { this.pause(); this.dragging = chart; this.show(at(event)); });
        chart.addEventListener("pointermove", (event) => { if (this.dragging === chart && event.buttons) { this.show(at(event)); } });
      }
      window.addEventListener("pointerup", () => { this.dragging = null; });
    }

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
        place(chart.querySelector(".fm-cursor-compare"), this.compare);
      }
    }

    /* ----- link, file, print ----- */

    remember() {
      clearTimeout(this.remembering);
      this.remembering = setTimeout(() => {
        const state = new URLSearchParams();
        state.set("date", this.model.iso(this.day));
        if (this.compare !== null) { state.set("vs", this.model.iso(this.compare)); }
        if (this.place !== null) { state.set("place", this.model.names[this.place]); }
        if (!this.drawing.band) { state.set("band", "off"); }
        if (this.moved) {
          const centre = this.map.getCenter();
          state.set("view", [centre.lat.toFixed(4), centre.lng.toFixed(4), this.map.getZoom()].join(","));
        }
        this.hash = "#" + state.toString();
        try { history.replaceState(null, "", this.hash); } catch (error) { /* a framed page may not change its address */ }
      }, 200);
    }

    recall() {
      const state = new URLSearchParams(location.hash.slice(1));
      const day = this.model.dayOf(state.get("date"));
      this.compare = this.model.dayOf(state.get("vs"));
      this.parts.compare.value = this.compare === null ? "" : this.model.iso(this.compare);
      this.parts.compareOff.hidden = this.compare === null;
      const view = (state.get("view") || "").split(",").map(Number);
      if (view.length === 3 && view.every(Number.isFinite)) {
        this.moved = true;
        this.map.setView([view[0], view[1]], view[2], { animate: false });
      } else if (this.moved) {
        this.moved = false;
        this.map.fitBounds(this.firstBounds(), { animate: false });
      }
      const place = this.model.names.indexOf(state.get("place"));
      if (place >= 0) { this.choose(place); } else if (this.place !== null) { this.closePlace(); }
      this.showBand(state.get("band") !== "off");
      this.show(day === null ? this.day : day, { announce: false });
      if (place >= 0) { this.bringIntoView(place); }
    }

    async copyLink() {
      const link = location.href.split("#")[0] + (this.hash || "");
      try {
        await navigator.clipboard.writeText(link);
        this.announce(this.t("copied"));
        this.parts.copy.textContent = this.t("copied");
        setTimeout(() => { this.parts.copy.textContent = this.t("copy"); }, 2000);
      } catch (error) { window.prompt(this.t("copy"), link); }
    }

    download() {
      const { model } = this;
      const lines = [["date", "party", "side", "area_km2", "area_low_km2", "area_high_km2"].join(",")];
      for (let day = 0; day < model.days; day += 1) {
        for (const [key, rows] of Object.entries(model.areaTable)) {
          const [party, side] = key.split("|");
          lines.push([model.iso(day), party, side, rows[3 * day + 1], rows[3 * day], rows[3 * day + 2]].join(","));
        }
      }
      const address = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
      element("a", { href: address, download: "areas.csv" }).click();
      setTimeout(() => URL.revokeObjectURL(address), 1000);
    }

    bindPrint() {
      window.addEventListener("beforeprint", () => {
        this.printing = true;
        this.seen = this.map.getBounds();
        this.root.classList.add("fm-printing");
        this.map.invalidateSize({ animate: false });
        this.map.fitBounds(this.moved ? this.seen : this.firstBounds(), { animate: false });
        this.drawing.placeLabels();
      });
      window.addEventListener("afterprint", () => {
        this.root.classList.remove("fm-printing");
        this.map.invalidateSize({ animate: false });
        this.map.fitBounds(this.seen, { animate: false });
        this.printing = false;
      });
    }
  }

  function start({ root, map, data }) {
    return new Page(root, map || null, data);
  }

  return { start, Model };
}());
