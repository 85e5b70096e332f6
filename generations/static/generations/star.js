// Stars of a list are toggled in place. Without it, each star is a button that sends the form and shows the list again.
"use strict";
(() => {
  const form = document.getElementById("changelist-form");
  form?.addEventListener("click", async (event) => {
    const star = event.target.closest(".star");
    if (!star || star.dataset.plain) return;
    event.preventDefault();
    const liked = star.value;
    const body = new URLSearchParams({ liked, csrfmiddlewaretoken: form.elements.namedItem("csrfmiddlewaretoken").value });
    try {
      const answer = await fetch(star.formAction, { method: "POST", body, redirect: "manual" });
      if (answer.type !== "opaqueredirect") throw new Error("refused");
    } catch {
      star.dataset.plain = "yes"; // the page of the answer says why
      star.click();
      return;
    }
    star.value = liked === "1" ? "0" : "1";
    star.textContent = liked === "1" ? "★" : "☆";
    star.setAttribute("aria-pressed", String(liked === "1"));
  });
})();
