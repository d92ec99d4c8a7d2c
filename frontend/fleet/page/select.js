// Selects hosts and VMs by the words of docs/selecting.md, from what is in the page. A word that
// it cannot answer is refused with its reason, and never taken for something else.
"use strict";

class Refusal extends Error {}

const OPERATORS = ",!&^";
const MOST_NAMES = 100000;
const MOST_PATTERNS = 1000;

// The words of one line, as a shell would make them: '...' and "..." keep blanks, and those around
// operators do not count.
function wordsOf(line) {
  const words = [];
  let word = null;
  let quoted = "";
  for (const c of line) {
    if (quoted) {
      if (c === quoted) quoted = "";
      else word += c;
    } else if (c === "'" || c === '"') {
      quoted = c;
      word ??= "";
    } else if (/\s/.test(c)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? "") + c;
    }
  }
  if (quoted) throw new Refusal(`a ${quoted} is not closed`);
  if (word !== null) words.push(word);
  const joined = [];
  for (const one of words) {
    const last = joined.at(-1);
    const goesOn = /^[,&]/.test(one) || one === "^" || (last !== undefined && /[,&^]$/.test(last));
    if (goesOn && last !== undefined) joined[joined.length - 1] = last + one;
    else joined.push(one);
  }
  return joined;
}

function badRange(word) {
  throw new Refusal(`not a range of hosts: '${word}' (want n[0-15,20], n[001-100] or n[1-9/2])`);
}

function numbersIn(word, piece) {
  const parts = /^(\d+)(?:-(\d+)(?:\/(\d+))?)?$/.exec(piece.trim());
  if (!parts) badRange(word);
  const [, first, last = first, step = "1"] = parts;
  const [from, to, by] = [Number(first), Number(last), Number(step)];
  const hasZeros = (digits) => digits.length > 1 && digits[0] === "0";
  if (to < from || by < 1 || (hasZeros(last) && last.length !== first.length)) badRange(word);
  if ((to - from) / by >= MOST_NAMES) throw new Refusal(`'${word}' means too many names`);
  const numbers = [];
  const width = hasZeros(first) ? first.length : 0;
  for (let n = from; n <= to; n += by) numbers.push(String(n).padStart(width, "0"));
  return numbers;
}

// The names that a word with ranges means: "r[1-2]n[08-10]".
function expandedNames(word) {
  let names = [""];
  let rest = word;
  while (rest) {
    const open = rest.indexOf("[");
    const text = open < 0 ? rest : rest.slice(0, open);
    if (text.includes("]")) badRange(word);
    let numbers = [""];
    rest = open < 0 ? "" : rest.slice(open + 1);
    if (open >= 0) {
      const close = rest.indexOf("]");
      if (close < 0) badRange(word);
      numbers = rest.slice(0, close).split(",").flatMap((piece) => numbersIn(word, piece));
      rest = rest.slice(close + 1);
    }
    if (names.length * numbers.length > MOST_NAMES) {
      throw new Refusal(`'${word}' means too many names`);
    }
    names = names.flatMap((name) => numbers.map((number) => name + text + number));
  }
  return names;
}

function globTest(glob, flags = "") {
  const escaped = glob.replace(/[.+^${}()|[\]\\/]/g, "\\$&");
  return new RegExp(`^${escaped.replace(/\*+/g, ".*").replace(/\?/g, ".")}$`, `su${flags}`);
}

class Selection {
  // `rows` are hosts and VMs: {name, appliance, rack, attributes, cards}.
  constructor(rows) {
    this.rows = rows;
    this.byName = new Map(rows.map((row) => [row.name, row]));
  }

  // The rows that the words of the line mean; no words mean all. Throws Refusal.
  chosen(line) {
    const words = wordsOf(line);
    const wanted = new Set();
    const unwanted = new Set();
    for (const word of words) {
      const out = word.startsWith("!");
      for (const row of this.expression(out ? word.slice(1) : word)) {
        (out ? unwanted : wanted).add(row);
      }
    }
    const begin = words.every((word) => word.startsWith("!")) ? this.rows : wanted;
    const left = new Set([...begin].filter((row) => !unwanted.has(row)));
    if (words.length > 0 && left.size === 0) throw new Refusal(`no host is left of '${line}'`);
    return left;
  }

  expression(word) {
    let rest = word.trim();
    if (!rest) throw new Refusal("a host's name is empty (want a name, or a range)");
    let all = new Set();
    for (let first = true; rest; first = false) {
      let operator = ",";
      if (!first) [operator, rest] = this.operatorOf(word, rest);
      const length = this.itemLength(rest);
      if (length === 0) this.nothingBeside(word);
      const found = this.item(rest.slice(0, length).trim());
      rest = rest.slice(length).trim();
      if (operator === ",") all = new Set([...all, ...found]);
      if (operator === "!") all = new Set([...all].filter((row) => !found.has(row)));
      if (operator === "&") all = new Set([...all].filter((row) => found.has(row)));
      if (operator === "^") {
        const both = [...all, ...found];
        all = new Set(both.filter((row) => all.has(row) !== found.has(row)));
      }
    }
    return all;
  }

