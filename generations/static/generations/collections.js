// Order a collection's clips by dragging, or by their buttons without loading the page. Without this file the buttons are forms.
(() => {
  "use strict";
  const list = document.getElementById("clips");
  if (!list || !list.dataset.order) return;
  const status = document.getElementById("moved");
  const csrf = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const places = () => [...list.querySelectorAll(":scope > .place")];
  let dragged = null;

  function renumber() {
    const all = places();
    all.forEach((place, index) => {
      place.querySelector(".place-number").textContent = index + 1;
      place.querySelector("[value=earlier]").toggleAttribute("aria-disabled", false);
      place.querySelector("[value=earlier]").setAttribute("aria-disabled", String(index === 0));
      place.querySelector("[value=later]").setAttribute("aria-disabled", String(index === all.length - 1));
    });
  }

  // One request at a time, each with the newest order, so that an older one never comes last.
  let sending = null;
  let again = false;
  async function send() {
    if (sending) { again = true; return; }
    const body = new URLSearchParams(places().map((place) => ["v", place.dataset.id]));
    sending = fetch(list.dataset.order, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": csrf } });
    try {
      const answer = await sending;
      if (!answer.ok) throw new Error((await answer.json()).errors?.v?.[0]);
    } catch (error) {
      status.textContent = error.message || gettext("The new order was not saved. Load the page again.");
      status.className = "note bad";
    }
    sending = null;
    if (again) { again = false; send(); }
  }

  function move(place, index) {
    const others = places().filter((each) => each !== place);
    const before = others[index] || null;
    list.insertBefore(place, before);
    renumber();
    const now = { title: place.dataset.title, place: index + 1, count: others.length + 1 };
    status.textContent = interpolate(gettext("%(title)s is now %(place)s of %(count)s."), now, true);
    send();
  }

  list.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=step]");
    if (!button) return;
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    const place = button.closest(".place");
    move(place, places().indexOf(place) + (button.value === "earlier" ? -1 : 1));
    button.focus(); // moving an element takes its focus away
  });

  for (const place of places()) place.draggable = true;
  list.addEventListener("dragstart", (event) => {
    dragged = event.target.closest(".place");
    dragged?.classList.add("moving");
    event.dataTransfer.effectAllowed = "move";
  });
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest(".place");
    if (!dragged || !over) return;
    event.preventDefault();
    for (const place of places()) place.classList.toggle("over", place === over && place !== dragged);
  });
  list.addEventListener("drop", (event) => {
    const over = event.target.closest(".place");
    if (!dragged || !over || over === dragged) return;
    event.preventDefault();
    move(dragged, places().indexOf(over));
  });
  list.addEventListener("dragend", () => {
    for (const place of places()) place.classList.remove("over", "moving");
    dragged = null;
  });
})();
