/* Comparing: two dates, two policies or as-of days, over each other or divided by a swipe. */

extend(Page, {
  /* Choices of histories, written in the language of the page. */
  buildViews() {
    const { model, parts } = this;
    const many = model.views.length > 1;
    const fill = (select, first) => {
      if (!select) { return; }
      const value = select.value;
      select.replaceChildren(...first, ...model.views.map((view) => element("option", { value: view.key }, model.viewLabel(view))));
      select.value = value;
      select.closest("label").hidden = !many;
    };
    fill(parts.shownView, []);
    fill(parts.compareView, [element("option", { value: "" }, this.t("sameView"))]);
  },

  bindCompare() {
    const { parts, model } = this;
    parts.compare.addEventListener("change", () => { this.compare = model.dayOf(parts.compare.value); this.showCompared(); });
    parts.compareView.addEventListener("change", () => { this.compareView = model.viewOf(parts.compareView.value); this.showCompared(); });
    parts.shownView.addEventListener("change", () => { this.view = model.viewOf(parts.shownView.value) || model.own; this.showCompared(); });
    parts.compareOff.addEventListener("click", () => {
      this.compare = this.compareView = this.swipe = null;
      this.showCompared();
      parts.compare.focus();
    });
    parts.compareOpen.addEventListener("click", () => this.openCompare(parts.comparePanel.hidden));
    parts.swipeOn.addEventListener("click", () => {
      this.swipe = this.swipe === null ? 0.5 : null;
      this.showCompared();
      if (this.swipe !== null) { parts.swipe.focus(); }
    });
    this.bindSwipe(parts.swipe);
  },

  bindSwipe(divider) {
    const drag = (event) => {
      const box = this.container.getBoundingClientRect();
      this.divide((event.clientX - box.left) / box.width);
    };
    divider.addEventListener("pointerdown", (event) => { divider.setPointerCapture(event.pointerId); drag(event); divider.focus(); event.preventDefault(); });
    divider.addEventListener("pointermove", (event) => { if (divider.hasPointerCapture(event.pointerId)) { drag(event); } });
    divider.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1, Home: -1, End: 1 };
      if (event.altKey || event.ctrlKey || event.metaKey || !(event.key in moves)) { return; }
      event.preventDefault();
      this.divide(this.swipe + moves[event.key]);
    });
  },

  /* Move the divider; A is left of it. */
  divide(part) {
    this.swipe = Math.round(clamp(part, 0, 1) * 1000) / 1000;
    this.drawing.swipe = this.swipe;
    this.drawing.clip();
    this.placeSwipe();
    this.remember();
  },

  placeSwipe() {
    const { swipe } = this.parts, percent = Math.round(100 * this.swipe);
    swipe.style.left = 100 * this.swipe + "%";
    swipe.setAttribute("aria-valuenow", percent);
    swipe.setAttribute("aria-valuetext", this.t("swipeValue", { percent }));
  },

  openCompare(open) {
    const { compareOpen, comparePanel } = this.parts;
    comparePanel.hidden = !open;
    compareOpen.setAttribute("aria-expanded", String(open));
  },

  /* Bring the controls in line with the state of the page, then show it. */
  showCompared(options) {
    const { parts, model } = this;
    parts.compare.value = this.compare === null ? "" : model.iso(this.compare);
    parts.compareView.value = this.compareView ? this.compareView.key : "";
    parts.shownView.value = this.view.key;
    if (this.other() === null) { this.swipe = null; }
    if (this.other() !== null || this.view !== model.own) { this.openCompare(true); }
    this.show(this.day, options);
  },

  /* A name for a state: its day, and its policy where there are several. */
  nameOfState(at) {
    const { model } = this;
    return model.views.length > 1 ? this.t("viewOn", { view: model.viewLabel(at.view), day: model.longDay(at.day) }) : model.longDay(at.day);
  },

  showComparison(a, b) {
    const { parts, model } = this;
    const divided = b !== null && this.swipe !== null;
    this.root.classList.toggle("fm-comparing", b !== null);
    this.root.classList.toggle("fm-divided", divided);
    parts.compareOff.disabled = parts.swipeOn.disabled = b === null;
    parts.swipeOn.setAttribute("aria-pressed", String(divided));
    parts.swipe.hidden = parts.sides.hidden = !divided;
    parts.exchange.hidden = b === null;
    parts.viewNote.textContent = model.viewLabel(a.view);
    if (b === null) { return; }
    if (divided) {
      this.placeSwipe();
      parts.sideA.textContent = this.t("sideA", { state: this.nameOfState(a) });
      parts.sideB.textContent = this.t("sideB", { state: this.nameOfState(b) });
    }
    const byView = a.view !== b.view;
    const told = byView ? this.nameOfState(b) : model.longDay(b.day);
    this.compareLines[0].lastChild.textContent = this.t("compareLine", { day: told });
    this.compareLines[1].lastChild.textContent = this.t("changed", { day: told });
    const [from, to] = b.day > a.day ? [a, b] : [b, a];
    const head = byView ? this.t("lessB") : this.t("comparing", { from: model.shortDay(from.day), to: model.shortDay(to.day) });
    this.changeHead.replaceChildren(this.t(byView ? "difference" : "change"), element("span", { class: "fm-note" }, head));
    this.showExchange(byView ? b : from, byView ? a : to, byView);
  },

  /* What each party gained and lost from one state to the other, by district; or has in one of them only. */
  showExchange(before, after, byView) {
    const { model, parts } = this;
    const from = before.view.on(before.day), to = after.view.on(after.day);
    const head = byView ? [this.t("sideA", { state: this.nameOfState(after) }), element("br"), this.t("sideB", { state: this.nameOfState(before) })] :
      [this.t("comparing", { from: model.longDay(before.day), to: model.longDay(after.day) })];
    const title = element("h3", {}, ...head);
    if (!from || !to) {
      const silent = from ? after : before;
      parts.exchange.replaceChildren(title, element("p", {}, this.t("notTold", { view: model.viewLabel(silent.view) })));
      return;
    }
    const body = element("tbody");
    const line = (cells, total) => body.append(element("tr", total ? { class: "fm-total" } : {},
      element("th", { scope: "row" }, cells[0]), element("td", {}, cells[1]), ...cells.slice(2).map((value) => element("td", { class: "fm-number" }, value))));
    model.states.forEach((state, i) => {
      if (state.kind !== "party") { return; }
      const rows = model.exchange(i, from, to);
      const sum = [0, 0];
      for (const [district, [plus, minus]] of rows) {
        sum[0] += plus;
        sum[1] += minus;
        line([model.name(district), model.stateLabel(i), model.km2(plus), model.km2(minus), model.signed(plus - minus)]);
      }
      if (rows.length > 1) { line([this.t("total"), model.stateLabel(i), model.km2(sum[0]), model.km2(sum[1]), model.signed(sum[0] - sum[1])], true); }
    });
    const none = !body.children.length;
    const titles = ["district", "party", ...(byView ? ["onlyA", "onlyB"] : ["gained", "lost"]), "net"].map((key) => element("th", { scope: "col" }, this.t(key)));
    const differing = model.differing(from, to);
    parts.exchange.replaceChildren(title, none ? element("p", {}, this.t("noChange")) :
      element("table", { class: "fm-table" }, element("thead", {}, element("tr", {}, ...titles)), body),
    element("p", { class: "fm-note" }, differing > 0 ? this.t("differing", { area: model.km2(differing) }) + " " : "", none ? "" : this.t("beyondOnly")));
  },
});
