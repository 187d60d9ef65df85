/* What the data say, without any drawing; see payload.py. */

class Model {
  constructor(data) {
    this.data = data;
    this.days = data.days;
    this.start = Date.parse(data.first);
    this.states = data.states;
    this.readGround();
    this.readPlaces();
    this.readReports();
    this.sideOf = data.states.map((state) => data.sides.map((side) => state.kind === "party" && side !== state.home));
    this.views = [data, ...(data.views || [])].map((told) => new View(this, told));
    this.own = this.views[0];
    this.names = this.uniqueNames();
    this.speak(data.lang);
  }

  /* Arcs with their points, as flat rows, and the cells on their left and right; sides, districts and areas of the cells. */
  readGround() {
    const { data } = this;
    const nodes = unpack(numbers(data.nodes), 1);
    const values = numbers(data.arcs);
    const left = [], right = [], begin = [], end = [], start = [0], lon = [], lat = [];
    let last = 0, cell = 0;
    for (let at = 0; at < values.length;) {
      const first = last + values[at++];
      last = first + values[at++];
      cell += values[at++];
      left.push(cell);
      right.push(cell + values[at++]);
      begin.push(first);
      end.push(last);
      let [y, x] = nodes[first];
      lon.push(x * data.grid);
      lat.push(y * data.grid);
      for (let between = values[at++]; between > 0; between -= 1) {
        x += values[at++];
        y += values[at++];
        lon.push(x * data.grid);
        lat.push(y * data.grid);
      }
      lon.push(nodes[last][1] * data.grid);
      lat.push(nodes[last][0] * data.grid);
      start.push(lon.length);
    }
    this.arcs = {
      count: left.length, left: Int32Array.from(left), right: Int32Array.from(right), begin: Int32Array.from(begin),
      end: Int32Array.from(end), start: Int32Array.from(start), lon: Float64Array.from(lon), lat: Float64Array.from(lat),
    };
    this.nodes = nodes.length;
    const side = [], district = [];
    const grounds = reader(data.grounds);
    while (grounds.more()) {
      const ofSide = grounds.take(), ofDistrict = grounds.take();
      for (let rest = grounds.take(); rest > 0; rest -= 1) {
        side.push(ofSide);
        district.push(ofDistrict);
      }
    }
    this.cells = side.length;
    this.cellSide = Uint8Array.from(side);
    this.cellDistrict = Int32Array.from(district);
    this.cellArea = Float64Array.from(numbers(data.cellArea), (value) => value / 1000);
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

  viewOf(key) { return this.views.find((view) => view.key === key) || null; }

  /* Ground beyond the border that a party has only after (gained) or only before (lost), by district. */
  exchange(state, before, after) {
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

  /* All ground in km2 whose state differs. */
  differing(before, after) {
    let sum = 0;
    for (let i = 0; i < before.length; i += 1) { if (before[i] !== after[i]) { sum += this.cellArea[i]; } }
    return sum;
  }

  iso(day) { return new Date(this.start + day * DAY_MS).toISOString().slice(0, 10); }

  dayOf(iso) {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(iso || "")) { return null; }
    const day = Math.round((Date.parse(iso) - this.start) / DAY_MS);
    return Number.isFinite(day) ? clamp(day, 0, this.days - 1) : null;
  }

  /* Names of places for links: with the district, and where that does not do with a number, when others have the name too. */
  uniqueNames() {
    const numbered = (names, told) => {
      const count = new Map();
      for (const name of names) { count.set(name, (count.get(name) || 0) + 1); }
      return names.map((name, i) => (count.get(name) > 1 ? told(name, i) : name));
    };
    const districts = numbered(this.places.map((place) => place[0]), (name, i) => name + ", " + this.data.strings[this.places[i][2]]);
    const seen = new Map();
    return numbered(districts, (name) => {
      seen.set(name, (seen.get(name) || 0) + 1);
      return name + " (" + seen.get(name) + ")";
    });
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

  /* A box around the cells that pass a test. */
  bounds(test) {
    const { left, right, start, lon, lat } = this.arcs;
    let west = Infinity, east = -Infinity, south = Infinity, north = -Infinity;
    for (let arc = 0; arc < left.length; arc += 1) {
      if (!((left[arc] >= 0 && test(left[arc])) || (right[arc] >= 0 && test(right[arc])))) { continue; }
      for (let i = start[arc]; i < start[arc + 1]; i += 1) {
        west = Math.min(west, lon[i]);
        east = Math.max(east, lon[i]);
        south = Math.min(south, lat[i]);
        north = Math.max(north, lat[i]);
      }
    }
    return L.latLngBounds([south, west], [north, east]);
  }

  wholeBounds() { return this.bounds(() => true); }

  /* The cells that were in another state than at first for at least a twentieth of the days. */
  changedBounds() {
    const first = this.own.on(0), count = new Uint32Array(first.length);
    for (let day = 1; day < this.days; day += 1) {
      const codes = this.own.on(day);
      for (let i = 0; i < codes.length; i += 1) { count[i] += codes[i] !== first[i] ? 1 : 0; }
    }
    const most = count.reduce((high, value) => Math.max(high, value), 0);
    return most ? this.bounds((i) => count[i] > 0 && count[i] >= Math.min(most, this.days / 20)) : this.wholeBounds();
  }

  /* The cell under a point: the one whose outline a line to the east crosses an odd number of times. */
  cellAt({ lat: y, lng: x }) {
    const { left, right, start, lon, lat } = this.arcs, odd = new Set();
    const turn = (cell) => { if (cell >= 0 && !odd.delete(cell)) { odd.add(cell); } };
    for (let arc = 0; arc < left.length; arc += 1) {
      for (let i = start[arc] + 1; i < start[arc + 1]; i += 1) {
        if ((lat[i - 1] > y) !== (lat[i] > y) && x < (lon[i] - lon[i - 1]) * (y - lat[i - 1]) / (lat[i] - lat[i - 1]) + lon[i - 1]) {
          turn(left[arc]);
          turn(right[arc]);
        }
      }
    }
    return odd.size ? [...odd][0] : null;
  }
}
