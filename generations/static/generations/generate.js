// The Generate page: shows only what the chosen offer accepts, counts characters, and names the price before the order.
// Without it every field is there and the server says what does not fit.
"use strict";
(() => {
  const form = document.getElementById("generate-form");
  const menu = JSON.parse(document.getElementById("menu").textContent);
  const field = (name) => form.elements.namedItem(name);
  const row = (name) => form.querySelector(`[data-field="${name}"]`);
  const all = Object.fromEntries(
    ["model", "mode", "duration", "aspect_ratio", "sound", "route"].map((name) => [name, [...field(name).options]]),
  );
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

  function fit(offer) {
    narrow("duration", offer.durations.map(String));
    narrow("aspect_ratio", offer.aspect_ratio_required ? offer.aspect_ratios : ["", ...offer.aspect_ratios]);
    narrow("route", ["", ...offer.routes]);
    narrow("sound", offer.sound ? ["true", "false"] : ["", "true", "false"]);
    show("aspect_ratio", offer.aspect_ratios.length > 0);
    show("route", offer.routes.length > 0);
    show("sound", offer.sound);
    show("cfg_scale", offer.cfg_scale);
    show("negative_prompt", offer.negative_prompt_max > 0);
    document.getElementById("not-sent").hidden = offer.negative_prompt_max > 0 || !field("negative_prompt").value;
    show("start_image", offer.images_max > 0);
    show("end_image", offer.images_max > 1);
    form.querySelector('[data-group="images"]').hidden = offer.images_max === 0;
    limit("prompt", offer.prompt_max);
    limit("negative_prompt", offer.negative_prompt_max);
  }

  const limits = {};
  function limit(name, most) {
    limits[name] = most;
    count(name);
  }

  function count(name) {
    const length = [...field(name).value].length;
    const counter = form.querySelector(`[data-counter="${name}"]`);
    counter.textContent = `${length} of ${limits[name]} characters`;
    counter.classList.toggle("too-long", length > limits[name]);
  }

  let asked = 0;
  let timer = 0;
  async function quote() {
    const number = ++asked;
    const query = new URLSearchParams();
    for (const name of ["provider", "model", "mode", "duration", "sound", "route", "takes", "campaign"]) {
      if (!field(name).disabled) query.set(name, field(name).value);
    }
    let words = { price: "Estimated: price unknown", time: "", budgets: [] };
    try {
      const answer = await fetch(`${form.dataset.priceUrl}?${query}`, { redirect: "error" });
      if (answer.ok) words = await answer.json();
    } catch {
      // The site is away: no price is better than a wrong one.
    }
    if (number !== asked) return;
    for (const [name, text] of Object.entries(words)) {
      const element = form.querySelector(`[data-quote="${name}"]`);
      if (name === "budgets") list(element, text);
      else if (element.textContent !== text) element.textContent = text;
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

  const quoteSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(quote, 150);
  };

  form.addEventListener("change", (event) => {
    if (["provider", "model", "mode"].includes(event.target.name)) pick();
    if (event.target.type !== "file") quoteSoon();
  });
  form.addEventListener("input", (event) => {
    if (event.target.name in limits) count(event.target.name);
    if (event.target.name === "takes") quoteSoon();
  });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    delete form.dataset.sent;
    if (chosen().every(Boolean)) pick();
    quote();
  });
  document.getElementById("problems")?.focus();
})();