  nothingBeside(word) {
    throw new Refusal(`no hosts beside a ',', '!', '&' or '^' in '${word}' ` +
                      "(want n1,n2 or n[1-9]!n5)");
  }

  operatorOf(word, text) {
    if (!OPERATORS.includes(text[0])) return [",", text];
    let operator = text[0];
    let rest = text.slice(1).trim();
    if (operator === "," && rest.startsWith("!")) {
      operator = "!";
      rest = rest.slice(1).trim();
    }
    if (!rest) this.nothingBeside(word);
    return [operator, rest];
  }

  // The length of what stands before the next operator; a condition may have blanks in its value.
  itemLength(word) {
    if (word.startsWith("^")) return word.length;
    let inBrackets = false;
    let hasValue = false;
    for (let i = 0; i < word.length; ++i) {
      if (word[i] === "[") inBrackets = true;
      if (word[i] === "]") inBrackets = false;
      if (word[i] === "=") hasValue = true;
      if (inBrackets) continue;
      if (OPERATORS.includes(word[i]) || (!hasValue && /\s/.test(word[i]))) return i;
    }
    return word.length;
  }

  item(word) {
    if (word === "-" || word.startsWith("^")) {
      throw new Refusal(`'${word}': a page reads no files; on the frontend: ` +
                        `cluster expand host '${word}'`);
    }
    const condition = /^([A-Za-z0-9_.-]+)=(.*)$/s.exec(word);
    if (condition) return this.condition(condition[1], condition[2]);
    const isGroup = word.startsWith("@");
    const names = expandedNames(isGroup ? word.slice(1) : word);
    if ((isGroup || /[*?%_]/.test(word)) && names.length > MOST_PATTERNS) {
      throw new Refusal(`'${word}' means more than ${MOST_PATTERNS} patterns: want fewer`);
    }
    const all = new Set();
    for (const name of names) {
      const row = isGroup ? undefined : this.byName.get(name);
      if (row) all.add(row);
      else for (const one of isGroup ? this.group(name) : this.one(name)) all.add(one);
    }
    return all;
  }

  those(isWanted, none) {
    const found = new Set(this.rows.filter(isWanted));
    if (found.size === 0) throw new Refusal(none);
    return found;
  }

  // What a word means that is no host's own name.
  one(word) {
    if (/[*?%_]/.test(word)) {
      const test = globTest(word.replaceAll("%", "*").replaceAll("_", "?"));
      return this.those((row) => test.test(row.name), `no host matches '${word}'`);
    }
    const ofAppliance = new Set(this.rows.filter((row) => row.appliance === word));
    if (ofAppliance.size > 0) return ofAppliance;
    const rack = /^rack(0|[1-9]\d*)$/.exec(word);
    if (rack) return this.those((row) => row.rack === Number(rack[1]), `no host is in '${word}'`);
    if (word === "all") return this.those(() => true, "there are no hosts");
    if (word === "free") return this.those((row) => row.free, "no host has a free card");
    if (word === "failing") {
      const isFailing = (card) => card.failing !== undefined && card.state !== "missing";
      return this.those((row) => row.failing !== undefined || (row.cards ?? []).some(isFailing),
                        "no host has a failing card");
    }
    const near = this.rows.filter((row) => row.name.includes(word)).length;
    const hint = near > 0 ? `*${word}* means ${near}` : `for a model: gpu_model=${word}`;
    throw new Refusal(`no host or VM '${word}' is on this page (${hint})`);
  }

  group(name) {
    const has = (row) => (row.attributes.groups ?? "").split(/[,\s]+/).includes(name);
    return this.those(has, `no host has '${name}' in its attribute 'groups', and a page reads no ` +
                               `files of groups; on the frontend: cluster expand host @${name}`);
  }

  condition(name, values) {
    const wanted = expandedNames(values);
    if (wanted.length > MOST_PATTERNS) throw new Refusal(`'${values}': want fewer`);
    const tests = wanted.map((one) => globTest(one));
    const isWanted = (value) => tests.some((test) => test.test(value));
    const none = `no host has '${name}=${values}'`;
    if (this.rows.some((row) => name in row.attributes)) {
      return this.those((row) => name in row.attributes && isWanted(row.attributes[name]), none);
    }
    if (name === "appliance") return this.those((row) => isWanted(row.appliance), none);
    if (name === "rack") {
      return this.those((row) => row.rack !== undefined && isWanted(String(row.rack)), none);
    }
    if (name === "gpu_model") {
      const models = wanted.map((one) => globTest(`*${one}*`, "i"));
      const isModel = (card) => card.state !== "missing" &&
          models.some((test) => test.test(`${card.model ?? ""} ${card.ids ?? ""}`));
      return this.those((row) => (row.cards ?? []).some(isModel), none);
    }
    throw new Refusal(`no host on this page has an attribute '${name}' ` +
                      "(want appliance, rack, gpu_model, or an attribute that is no secret)");
  }
}
