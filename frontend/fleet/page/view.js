// Draws the fleet, and shows of it what the words and the chosen state leave.
"use strict";

const STATES = new Map([
  ["free", "free"], ["in-vm", "in VMs"], ["in-slices", "in slices"],
  ["in-domain", "in other domains"], ["host", "for their host"], ["maintenance", "in maintenance"],
  ["failing", "failing"], ["missing", "missing"],
]);

const ROLES = { row: "rowheader", col: "columnheader" };

// An element with attributes and children; null children are left out, texts are never markup.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value);
  }
  // Where there is little room, the lines of a table are blocks, and would be no table to a reader.
  const role = { table: "table", tr: "row", td: "cell" }[tag] ?? ROLES[attributes.scope];
  if (role) made.setAttribute("role", role);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// The line of heads of a table; those at `numbers` and after are above numbers.
function heads(texts, numbers = Infinity) {
  return element("thead", {}, element("tr", {}, ...texts.map((text, i) =>
      element("th", { scope: "col", class: i >= numbers ? "number" : undefined }, text))));
}

const counted = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

function span(seconds) {
  if (seconds < 60) return "now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

class Page {
  constructor(fleet) {
    this.fleet = fleet;
    this.made = Date.parse(fleet.made);
    for (const row of [...fleet.hosts, ...fleet.vms]) {
      row.attributes = { ...fleet.common, ...row.attributes };
    }
    this.vms = new Map(fleet.vms.map((vm) => [vm.name, vm]));
    this.selection = new Selection([...fleet.hosts.filter((host) => host.meant !== false),
                                    ...fleet.vms]);
    this.state = "";
    this.drawn = [];
    this.words = document.getElementById("words");
    this.answer = document.getElementById("answer");
  }

  draw() {
    const when = `${this.fleet.made.slice(0, 10)} ${this.fleet.made.slice(11, 16)} UTC`;
    document.title = `Fleet, ${when}`;
    const ago = span((Date.now() - this.made) / 1000);
    document.getElementById("made").append(
        "Made ", element("time", { datetime: this.fleet.made }, when),
        ago === "now" ? "" : `, ${ago} ago`,
        this.fleet.words ? `, of what these words mean: ${this.fleet.words}` : "",
        ". An age is the time from what a host told last until then.");
    this.drawStates();
    this.drawModels();
    this.drawRacks();
    document.getElementById("notes").append(
        ...this.fleet.notes.map((note) => element("p", {}, note)));
    this.listen();
    this.readHash();
  }

  cards() { return this.fleet.hosts.flatMap((host) => host.cards); }

  drawStates() {
    const counts = new Map();
    for (const card of this.cards()) counts.set(card.state, (counts.get(card.state) ?? 0) + 1);
    const group = document.getElementById("states");
    for (const [state, words] of STATES) {
      const count = counts.get(state) ?? 0;
      if (count === 0 && state !== "free") continue;
      const button = element("button", { type: "button", class: state, "data-state": state,
                                         "aria-pressed": "false" },
                             element("b", {}, count.toLocaleString("en")), words);
      button.addEventListener("click", () => this.choose(this.state === state ? "" : state));
      group.append(button);
    }
  }

  drawModels() {
    const models = new Map();
    for (const card of this.cards()) {
      const model = card.model ?? "model not known";
      const one = models.get(model) ?? { free: 0, held: 0, all: 0 };
      one.all += 1;
      one.free += card.state === "free" ? 1 : 0;
      one.held += ["in-vm", "in-domain", "in-slices"].includes(card.state) ? 1 : 0;
      models.set(model, one);
    }
    const body = [...models].sort().map(([model, one]) => element("tr", {},
        element("th", { scope: "row" }, model),
        ...[one.free, one.held, one.all].map((n) => element("td", { class: "number" },
                                                            n.toLocaleString("en")))));
    document.getElementById("models").append(heads(["Model", "Free", "In use", "All"], 1),
                                             element("tbody", {}, ...body));
  }

  drawRacks() {
    const racks = new Map();
    for (const host of this.fleet.hosts) {
      if (!racks.has(host.rack)) racks.set(host.rack, []);
      racks.get(host.rack).push(host);
    }
    const order = [...racks.keys()].sort((a, b) => (a ?? Infinity) - (b ?? Infinity));
    const sections = order.map((rack) => this.drawRack(rack, racks.get(rack)));
    document.getElementById("racks").append(...sections);
  }

  drawRack(rack, hosts) {
    const counts = element("span");
    const rows = hosts.map((host) => this.drawHost(host));
    const name = element("b", {}, rack === undefined ? "No rack" : `Rack ${rack}`);
    const section = element("section", { class: "rack" }, element("table", {},
        element("caption", {}, name, counts),
        heads(["Host", "Free", "Cards", "Age"]), element("tbody", {}, ...rows)));
    this.drawn.push({ section, counts, hosts });
    return section;
  }

  drawHost(host) {
    host.button = element("button", { type: "button", class: "open", tabindex: "-1",
                                      "aria-expanded": "false" }, host.name);
    host.button.addEventListener("click", () => this.toggle(host));
    host.chips = [...host.cards, ...(host.others ?? [])].map((card) => this.chip(card));
    const maintenance = host.maintenance === undefined ? null :
        `in maintenance: ${host.maintenance || "no reason given"}`;
    const free = host.cards.filter((card) => card.state === "free").length;
    const of = host.cards.length === 0 ? "" : `${free} of ${host.cards.length}`;
    const note = (words, kind = "") => words && element("span", { class: `what ${kind}` }, words);
    host.row = element("tr", {},
        element("th", { scope: "row" }, host.button, note(this.kindOf(host)), note(maintenance),
                note(host.failing && `failing: ${host.failing}`, "bad")),
        element("td", { "data-name": "Free", class: free > 0 ? "some" : "quiet" }, of),
        host.chips.length === 0 ? element("td", { class: "quiet" }, "no cards") :
            element("td", {}, element("ul", { class: "cards" }, ...host.chips)),
        element("td", { "data-name": "Age", class: "quiet" }, this.age(host.seen)));
    return host.row;
  }

  // Its models, most of them first: "8 × GA100 [A100 SXM4 80GB]".
  kindOf(host) {
    const models = new Map();
    for (const { model } of host.cards) {
      if (model) models.set(model, (models.get(model) ?? 0) + 1);
    }
    const words = [...models].sort((a, b) => b[1] - a[1]).map(([model, n]) => `${n} × ${model}`);
    return [host.appliance, ...words].join(", ");
  }

  age(seen) {
    if (seen === undefined) return "never told";
    return element("time", { datetime: seen }, span((this.made - Date.parse(seen)) / 1000));
  }

  // What holds a card, or what is with it.
  holder(card) {
    const held = card.vm ?? card.domain;
    if (card.state === "missing") return held ? `missing, ${held}` : "missing";
    if (card.state === "in-slices") {
      const slices = card.slices ?? [];
      const busy = slices.filter((slice) => slice.vm ?? slice.domain).length;
      return `${busy} of ${counted(slices.length, "slice")} in use`;
    }
    return held ?? card.state;
  }

  chip(card) {
    const number = /^gpupci(\d*)$/.exec(card.name);
    const unseen = element("span", { class: "unseen" }, number ? "gpupci" : "");
    const name = element("span", {}, unseen, number ? number[1] : card.name.slice(0, 8));
    card.chip = element("li", { class: card.state, title: `${card.name}: ${this.holder(card)}` },
                        name, ` ${this.holder(card)}`);
    return card.chip;
  }

  toggle(host) {
    const isOpen = host.full !== undefined;
    host.button.setAttribute("aria-expanded", String(!isOpen));
    if (isOpen) {
      host.full.remove();
      host.full = undefined;
      return;
    }
    host.full = element("tr", { class: "full" }, element("td", { colspan: "4" },
        this.cardTable(host), this.facts(host)));
    host.row.after(host.full);
  }

  cardTable(host) {
    const rows = [];
    const add = (one, age = "") => rows.push(element("tr", {},
        element("th", { scope: "row" }, one.name), element("td", {}, one.pci ?? ""),
        element("td", {}, one.model ?? one.type ?? one.ids ?? ""),
        element("td", { class: one.failing ? "bad" : undefined },
                one.failing && one.state !== "failing" ? `${one.state}, ` : "",
                one.failing ? `failing: ${one.failing}` : one.state),
        element("td", {}, this.place(one)), element("td", {}, one.driver ?? ""),
        element("td", {}, age)));
    for (const card of host.cards) {
      add(card, this.age(card.seen));
      for (const slice of card.slices ?? []) add(slice);
    }
    for (const slice of host.others ?? []) add(slice);
    if (rows.length === 0) return null;
    return element("table", {}, heads(["Card", "Address", "Model", "State", "VM", "Driver", "Age"]),
                   element("tbody", {}, ...rows));
  }

  place(one) {
    if (one.domain) return `${one.domain} (libvirt alone)`;
    const vm = this.vms.get(one.vm);
    return vm?.address ? `${vm.name} (${vm.address})` : one.vm ?? "";
  }

  facts(host) {
    const facts = [["Address", host.address], ["Rank", host.rank],
                   ...Object.entries(host.attributes).sort()];
    return element("dl", {}, ...facts.filter(([, value]) => value !== undefined).flatMap(
        ([name, value]) => [element("dt", {}, name), element("dd", {}, String(value))]));
  }

  // Shows what the words and the state leave; words that are refused leave everything, and say so.
  show() {
    let refused = "";
    let rows = null;
    try {
      if (this.words.value.trim()) rows = this.selection.chosen(this.words.value);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused = error.message;
    }
    const total = { hosts: 0, cards: 0, free: 0 };
    for (const rack of this.drawn) this.showRack(rack, rows, total);
    for (const button of document.querySelectorAll("#states button")) {
      button.setAttribute("aria-pressed", String(button.dataset.state === this.state));
    }
    const shown = `${counted(total.hosts, "host")}, ${counted(total.cards, "card")}, ` +
        `${total.free.toLocaleString("en")} free`;
    const what = this.state ? `${shown} (with cards ${STATES.get(this.state)})` : shown;
    this.answer.textContent = refused ? `${refused}. Not filtered: ${what}` : what;
    this.answer.classList.toggle("refused", refused !== "");
    this.words.setAttribute("aria-invalid", String(refused !== ""));
    this.keepOneTabStop();
  }

  showRack(rack, rows, total) {
    const here = { hosts: 0, cards: 0, free: 0 };
    for (const host of rack.hosts) {
      const isMeant = rows === null || rows.has(host);
      const isOfVm = (one) => one.vm !== undefined && rows.has(this.vms.get(one.vm));
      const isShown = (card) => (!this.state || card.state === this.state) &&
          (isMeant || isOfVm(card) || (card.slices ?? []).some(isOfVm));
      const all = [...host.cards, ...(host.others ?? [])];
      for (const card of all) card.chip.classList.toggle("other", !isShown(card));
      const hidden = !all.some(isShown) && (!isMeant || this.state !== "");
      host.row.hidden = hidden;
      if (host.full) host.full.hidden = hidden;
      if (hidden) continue;
      here.hosts += 1;
      const cards = host.cards.filter(isShown);
      here.cards += cards.length;
      here.free += cards.filter((card) => card.state === "free").length;
    }
    rack.section.hidden = here.hosts === 0;
    rack.counts.textContent = `${counted(here.hosts, "host")}, ${counted(here.cards, "card")}, ` +
        `${here.free.toLocaleString("en")} free`;
    for (const key of Object.keys(total)) total[key] += here[key];
  }

  choose(state) {
    this.state = state;
    this.show();
    this.writeHash();
  }

  // The address tells what is shown: fleet.html#q=rack0&state=free.
  readHash() {
    const hash = new URLSearchParams(location.hash.slice(1));
    this.words.value = hash.get("q") ?? "";
    this.state = STATES.has(hash.get("state")) ? hash.get("state") : "";
    this.show();
  }

  writeHash() {
    const hash = new URLSearchParams();
    if (this.words.value) hash.set("q", this.words.value);
    if (this.state) hash.set("state", this.state);
    history.replaceState(null, "", `#${hash}`);
  }

  // Those of the hosts that are shown, from top to bottom.
  buttons() {
    const hosts = this.drawn.flatMap((rack) => rack.hosts);
    return hosts.filter((host) => !host.row.hidden).map((host) => host.button);
  }

  // Tab goes to one host, and arrows go on from there.
  keepOneTabStop(wanted = null) {
    const buttons = this.buttons();
    const stop = wanted ?? buttons.find((button) => button.tabIndex === 0) ?? buttons[0];
    for (const host of this.fleet.hosts) host.button.tabIndex = host.button === stop ? 0 : -1;
  }

  listen() {
    this.words.addEventListener("input", () => {
      this.show();
      this.writeHash();
    });
    document.getElementById("find").addEventListener("submit", (event) => event.preventDefault());
    addEventListener("hashchange", () => this.readHash());
    document.addEventListener("keydown", (event) => this.key(event));
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const isInField = event.target === this.words;
    if (event.key === "/" && !isInField) {
      event.preventDefault();
      this.words.focus();
      this.words.select();
    } else if (event.key === "Escape" && isInField && this.words.value) {
      event.preventDefault();
      this.words.value = "";
      this.show();
      this.writeHash();
    } else if (["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) {
      this.step(event, isInField);
    }
  }

  step(event, isInField) {
    const buttons = this.buttons();
    const at = buttons.indexOf(event.target);
    if (at < 0 && !(isInField && event.key === "ArrowDown")) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    event.preventDefault();
    if (to < 0) return void this.words.focus();
    if (to >= buttons.length) return;
    this.keepOneTabStop(buttons[to]);
    buttons[to].focus();
  }
}

const page = new Page(JSON.parse(document.getElementById("fleet").textContent));
page.draw();
