/* Names of places and rivers, the graticule, and which place a click means. */

const BUCKET_PX = 48;

/* Boxes on the screen, found by where they are. */
class Taken {
  constructor() { this.buckets = new Map(); }

  over(box, visit) {
    for (let x = Math.floor(box[0] / BUCKET_PX); x <= Math.floor(box[2] / BUCKET_PX); x += 1) {
      for (let y = Math.floor(box[1] / BUCKET_PX); y <= Math.floor(box[3] / BUCKET_PX); y += 1) { if (visit(x + "," + y)) { return true; } }
    }
    return false;
  }

  add(box, owner) {
    this.over(box, (key) => { if (!this.buckets.has(key)) { this.buckets.set(key, []); } this.buckets.get(key).push([box, owner]); return false; });
  }

  meets(box, owner) {
    return this.over(box, (key) => (this.buckets.get(key) || []).some(([other, of]) => of !== owner &&
      box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]));
  }
}

extend(Drawing, {
  addLabels() {
    const pane = this.map.createPane("fm-labels");
    this.labels = element("svg:svg", { class: "fm-labels leaflet-zoom-hide", width: 1, height: 1, "aria-hidden": "true", focusable: "false" });
    pane.append(this.labels);
    this.measure = document.createElement("canvas").getContext("2d");
    const { rivers, grid } = this.model.data;
    this.rivers = rivers.flatMap((river) => river.lines.map((line) => ({ name: river.name, points: unpack(numbers(line), grid) })))
      .sort((a, b) => b.points.length - a.points.length);
    this.map.on("moveend zoomend viewreset resize", () => { this.graticule.redraw(); this.placeLabels(); });
  },

  /* The name in the language chosen; where there is none and it is not written in Latin letters, another such name. */
  nameOf(place) {
    const { spellings } = this.model.data;
    const column = spellings.indexOf(this.script);
    if (column < 0) { return place[0]; }
    const written = place[1].split("|").slice(0, spellings.length);
    const latin = /\p{Script=Latin}/u;
    const likewise = latin.test(this.model.t("names." + this.script)) ? "" : written.find((name) => name && !latin.test(name));
    return written[column] || likewise || place[0];
  },

  /* Names that fit beside their dots without touching another name, the important ones first. */
  placeLabels() {
    const size = this.map.getSize();
    if (!this.labelling || !size.x || !size.y) { return; }
    const zoom = this.map.getZoom();
    const height = 0.75 * parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.measure.font = "600 " + height + "px " + getComputedStyle(this.container).fontFamily;
    const frame = this.container.getBoundingClientRect();
    const boxes = new Taken(), dots = new Taken();
    for (const item of this.container.parentElement.querySelectorAll(".leaflet-control, .fm-over, .fm-caption, .fm-sides span")) {
      const box = item.getBoundingClientRect();
      if (box.width) { boxes.add([box.left - frame.left, box.top - frame.top, box.right - frame.left, box.bottom - frame.top], null); }
    }
    const clear = (box) => box[0] >= 2 && box[1] >= 2 && box[2] <= size.x - 2 && box[3] <= size.y - 2 && !boxes.meets(box);
    const offset = this.map.containerPointToLayerPoint([0, 0]);
    const made = [];
    const put = (box, inset, name, kind) => {
      boxes.add(box, name);
      made.push(element("svg:text", { x: (box[0] + inset + offset.x).toFixed(1), y: (box[1] + height * 0.88 + offset.y).toFixed(1), "font-size": height, class: kind }, name));
    };
    this.placeGraticule(size, height, clear, put);
    const seen = [];
    this.model.places.forEach((place, number) => {
      if (place[3] === null) { return; }
      const point = this.map.latLngToContainerPoint([place[4] / 1e4, place[3] / 1e4]);
      if (point.x < 0 || point.y < 0 || point.x > size.x || point.y > size.y) { return; }
      if (place[7]) { dots.add([point.x, point.y, point.x, point.y], number); }
      if (number === this.selected) { seen.unshift([number, place, point]); } else if (place[7] || zoom >= 9.5) { seen.push([number, place, point]); }
    });
    const wanted = made.length + Math.round(size.x * size.y / (zoom < 9 ? 26000 : zoom < 10.5 ? 16000 : 9000) / rootScale());
    for (const [number, place, point] of seen.slice(0, 40 * wanted)) {
      if (made.length >= wanted) { break; }
      const name = this.nameOf(place), chosen = number === this.selected;
      const width = this.measure.measureText(name).width + 4;
      const spots = [[6, -height / 2], [-6 - width, -height / 2], [-width / 2, -height - 7], [-width / 2, 6]];
      const free = spots.map(([dx, dy]) => [point.x + dx, point.y + dy, point.x + dx + width, point.y + dy + height + 2])
        .find((box) => clear(box) && (chosen || !dots.meets(box, number)));
      if (free) { put(free, 2, name, (chosen ? "fm-chosen " : "") + (place[7] ? "fm-reported" : "fm-quiet")); }
    }
    this.placeRivers(zoom, height, clear, put);
    this.labels.replaceChildren(...made);
  },

  placeRivers(zoom, height, clear, put) {
    const named = new Set();
    this.rivers.forEach(({ name, points }) => {
      if (!name || named.has(name) || zoom < 7.5) { return; }
      const told = this.model.name(name), width = this.measure.measureText(told).width + 8;
      for (let i = 1; i < 8; i += 1) {
        const point = this.map.latLngToContainerPoint(points[Math.floor(points.length * (i % 2 ? 4 + i / 2 : 4 - i / 2) / 8)] || points[0]);
        const box = [point.x - width / 2, point.y - height / 2, point.x + width / 2, point.y + height / 2 + 2];
        if (!clear(box)) { continue; }
        named.add(name);
        put(box, 4, told, "fm-river");
        return;
      }
    });
  },

  /* Parts of a degree between the lines of the graticule, so that few lie on the map. */
  graticuleStep() {
    const bounds = this.map.getBounds();
    const wide = Math.max((bounds.getEast() - bounds.getWest()) / 6, (bounds.getNorth() - bounds.getSouth()) / 4);
    return [1 / 60, 1 / 30, 1 / 12, 1 / 6, 1 / 4, 1 / 2, 1, 2, 5, 10].find((step) => step >= wide) || 20;
  },

  graticuleLines() {
    const bounds = this.map.getBounds(), step = this.graticuleStep();
    const row = (low, high) => Array.from({ length: Math.max(0, Math.floor(high / step + 1e-9) - Math.ceil(low / step - 1e-9) + 1) }, (_, i) => (Math.ceil(low / step - 1e-9) + i) * step);
    return { bounds, lats: row(bounds.getSouth(), bounds.getNorth()), lons: row(bounds.getWest(), bounds.getEast()) };
  },

  graticuleText() {
    if (!this.grid || !this.map._loaded) { return ""; }
    this.outlines.refresh();
    const { bounds, lats, lons } = this.graticuleLines();
    const wide = bounds.pad(0.5), point = (lat, lon) => this.outlines.point([lat, lon]);
    return lats.map((lat) => "M" + point(lat, wide.getWest()) + "L" + point(lat, wide.getEast())).join("") +
      lons.map((lon) => "M" + point(wide.getSouth(), lon) + "L" + point(wide.getNorth(), lon)).join("");
  },

  placeGraticule(size, height, clear, put) {
    if (!this.grid) { return; }
    const { bounds, lats, lons } = this.graticuleLines();
    const told = (value, positive, negative) => {
      const minutes = Math.round(Math.abs(value) * 60);
      return Math.floor(minutes / 60) + "°" + (minutes % 60 ? String(minutes % 60).padStart(2, "0") + "′" : "") + (value < 0 ? negative : positive);
    };
    const label = (point, name, dx, dy) => {
      const width = this.measure.measureText(name).width + 6;
      const box = [point.x + dx, point.y + dy, point.x + dx + width, point.y + dy + height + 2];
      if (clear(box)) { put(box, 3, name, "fm-degree"); }
    };
    const at = (lat, lon) => this.map.latLngToContainerPoint([lat, lon]);
    lons.forEach((lon) => label({ x: at(bounds.getNorth(), lon).x, y: 0 }, told(lon, "E", "W"), 2, 3));
    lats.forEach((lat) => label({ x: size.x, y: at(lat, bounds.getEast()).y }, told(lat, "N", "S"), -this.measure.measureText(told(lat, "N", "S")).width - 9, -height - 3));
  },

  choose(place) {
    this.selected = place;
    this.mark.redraw();
    this.placeLabels();
  },

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
    const cell = this.model.cellAt(latLng);
    return cell === null ? null : this.ownerOf(cell, latLng);
  },

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
  },
});
