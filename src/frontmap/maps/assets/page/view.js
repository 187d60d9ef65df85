/* One history on the cells of the page: states of every cell and areas, by day. The page's own is the first. */

class View {
  constructor(model, told) {
    this.model = model;
    this.told = told;
    this.policy = told.policy;
    this.asOf = told.asOf;
    this.days = told.days;
    this.level = told.level;
    this.key = told.policy + (told.asOf ? "@" + told.asOf : "");
  }

  /* Runs through changes told by day and cell, filling a table of one row of cells a day. */
  expand(start, changes, value) {
    const n = this.model.cells, table = new Uint8Array(n * this.days), days = new Set();
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
      days.add(day);
    }
    fill(this.days - 1);
    return [table, [...days]];
  }

  read() {
    if (!this.table) { [this.table, this.turns] = this.expand(this.told.start, this.told.changes, (row) => row.take()); }
  }

  /* Days on which any cell changes. */
  get changeDays() { this.read(); return this.turns; }

  /* State of each cell on a day; nothing after the last day that this history tells of. */
  on(day) {
    if (day >= this.days) { return null; }
    this.read();
    return this.table.subarray(day * this.model.cells, (day + 1) * this.model.cells);
  }

  /* Which cells are in doubt on a day; only the page's own history tells it. */
  doubtOn(day) {
    if (!this.told.doubts || day >= this.days) { return null; }
    if (!this.doubts) { [this.doubts] = this.expand(this.told.doubtful, this.told.doubts, (row, old) => 1 - old); }
    return this.doubts.subarray(day * this.model.cells, (day + 1) * this.model.cells);
  }

  /* Low, best and high by state and side, three numbers a day. */
  get areas() {
    if (this.areaTable) { return this.areaTable; }
    this.areaTable = {};
    for (const [key, text] of Object.entries(this.told.areas)) {
      const rows = new Float64Array(3 * this.days), steps = reader(text), now = [0, 0, 0, 0];
      let filled = 0;
      const fill = (until) => { for (; filled < until; filled += 1) { rows.set(now.slice(1).map((value) => value / 10), 3 * filled); } };
      while (steps.more()) {
        const change = steps.list(4);
        fill(now[0] + change[0]);
        change.forEach((value, i) => { now[i] += value; });
      }
      fill(this.days);
      this.areaTable[key] = rows;
    }
    return this.areaTable;
  }

  /* [low, best, high] in km2 of a state on the sides that `wanted` accepts; nothing after the last day. */
  area(state, day, wanted) {
    if (day >= this.days) { return null; }
    const sum = [0, 0, 0];
    this.model.data.sides.forEach((side, i) => {
      const rows = this.areas[this.model.states[state].id + "|" + side];
      if (rows && wanted(i)) { for (let k = 0; k < 3; k += 1) { sum[k] += rows[3 * day + k]; } }
    });
    return sum;
  }

  beyond(state, day) { return this.area(state, day, (side) => this.model.sideOf[state][side]); }

  everywhere(state, day) { return this.area(state, day, () => true); }

  /* Whether any ground ever is, or may be, in a state under this history. */
  has(state) {
    const { sides } = this.model.data, { id } = this.model.states[state];
    this.known = this.known || new Map();
    if (!this.known.has(id)) { this.known.set(id, sides.some((side) => (this.areas[id + "|" + side] || []).some((value) => value > 0))); }
    return this.known.get(id);
  }
}
