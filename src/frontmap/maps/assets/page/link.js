/* The state of the page as a link, as a file and on paper. */

const STATE_KEYS = /[#&](date|vs|shown|with|swipe|place|claim|view|band|grid|lang|names)=/;

extend(Page, {
  remember() {
    clearTimeout(this.remembering);
    this.remembering = setTimeout(() => {
      if (location.hash !== this.address) { return; }  /* a link was followed meanwhile and is about to be recalled */
      const { model, drawing } = this, state = new URLSearchParams();
      const put = (key, value) => { if (value !== null && value !== undefined) { state.set(key, value); } };
      put("date", model.iso(this.day));
      put("vs", this.compare === null ? null : model.iso(this.compare));
      put("shown", this.view === model.own ? null : this.view.key);
      put("with", this.compareView ? this.compareView.key : null);
      put("swipe", this.swipe);
      put("place", this.place === null ? null : model.names[this.place]);
      put("claim", this.claim);
      put("lang", model.lang === model.data.lang ? null : model.lang);
      put("names", drawing.script === this.namesOf(model.lang) ? null : drawing.script || "en");
      put("band", drawing.band ? null : "off");
      put("grid", drawing.grid ? null : "off");
      if (this.moved) {
        const centre = this.map.getCenter();
        put("view", [centre.lat.toFixed(4), centre.lng.toFixed(4), this.map.getZoom()].join(","));
      }
      this.hash = "#" + state.toString();
      try { history.replaceState(null, "", this.hash); } catch (error) { /* a framed page may not change its address */ }
      this.address = location.hash;
    }, 200);
  },

  /* The language of the places' names that goes with one of the page; empty for the first. */
  namesOf(lang) { return this.model.data.spellings.includes(lang) ? lang : ""; },

  /* Show what a link says; what it does not say is as at the beginning, but for a link that names a claim only. */
  recall() {
    const { model } = this;
    this.address = location.hash;
    const state = new URLSearchParams(location.hash.slice(1));
    const claim = state.get("claim");
    if (state.has("lang")) { this.speak(state.get("lang")); }
    if (claim && !state.has("date")) { this.openClaim(claim); return; }
    this.speak(state.get("lang"));
    const names = state.get("names");
    this.chooseNames(names === "en" ? "" : model.data.spellings.includes(names) ? names : this.namesOf(model.lang));
    this.compare = model.dayOf(state.get("vs"));
    this.view = model.viewOf(state.get("shown")) || model.own;
    this.compareView = model.viewOf(state.get("with"));
    const swipe = parseFloat(state.get("swipe"));
    this.swipe = Number.isFinite(swipe) ? clamp(swipe, 0, 1) : null;
    const view = (state.get("view") || "").split(",").map(Number);
    if (view.length === 3 && view.every(Number.isFinite) && Math.abs(view[0]) <= 85 && Math.abs(view[1]) <= 180) {
      this.moved = true;
      this.map.setView([view[0], view[1]], clamp(view[2], 5, 13), { animate: false });
    } else if (this.moved) {
      this.fit(this.outlook, false);
    }
    const place = model.names.indexOf(state.get("place"));
    if (place >= 0) { this.choose(place); } else if (this.place !== null) { this.closePlace(); }
    for (const layer of ["band", "grid"]) { this.switchLayer(layer, state.get(layer) !== "off"); }
    this.day = model.dayOf(state.get("date")) ?? this.day;
    this.openCompare(false);
    this.showCompared({ announce: false });
    if (claim) { this.openClaim(claim, { seek: false }); } else if (this.claim !== null) { this.closeClaim(); }
    if (place >= 0) { this.bringIntoView(place); }
  },

  async copyLink() {
    const link = location.href.split("#")[0] + (this.hash || "");
    try {
      await navigator.clipboard.writeText(link);
      this.announce(this.t("copied"));
      this.parts.copy.textContent = this.t("copied");
      setTimeout(() => { this.parts.copy.textContent = this.t("copy"); }, 2000);
    } catch (error) { window.prompt(this.t("copy"), link); }
  },

  /* The areas of what is shown: all days, or those between two that are compared; both histories where two are. */
  download() {
    const { model } = this, b = this.other();
    const lines = [["date", "policy", "as_of", "party", "side", "area_km2", "area_low_km2", "area_high_km2"].join(",")];
    for (const view of new Set([this.view, ...(b ? [b.view] : [])])) {
      for (const day of this.daysShown(1).filter((each) => each < view.days)) {
        for (const [key, rows] of Object.entries(view.areas)) {
          lines.push([model.iso(day), view.policy, view.asOf, ...key.split("|"), rows[3 * day + 1], rows[3 * day], rows[3 * day + 2]].join(","));
        }
      }
    }
    const address = URL.createObjectURL(new Blob([lines.join("\n") + "\n"], { type: "text/csv" }));
    element("a", { href: address, download: "areas.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  },

  /* Print the map's page alone, or the whole briefing. */
  print(what) {
    document.documentElement.dataset.print = what;
    window.print();
  },

  bindPrint() {
    window.addEventListener("beforeprint", () => {
      this.printing = true;
      this.seen = { bounds: this.map.getBounds(), centre: this.map.getCenter(), zoom: this.map.getZoom(), moved: this.moved };
      this.root.classList.add("fm-printing");
      this.map.invalidateSize({ animate: false });
      this.fit(this.moved ? this.seen.bounds : this.outlook, this.moved);
      this.drawing.placeLabels();
    });
    window.addEventListener("afterprint", () => {
      this.root.classList.remove("fm-printing");
      delete document.documentElement.dataset.print;
      this.map.invalidateSize({ animate: false });
      this.map.setView(this.seen.centre, this.seen.zoom, { reset: true });
      this.moved = this.seen.moved;
      this.printing = false;
    });
  },
});
