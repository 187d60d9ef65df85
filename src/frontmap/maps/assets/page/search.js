/* The search for a place by any spelling. */

extend(Page, {
  bindSearch() {
    const { find, found } = this.parts;
    if (!find) { return; }
    const { model } = this;
    let keys = null;
    let hits = [], active = -1, searching = false;
    const paint = () => {
      found.replaceChildren(...hits.map((place, i) => {
        const item = element("li", { role: "option", id: "fm-option-" + i, "aria-selected": String(i === active) },
          this.drawing.nameOf(model.places[place]), element("span", { class: "fm-note" }, " " + model.name(model.data.strings[model.places[place][2]])));
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
      find.value = this.drawing.nameOf(model.places[place]);
      this.choose(place);
      this.bringIntoView(place);
    };
    find.addEventListener("input", () => {
      const query = fold(find.value);
      keys = keys || model.places.map((place) => [place[0], ...place[1].split("|")].map(fold).filter(Boolean));
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
  },
});
