// What every page gains by a script: seconds that tick, buttons that copy, forms that are sent once. None of it is needed
// to read or to act.
"use strict";
(() => {
  const duration = (s) => (s < 9.95 ? s.toFixed(1) + " s" : s < 59.5 ? Math.round(s) + " s"
    : Math.floor(Math.round(s) / 60) + " min " + (Math.round(s) % 60) + " s");

  function tick() {
    const now = performance.now();
    for (const one of document.querySelectorAll("[data-ticks]")) {
      one.began ??= now;
      one.firstChild.data = duration(Number(one.dataset.ticks) + (now - one.began) / 1000) + " ";
    }
  }

  function offerCopies() {
    if (!navigator.clipboard) return; // plain http on another machine: the text is selected by a click on it
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = "Copied";
      });
    }
  }

  function once(event) { // a second press does nothing; the form's key makes it harmless anyway
    const form = event.target;
    if (!form.dataset.once) return;
    if (form.sent) return event.preventDefault();
    const button = event.submitter || form.querySelector("button");
    form.sent = { button, word: button.textContent };
    button.textContent = form.dataset.once;
  }

  function backAgain(event) { // by the browser's back button, as the page was left: its forms can be sent anew
    if (!event.persisted) return;
    for (const form of document.forms) {
      if (form.sent) form.sent.button.textContent = form.sent.word;
      form.sent = undefined;
    }
  }

  function other(event) { // who types another value means it
    const radio = event.target.name?.endsWith("-other")
      && event.target.closest(".choice")?.querySelector("input[type=radio]");
    if (radio) radio.checked = true;
  }

  document.addEventListener("submit", once);
  document.addEventListener("input", other);
  window.addEventListener("pageshow", backAgain);
  document.addEventListener("DOMContentLoaded", () => {
    offerCopies();
    setInterval(tick, 1000);
    document.querySelector("[role=alert][tabindex]")?.focus();
  });
})();
