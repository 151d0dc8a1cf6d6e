// Saves every click as it is made, says so, and lets a number pick an answer. Without it, the form saves on "Next".
"use strict";
const form = document.querySelector("form.questions");
if (form) {
  const alertLine = document.getElementById("alert");
  const statusLine = document.getElementById("status");
  const unsaved = new Map();
  const fieldsets = [...form.querySelectorAll("fieldset")];
  let queue = Promise.resolve(); // one click after another, so that the last one counts

  async function send() {
    const sent = Object.fromEntries(unsaved);
    if (!Object.keys(sent).length) return true;
    let told;
    try {
      const reply = await fetch(form.action, {
        method: "POST",
        keepalive: true, // it is sent even if the page is closed now
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify(sent),
      });
      told = await reply.json();
    } catch {
      told = { saved: false, reason: "Not saved: the program behind this page does not answer. Tell the person who started it." };
    }
    if (told.saved) {
      for (const [key, answer] of Object.entries(sent)) if (unsaved.get(key) === answer) unsaved.delete(key);
    }
    show(told);
    return told.saved;
  }

  function show(told) {
    for (const fieldset of fieldsets) {
      const key = fieldset.querySelector("input").name;
      fieldset.classList.toggle("unsaved", !told.saved && unsaved.has(key));
    }
    alertLine.hidden = told.saved;
    alertLine.textContent = told.saved ? "" : `${told.reason} Your answers are still marked here: go on, or press “Next” to try again.`;
    if (told.saved && unsaved.size) {
      statusLine.textContent = "Saving…"; // a later click is on its way
    } else if (told.saved) {
      statusLine.textContent = told.open ? `Saved. ${told.open} of ${fieldsets.length} questions open.` : "Saved. All questions are answered.";
      document.getElementById("done").textContent = told.done;
      const here = document.querySelector(".steps [aria-current]");
      here.classList.toggle("done", told.open === 0);
      here.classList.add("begun");
    } else {
      statusLine.textContent = "";
    }
  }

  function later() {
    queue = queue.then(send);
    return queue;
  }

  form.addEventListener("change", (event) => {
    unsaved.set(event.target.name, event.target.value);
    statusLine.textContent = "Saving…";
    later();
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await later()) form.submit();
    else alertLine.scrollIntoView({ block: "center" });
  });

  addEventListener("beforeunload", (event) => {
    if (unsaved.size) event.preventDefault();
  });

  addEventListener("pagehide", () => {
    if (!unsaved.size) return;
    const sent = new Blob([JSON.stringify(Object.fromEntries(unsaved))], { type: "application/json" });
    navigator.sendBeacon(form.action, sent);
  });

  function goTo(fieldset) {
    const next = fieldset
      ? fieldset.querySelector("input:checked") || fieldset.querySelector("input")
      : form.querySelector("button.go");
    next.focus();
    (fieldset || next).scrollIntoView({ block: "nearest" });
  }

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const current = document.activeElement.closest("fieldset");
    if (event.key === "Enter" && current) {
      event.preventDefault();
      goTo(fieldsets[fieldsets.indexOf(current) + 1]);
      return;
    }
    if (!/^[1-9]$/.test(event.key)) return;
    const open = fieldsets.find((fieldset) => !fieldset.querySelector("input:checked"));
    const fieldset = current || open;
    const input = fieldset && fieldset.querySelectorAll("input")[event.key - 1];
    if (!input) return;
    event.preventDefault();
    input.checked = true;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    goTo(fieldsets[fieldsets.indexOf(fieldset) + 1]);
  });
}
