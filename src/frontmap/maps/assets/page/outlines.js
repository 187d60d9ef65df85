/* Outlines on the screen: arcs written as path texts, only when the zoom changed and only those that are asked for. */

const NEAR_PX = 0.7;  /* points of an arc closer than this to the one before are not worth writing */

class Outlines {
  constructor(model, map) {
    this.model = model;
    this.map = map;
    const { lon, lat } = model.arcs;
    this.x = Float64Array.from(lon, (value) => value / 360 + 0.5);
    this.y = Float64Array.from(lat, (value) => 0.5 - Math.asinh(Math.tan(value * Math.PI / 180)) / (2 * Math.PI));
    this.all = Int32Array.from({ length: model.arcs.count }, (_, i) => i);
    const { cellSide } = model, { left, right } = model.arcs;
    this.parts = Uint8Array.from(this.all, (i) => left[i] >= 0 && right[i] >= 0 && cellSide[left[i]] !== cellSide[right[i]]);
    this.rim = this.all.filter((i) => left[i] < 0 || right[i] < 0);
    this.reset();
  }

  reset() {
    const origin = this.map.getPixelOrigin(), zoom = this.map.getZoom();
    this.key = zoom + "/" + origin.x + "/" + origin.y;
    this.scale = this.map.options.crs.scale(zoom);
    this.origin = origin;
    this.forward = new Array(this.model.arcs.count);
    this.backward = new Array(this.model.arcs.count);
  }

  /* Forget what was written for another zoom or origin. */
  refresh() {
    const origin = this.map.getPixelOrigin();
    if (this.key !== this.map.getZoom() + "/" + origin.x + "/" + origin.y) { this.reset(); }
  }

  write(x, y) { return Math.round((x * this.scale - this.origin.x) * 10) / 10 + " " + Math.round((y * this.scale - this.origin.y) * 10) / 10; }

  point([lat, lon]) { return this.write(lon / 360 + 0.5, 0.5 - Math.asinh(Math.tan(lat * Math.PI / 180)) / (2 * Math.PI)); }

  /* Points of an arc as texts; both ends stay. */
  points(arc) {
    const { start } = this.model.arcs, first = start[arc], last = start[arc + 1] - 1;
    const texts = [this.write(this.x[first], this.y[first])];
    const near = NEAR_PX / this.scale;
    let x = this.x[first], y = this.y[first];
    for (let i = first + 1; i < last; i += 1) {
      if (Math.abs(this.x[i] - x) < near && Math.abs(this.y[i] - y) < near) { continue; }
      x = this.x[i];
      y = this.y[i];
      texts.push(this.write(x, y));
    }
    texts.push(this.write(this.x[last], this.y[last]));
    return texts;
  }

  /* An arc as text without its last point, forward or (as ~arc) backward. */
  run(reference) {
    const arc = reference < 0 ? ~reference : reference;
    if (this.forward[arc] === undefined) {
      const texts = this.points(arc);
      this.forward[arc] = texts.slice(0, -1).join("L");
      this.backward[arc] = texts.reverse().slice(0, -1).join("L");
    }
    return reference < 0 ? this.backward[arc] : this.forward[arc];
  }

  /* The last point of an arc, as text. */
  tip(reference) {
    const { start } = this.model.arcs;
    const at = reference < 0 ? start[~reference] : start[reference + 1] - 1;
    return this.write(this.x[at], this.y[at]);
  }

  chain(references) { return "M" + references.map((reference) => this.run(reference)).join("L") + "L" + this.tip(references[references.length - 1]); }

  lines(rows) { return rows.map((text) => "M" + unpack(numbers(text), this.model.data.grid).map((point) => this.point(point)).join("L")).join(""); }

  /* Arcs at which anything may end on a day: the rim, and where states or sides part. */
  edges(codes) {
    const { left, right } = this.model.arcs, found = [];
    for (let i = 0; i < left.length; i += 1) {
      if (left[i] < 0 || right[i] < 0 || codes[left[i]] !== codes[right[i]] || this.parts[i]) { found.push(i); }
    }
    return found;
  }

  /* The outline of all cells that pass a test: arcs with such a cell on one side only, walked with it on the left. */
  around(test, arcs = this.all) {
    this.refresh();
    const { left, right, begin, end } = this.model.arcs;
    const next = new Int32Array(this.model.arcs.count), from = new Int32Array(this.model.nodes).fill(-1), direction = new Map();
    for (const arc of arcs) {
      const inside = left[arc] >= 0 && test(left[arc]), beyond = right[arc] >= 0 && test(right[arc]);
      if (inside === beyond) { continue; }
      const start = inside ? begin[arc] : end[arc];
      next[arc] = from[start];
      from[start] = arc;
      direction.set(arc, inside ? arc : ~arc);
    }
    const rings = [];
    for (const [first] of direction) {
      const ring = [];
      let arc = first;
      while (arc >= 0 && direction.has(arc)) {
        const reference = direction.get(arc);
        direction.delete(arc);
        ring.push(this.run(reference));
        arc = from[reference < 0 ? begin[arc] : end[arc]];
        while (arc >= 0 && !direction.has(arc)) { arc = next[arc]; }
      }
      rings.push("M" + ring.join("L") + "Z");
    }
    return rings.join("");
  }

  /* The arcs between two cells that pass a test, those on the border left out. */
  between(test, arcs) {
    this.refresh();
    const { left, right } = this.model.arcs;
    let text = "";
    for (const arc of arcs) {
      if (left[arc] >= 0 && right[arc] >= 0 && !this.parts[arc] && test(left[arc], right[arc])) { text += "M" + this.run(arc) + "L" + this.tip(arc); }
    }
    return text;
  }
}
