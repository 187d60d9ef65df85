/* The controls: day, keys, playing, and what opens from the page. */

extend(Page, {
  bindControls() {
    const { parts, model } = this;
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
    on("wide", "click", () => this.fit(model.wholeBounds(), true));
    on("names", "change", () => { this.chooseNames(parts.names.value); this.remember(); });
    on("focus", "click", () => this.fit(this.outlook, false));
    on("csv", "click", () => this.download());
    on("print", "click", () => this.print("map"));
    on("printAll", "click", () => this.print("all"));
    on("copy", "click", () => this.copyLink());
    document.querySelectorAll("[data-fm-day]").forEach((button) => button.addEventListener("click", () => {
      this.pause();
      this.show(Number(button.dataset.fmDay));
      this.root.scrollIntoView({ block: "start" });
    }));
  },

  /* The language in which places are named. */
  chooseNames(script) {
    this.drawing.script = script;
    this.parts.names.value = script;
    this.drawing.placeLabels();
    if (this.place !== null) { this.showPlace(); }
  },

  bindKeys() {
    const step = (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) { return; }
      const { changeDays } = this.view;
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
  },

  toggle() { if (this.timer) { this.pause(); this.announce(this.model.summary(this.shown())); } else { this.play(); } },

  play() {
    if (this.day >= this.model.days - 1) { this.show(0, { announce: false }); }
    let last = performance.now();
    const frame = (now) => {
      const due = Math.floor((now - last) * Number(this.parts.speed.value) / 1000);
      if (due > 0) {
        last += due * 1000 / Number(this.parts.speed.value);
        this.show(this.day + due, { announce: false });
      }
      if (this.day >= this.model.days - 1) { this.pause(); this.announce(this.model.summary(this.shown())); } else if (this.timer) { this.timer = requestAnimationFrame(frame); }
    };
    this.timer = requestAnimationFrame(frame);
    this.labelPlay();
  },

  pause() {
    if (this.timer) { cancelAnimationFrame(this.timer); }
    this.timer = null;
    this.labelPlay();
  },

  labelPlay() {
    this.root.classList.toggle("fm-playing", this.timer !== null);
    this.parts.playLabel.textContent = this.t(this.timer === null ? "play" : "pause");
  },
});
