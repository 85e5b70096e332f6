// The Generate page: shows only what the chosen offer accepts, counts characters, and names the price before the order.
// Ctrl+Enter goes on to the receipt. Without it every field is there and the server says what does not fit.
"use strict";
(() => {
  const form = document.getElementById("generate-form");
  const menu = JSON.parse(document.getElementById("menu").textContent);
  const field = (name) => form.elements.namedItem(name);
  const row = (name) => form.querySelector(`[data-field="${name}"]`);
  const rows = [...form.querySelectorAll("[data-field]")].map((box) => box.dataset.field);
  const all = Object.fromEntries(
    rows.filter((name) => field(name)?.options).map((name) => [name, [...field(name).options]]),
  );
  const parameters = new Set(menu.flatMap((offer) => Object.keys(offer.parameters)));
  const chosen = () => ["provider", "model", "mode"].map((name) => field(name).value);
  const unique = (values) => [...new Set(values)];

  // Leaves the options of a select that are allowed; keeps the choice where it can.
  function narrow(name, allowed) {
    const select = field(name);
    const before = select.value;
    const options = all[name].filter((option) => allowed.includes(option.value));
    select.replaceChildren(...options);
    select.value = options.some((option) => option.value === before) ? before : (options[0]?.value ?? "");
  }

  // What is hidden is disabled too, so that it is not sent.
  function show(name, visible) {
    const box = row(name);
    box.hidden = !visible;
    for (const control of box.querySelectorAll("input, select, textarea")) control.disabled = !visible;
  }

  function pick() {
    const offers = menu.filter((offer) => offer.provider === field("provider").value);
    narrow("model", unique(offers.map((offer) => offer.model)));
    const ofModel = offers.filter((offer) => offer.model === field("model").value);
    narrow("mode", unique(ofModel.map((offer) => offer.mode)));
    const offer = ofModel.find((each) => each.mode === field("mode").value);
    if (offer) fit(offer);
  }

  // The values of a parameter as a select has them; nothing where they are not listed.
  function listed({ type, values, minimum, maximum }) {
    if (type === "boolean") return ["true", "false"];
    if (values) return values.map(String);
    return type === "integer" ? Array.from({ length: maximum - minimum + 1 }, (_, n) => String(minimum + n)) : [];
  }

  // Shows the fields of the offer's parameters and no others, each with the values that it takes.
  function fit(offer) {
    for (const name of parameters) {
      const parameter = offer.parameters[name];
      if (name === "images") fitImages(parameter);
      else if (row(name)) {
        show(name, Boolean(parameter));
        if (parameter && all[name]) fitSelect(name, parameter);
        if (parameter?.max_length) limit(name, parameter.max_length);
        state(name, parameter);
      }
    }
    for (const group of form.querySelectorAll("[data-group]")) {
      group.hidden = !group.querySelector("[data-field]:not([hidden])");
    }
    explain(offer);
  }

  // Says which fields are missing, and that it is the chosen model that does not take them.
  function explain(offer) {
    const named = (name) => row(name)?.querySelector("label")?.textContent.replace(/:$/, "");
    const missing = [...parameters].filter((name) => !offer.parameters[name]);
    const names = missing.map((name) => (name === "images" ? gettext("Pictures") : named(name))).filter(Boolean);
    const line = document.getElementById("not-taken");
    const model = ["model", "mode"].map((name) => field(name).selectedOptions[0]?.textContent).join(", ");
    const facts = { model, fields: names.join(", ").toLowerCase() };
    const words = interpolate(gettext("Not offered by %(model)s: %(fields)s."), facts, true);
    line.textContent = lost() ? `${words} ${gettext("The negative prompt is not sent.")}` : words;
    line.hidden = !names.length;
  }

  const lost = () => field("negative_prompt")?.disabled && field("negative_prompt").value;

  function fitSelect(name, parameter) {
    const before = field(name).value;
    narrow(name, parameter.required || parameter.default !== null ? listed(parameter) : ["", ...listed(parameter)]);
    const silent = parameter.type === "boolean" && parameter.required ? false : null;
    const usual = parameter.default ?? silent;
    if (field(name).value !== before && usual !== null) field(name).value = String(usual);
    const empty = [...field(name).options].find((option) => !option.value);
    if (empty) empty.textContent = parameter.if_not_sent;
  }

  // Leaves the further lengths and ratios that one of the chosen offers takes, and not what is chosen above already.
  function fitMany() {
    const own = chosen().join(" ");
    const checks = (name) => [...form.querySelectorAll(`[name="also_${name}"]`)];
    const keep = (check, wanted) => {
      check.closest("label").hidden = !wanted;
      if (!wanted) check.checked = false;
    };
    for (const check of checks("offer")) keep(check, check.value !== own);
    const keys = [own, ...checks("offer").filter((check) => check.checked).map((check) => check.value)];
    const taken = menu.filter((offer) => keys.includes([offer.provider, offer.model, offer.mode].join(" ")));
    for (const name of ["duration", "aspect_ratio"]) {
      const values = taken.flatMap(({ parameters: known }) => (known[name] ? listed(known[name]) : []));
      for (const check of checks(name)) keep(check, values.includes(check.value) && check.value !== field(name).value);
    }
  }

  // Says where the limit was read, if it is not on the provider's page.
  function state(name, parameter) {
    const line = row(name).querySelector("[data-stated]");
    if (!line) return;
    const words = parameter?.limit_source ?? "";
    line.textContent = words && `${words[0].toUpperCase()}${words.slice(1)}.`;
    line.hidden = !words;
  }

  function fitImages(parameter) {
    ["start_image", "end_image"].filter(row).forEach((name, number) => {
      show(name, number < (parameter?.max_items ?? 0));
      const caution = row(name).querySelector("[data-caution]");
      caution.textContent = number ? (parameter?.caution ?? "") : "";
      state(name, parameter);
    });
  }

  const limits = new Map();
  function limit(name, most) {
    limits.set(name, most);
    count(name);
  }

  function count(name) {
    const length = [...field(name).value].length;
    const counter = form.querySelector(`[data-counter="${name}"]`);
    const most = limits.get(name);
    counter.textContent = interpolate(gettext("%(length)s of %(most)s characters"), { length, most }, true);
    counter.classList.toggle("too-long", length > most);
  }

  let asked = 0;
  let timer = 0;
  async function quote() {
    const number = ++asked;
    const body = new FormData(form);
    for (const control of form.elements) if (control.type === "file") body.delete(control.name);
    const price = gettext("Estimated: price unknown");
    let words = { price, time: "", budgets: [], add_price: "", clips: "", left_out: [] };
    try {
      const answer = await fetch(form.dataset.priceUrl, { method: "POST", body, redirect: "error" });
      if (answer.ok) words = await answer.json();
    } catch {
      // The site is away: no price is better than a wrong one.
    }
    if (number !== asked) return;
    for (const [name, text] of Object.entries(words)) {
      const element = form.querySelector(`[data-quote="${name}"]`);
      if (name === "budgets") list(element, text);
      else if (name === "left_out") leaveOut(element, text);
      else if (name === "add_price") {
        element.hidden = !text;
        element.href = text;
      } else if (element.textContent !== text) element.textContent = text;
    }
  }

  const make = (tag, className, ...inside) => {
    const element = document.createElement(tag);
    element.className = className;
    element.append(...inside);
    return element;
  };

  // The budgets that the order would come out of, as the template draws them.
  function list(box, budgets) {
    const lines = budgets.map(({ name, numbers, tone, verdict }) => {
      const cells = numbers.map(([label, words]) => make("div", "", make("dt", "", label), make("dd", "", words)));
      const badge = make("span", `badge badge-${tone}`, verdict);
      return make("li", "", make("strong", "", name), make("dl", "four", ...cells), badge);
    });
    box.replaceChildren(...lines);
    document.getElementById("budgets").hidden = !lines.length;
  }

  // The combinations that their offers do not take, with the reasons.
  function leaveOut(box, texts) {
    box.replaceChildren(...texts.map((text) => make("li", "", text)));
    document.getElementById("left-out").hidden = !texts.length;
  }

  const quoteSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(quote, 150);
  };

  form.addEventListener("change", (event) => {
    if (["provider", "model", "mode"].includes(event.target.name)) pick();
    fitMany();
    if (event.target.type !== "file") quoteSoon();
  });
  form.addEventListener("input", (event) => {
    if (limits.has(event.target.name)) count(event.target.name);
    if (["takes", "spend_at_most", "values"].includes(event.target.name)) quoteSoon();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    delete form.dataset.sent;
    if (chosen().every(Boolean)) pick();
    fitMany();
    quote();
  });
  // A price may have been added in another tab.
  document.addEventListener("visibilitychange", () => document.hidden || quoteSoon());
  document.getElementById("problems")?.focus();
})();
