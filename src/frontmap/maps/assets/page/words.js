/* The words of the page in the language chosen, and the change of language while it is open. */

extend(Model, {
  speak(lang) {
    this.lang = Object.hasOwn(this.data.words, lang) ? lang : this.data.lang;
    this.words = this.data.words[this.lang];
  },

  t(key, values) {
    return (this.words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => (values && Object.hasOwn(values, name) ? values[name] : whole));
  },

  /* A text of the data in the language chosen, if there is one, else as the data have it. */
  said(key, text) { return this.words[key] ?? text; },

  /* A whole number as the language writes it. */
  km2(value) {
    const rounded = Math.round(value);
    return (rounded < 0 ? "\u2212" : "") + String(Math.abs(rounded)).replace(/\B(?=(\d{3})+$)/g, this.words.thousands ?? ",");
  },

  signed(value) { return (Math.round(value) > 0 ? "+" : "") + this.km2(value); },

  /* A name in English of districts and regions, part by part as the language knows them. */
  name(text) { return text.split(/( \/ |, )/).map((part) => this.said("name." + part, part)).join(""); },

  /* A sentence of the package by its pattern: what {x} stands for is a party, a sentence itself, or kept as it is. */
  sentence(text) {
    for (const [key, said] of Object.entries(this.words)) {
      if (!key.startsWith("rule.")) { continue; }
      const names = [], literal = (part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      const pattern = key.slice(5).split(/(\{\w+\})/).map((part) => {
        if (!/^\{\w+\}$/.test(part)) { return literal(part); }
        names.push(part.slice(1, -1));
        return "(.+?)";
      }).join("");
      const found = new RegExp("^" + pattern + "$").exec(text);
      if (!found) { continue; }
      const values = Object.fromEntries(names.map((name, i) => [name, this.said("party." + found[i + 1], null) ?? this.sentence(found[i + 1])]));
      return said.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
    }
    return text;
  },

  written(iso, months = "months") {
    if (!iso) { return this.t("undated"); }
    const [year, month, day] = iso.split("-").map(Number);
    return this.t("dayFormat", { day, month: this.t(months).split(" ")[month - 1], year });
  },

  shortDay(day) { return this.written(this.iso(day), "shortMonths"); },

  longDay(day) { return this.written(day === null ? "" : this.iso(day)); },

  stateLabel(state) {
    const { id, kind, label } = this.states[state];
    return kind === "party" ? this.said("party." + id, label) : this.t(kind);
  },

  sideLabel(side) { return this.said("side." + this.data.sides[side], this.data.sides[side]); },

  otherSides(state) {
    return this.data.sides.map((side, i) => (this.sideOf[state][i] ? this.sideLabel(i) : "")).filter(Boolean).join(", ");
  },

  viewLabel(view) {
    const party = this.states.find((state) => view.policy === "claimed-by:" + state.id);
    const policy = party ? this.t("policy.claimed-by", { party: this.said("party." + party.id, party.label) }) : this.said("policy." + view.policy, view.policy);
    return view.asOf ? this.t("policyAsOf", { policy, day: this.written(view.asOf) }) : policy;
  },

  summary({ view, day }) {
    const parts = [];
    if (day >= view.days) { return this.t("announce", { day: this.longDay(day), parts: this.t("notTold", { view: this.viewLabel(view) }) }); }
    this.states.forEach((state, i) => {
      if (state.kind === "party" && this.otherSides(i)) {
        const [low, best, high] = view.beyond(i, day).map((value) => this.km2(value));
        parts.push(this.t("announcePart", { party: this.stateLabel(i), area: best, side: this.otherSides(i), low, high }));
      } else if (state.kind === "contested" && view.has(i)) {
        parts.push(this.t("announceContested", { area: this.km2(view.everywhere(i, day)[1]) }));
      }
    });
    return this.t("announce", { day: this.longDay(day), parts: parts.join("; ") });
  },
});

extend(Page, {
  t(key, values) { return this.model.t(key, values); },

  bindLanguage() {
    const { lang } = this.parts;
    this.gatherTexts();
    if (!lang) { return; }
    lang.hidden = lang.options.length < 2;
    lang.addEventListener("change", () => { this.speak(lang.value); this.remember(); });
  },

  /* Everything on the page in another language: what the script wrote, what the markup says, and the texts made in Python. */
  speak(code) {
    const { model, parts } = this;
    const before = model.lang;
    model.speak(code);
    if (model.lang === before) { return; }
    document.documentElement.lang = model.lang;
    if (parts.lang) { parts.lang.value = model.lang; }
    this.writeWords(document);
    this.writeTexts((model.data.texts || {})[model.lang]);
    for (const credit of [parts.credit, ...document.querySelectorAll(".fm-attributed")]) { credit.textContent = model.said("attribution", model.data.attribution); }
    document.title = model.said("title", model.data.title);
    this.chooseNames(this.namesOf(model.lang));
    this.drawing.speak();
    this.buildLegend();
    this.buildViews();
    this.labelPlay();
    if (this.claim !== null) { this.showClaim(); }
    this.show(this.day);
    document.dispatchEvent(new Event("fm-language"));
  },

  writeWords(within) {
    const { model } = this;
    within.querySelectorAll("[data-word]").forEach((item) => {
      const values = item.dataset.count ? { count: item.dataset.count } : undefined;
      item.textContent = item.dataset.word in model.words ? model.t(item.dataset.word, values) : item.textContent;
    });
    within.querySelectorAll("[data-word-label]").forEach((item) => {
      const label = model.t(item.dataset.wordLabel);
      item.setAttribute("aria-label", label);
      if (item.hasAttribute("title")) { item.setAttribute("title", label); }
    });
    within.querySelectorAll("[data-word-hint]").forEach((item) => { item.placeholder = model.t(item.dataset.wordHint); });
  },

  /* Texts made in Python, in the order of the page; those of the language in which it opened stand in it and are kept. */
  gatherTexts() {
    this.marked = [...document.querySelectorAll("[data-t]")];
    this.labelled = [...document.querySelectorAll("[data-l]")];
    this.opened = { texts: this.marked.map((item) => item.textContent), labels: this.labelled.map((item) => item.getAttribute("aria-label")) };
    this.tellLanguage();
  },

  /* Texts of the page inside what stands as it was recorded, in another language. */
  tellLanguage() {
    document.querySelectorAll("[lang] [lang] [data-t]").forEach((item) => { item.lang = this.model.lang; });
  },

  writeTexts(told) {
    const { texts, labels } = told || this.opened;
    this.marked.forEach((item, i) => { item.textContent = texts[i]; });
    this.tellLanguage();
    this.labelled.forEach((item, i) => { item.setAttribute("aria-label", labels[i]); });
  },
});
