// A field for each variable {{subject}} that the texts have while they are typed, and the text that they and the
// wildcards {a|b|c} give, counted against the limit of the chosen model. Without it the server shows both when the form
// comes back.
"use strict";
(() => {
  const form = document.getElementById("generate-form");
  const box = document.getElementById("variables");
  const fields = document.getElementById("variable-fields");
  const final = document.getElementById("final-text");
  const counter = document.getElementById("final-count");
  const menu = JSON.parse(document.getElementById("menu").textContent);
  const VARIABLE = /\{\{([^{}]*)\}\}/gu;
  const WILDCARD = /\{\{[^{}]*\}\}|\{((?:[^{}|]|\{\{[^{}]*\}\})*\|(?:[^{}]|\{\{[^{}]*\}\})*)\}/gu;
  const NAME = /^[\p{L}\p{N}_]+$/u;
  const PREFIX = "var_";
  const field = (name) => form.elements.namedItem(name);
  const texts = () => ["prompt", "negative_prompt"].map((name) => field(name)).filter((each) => each && !each.disabled);

  function names() {
    const found = texts().flatMap((each) => [...each.value.matchAll(VARIABLE)].map(([, name]) => name.trim()));
    return [...new Set(found)].filter((name) => NAME.test(name));
  }

  // As the server draws one.
  function make(name) {
    const row = document.createElement("div");
    const inner = document.createElement("div");
    const label = document.createElement("label");
    const input = document.createElement("input");
    row.className = "form-row";
    row.dataset.field = PREFIX + name;
    inner.className = "field";
    input.type = "text";
    input.name = PREFIX + name;
    input.id = `id_${PREFIX}${name}`;
    input.size = 30;
    input.autocomplete = "off";
    label.htmlFor = input.id;
    label.textContent = `${name}:`;
    inner.append(label, input);
    row.append(inner);
    return row;
  }

  const rows = new Map([...fields.children].map((row) => [row.dataset.field.slice(PREFIX.length), row]));

  function redraw() {
    const wanted = names();
    for (const name of wanted) if (!rows.has(name)) rows.set(name, make(name));
    const now = wanted.map((name) => rows.get(name));
    if (now.length !== fields.children.length || now.some((row, at) => row !== fields.children[at])) {
      fields.replaceChildren(...now);
    }
    preview();
  }

  // As the server picks: one alternative of each wildcard by the number of the order, and how many texts there are.
  function pick(text) {
    let rest = BigInt(`0x${field("batch").value.replaceAll("-", "") || "0"}`);
    let last = 0n;
    let count = 1;
    const picked = text.replace(WILDCARD, (whole, inner) => {
      if (inner === undefined) return whole;
      const choices = [...new Set(inner.split("|").map((choice) => choice.trim()))];
      const size = BigInt(choices.length);
      last = ((rest % size) + last) % size;
      rest /= size;
      count *= choices.length;
      return choices[Number(last)];
    });
    return [picked, count];
  }

  function preview() {
    const value = (name) => rows.get(name)?.querySelector("input").value.trim();
    const filled = field("prompt").value.replace(VARIABLE, (whole, name) => value(name.trim()) || whole);
    const [text, count] = pick(filled);
    const chosen = ["provider", "model", "mode"].map((name) => field(name).value);
    const offer = menu.find((each) => [each.provider, each.model, each.mode].every((fact, at) => fact === chosen[at]));
    const most = offer?.parameters.prompt?.max_length;
    const length = [...text].length;
    final.textContent = text;
    const unlimited = ngettext("%(length)s character", "%(length)s characters", length);
    const words = [most ? gettext("%(length)s of %(most)s characters") : unlimited];
    if (count > 1) words.push(gettext("one of %(count)s different texts"));
    const numbers = { length, most, count: count.toLocaleString("en-US") };
    counter.textContent = interpolate(words.join("; "), numbers, true);
    box.hidden = !fields.children.length && count === 1;
    counter.classList.toggle("too-long", most !== undefined && length > most);
  }

  form.addEventListener("input", (event) => {
    if (["prompt", "negative_prompt"].includes(event.target.name)) redraw();
    else if (event.target.name?.startsWith(PREFIX)) preview();
  });
  form.addEventListener("change", (event) => {
    if (["provider", "model", "mode"].includes(event.target.name)) setTimeout(redraw); // after generate.js narrowed them
  });
  window.addEventListener("pageshow", redraw);
})();
