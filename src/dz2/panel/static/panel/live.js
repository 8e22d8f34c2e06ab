// The live job page: follows the job's stream, appends numbered lines, asks for the job's part again when it changed.
// Lines are HTML that the server rendered and escaped. Nothing here is needed to read or to act: pages work without it.
"use strict";
(() => {
  const CHUNK = 500;
  const OUTCOMES = { succeeded: "succeeded", failed: "failed", errored: "failed", cancelled: "cancelled" };
  const SIGNS = { succeeded: "✓", failed: "✗", cancelled: "–" };
  const $ = (id) => document.getElementById(id);
  const duration = (s) => (s < 9.95 ? s.toFixed(1) + " s" : s < 59.5 ? Math.round(s) + " s"
    : Math.floor(Math.round(s) / 60) + " min " + (Math.round(s) % 60) + " s");

  function ticking() {
    const began = performance.now();
    for (const one of document.querySelectorAll("[data-ticks]")) {
      one.began ??= began;
      one.firstChild.data = duration(Number(one.dataset.ticks) + (began - one.began) / 1000) + " ";
    }
  }

  function copying() {
    if (!navigator.clipboard) return; // plain http on another machine
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = "Copied";
      });
    }
  }

  function once(event) { // a second press does nothing; the form's key makes it harmless anyway
    const word = event.target.dataset.once;
    if (!word) return;
    if (event.target.sent) return event.preventDefault();
    event.target.sent = true;
    const button = event.submitter || event.target.querySelector("button");
    button.textContent = word;
  }

  function other(event) { // who types another value means it
    const radio = event.target.name?.endsWith("-other")
      && event.target.closest(".choice")?.querySelector("input[type=radio]");
    if (radio) radio.checked = true;
  }

  class Log {
    constructor(box) {
      this.box = box;
      this.after = Number(box.dataset.after);
      this.folds = new Map(); // step → its latest fold
      for (const fold of box.querySelectorAll(".fold")) this.folds.set(fold.dataset.step, fold);
      this.follow = $("follow");
      this.unseen = 0;
      this.tries = 0;
      for (const one of document.querySelectorAll(".js")) one.hidden = false;
      $("times").addEventListener("change", (e) => box.classList.toggle("no-times", !e.target.checked));
      $("more").addEventListener("click", () => this.resume());
      this.follow.addEventListener("change", () => (this.follow.checked ? this.resume() : null));
      for (const kind of ["wheel", "touchmove", "keydown", "scroll"]) {
        box.addEventListener(kind, (e) => this.moved(e), { passive: true });
      }
      if (location.hash) this.reveal();
      else this.toEnd();
      window.addEventListener("hashchange", () => this.reveal());
      if (box.dataset.stream && !("ended" in box.dataset)) this.connect();
    }

    // --- the stream; after a closed one a new one is opened from the last number seen
    connect() {
      const source = (this.source = new EventSource(`${this.box.dataset.stream}?after=${this.after}`));
      source.addEventListener("open", () => this.fresh());
      source.addEventListener("lines", (e) => this.add(JSON.parse(e.data)));
      source.addEventListener("job", (e) => this.changed(JSON.parse(e.data)));
      source.addEventListener("end", (e) => this.end(JSON.parse(e.data)));
      source.addEventListener("error", () => this.lost());
    }

    lost() {
      this.source.close(); // we open the next one, so that it begins where this one ended
      this.tries += 1;
      this.lostAt ??= new Date();
      clearTimeout(this.again);
      this.again = setTimeout(() => (this.tries > 3 ? this.poll() : this.connect()), Math.min(500 * this.tries, 2000));
      clearTimeout(this.staleLater);
      this.staleLater = setTimeout(() => this.stale("reconnecting"), Math.max(0, 10000 - (new Date() - this.lostAt)));
    }

    async poll() { // every 2 s, while streams don't get through; each time a stream is tried again after a while
      try {
        const answer = await fetch(`${this.box.dataset.lines}?after=${this.after}`);
        if (!answer.ok) throw new Error(answer.status);
        const found = await answer.json();
        this.add(found.lines);
        this.changed(found.steps);
        if (found.ended) return this.end(found.steps);
        this.stale("asking every 2 s");
      } catch {
        this.stale("reconnecting");
      }
      this.tries += 1;
      this.again = setTimeout(() => (this.tries % 5 ? this.poll() : this.connect()), 2000);
    }

    stale(how) {
      const at = (this.lostAt ?? new Date()).toLocaleTimeString();
      document.body.classList.add("is-stale");
      $("stale").hidden = false;
      $("stale").textContent = `as of ${at}, ${how}`;
    }

    fresh() {
      this.tries = 0;
      this.lostAt = undefined;
      clearTimeout(this.staleLater);
      document.body.classList.remove("is-stale");
      $("stale").hidden = true;
    }

    changed(steps) {
      for (const [step, fold] of this.folds) {
        const outcome = OUTCOMES[steps[step]];
        if (outcome === "succeeded") this.close(fold);
        else if (outcome) this.mark(fold, outcome);
      }
      htmx.trigger("#job-live", "dz:changed");
    }

    end(steps) {
      this.source?.close();
      this.box.dataset.ended = "";
      this.fresh();
      this.changed(steps);
      $("told").textContent = "The job has ended.";
    }

    pause() { // a hidden tab gives its connection back: a browser has six per host
      if ("ended" in this.box.dataset || !this.source) return;
      this.source.close();
      clearTimeout(this.again);
      this.paused = true;
    }

    unpause() {
      if (this.paused) { this.paused = false; this.connect(); }
    }

    // --- lines
    add(lines) {
      let added = 0;
      for (const line of lines) {
        if (line.seq <= this.after) continue; // seen already
        this.after = line.seq;
        this.append(line);
        added += 1;
      }
      if (!added) return;
      if (this.follow.checked && !this.selecting()) this.toEnd();
      else this.tellUnseen(added);
    }

    append(line) {
      let fold = this.folds.get(line.step);
      if (!fold || fold.dataset.part !== line.part || fold.dataset.state !== "running") {
        const before = fold;
        fold = this.begin(line);
        if (before) this.close(before);
      }
      let chunk = fold.lastElementChild;
      if (!chunk.classList.contains("chunk") || chunk.childElementCount >= CHUNK) {
        chunk = fold.appendChild(document.createElement("div"));
        chunk.className = "chunk";
      }
      chunk.insertAdjacentHTML("beforeend", line.html);
      fold.count = (fold.count ?? fold.querySelectorAll(".line").length - 1) + 1;
      fold.querySelector(".count").textContent = `${fold.count} ${fold.count === 1 ? "line" : "lines"}`;
      if (line.end) this.finish(fold, line);
    }

    begin(line) {
      const fold = document.createElement("details");
      fold.className = "fold";
      fold.open = true;
      Object.assign(fold.dataset, { step: line.step, part: line.part, state: "running" });
      fold.innerHTML = '<summary><span class="sign" aria-hidden="true">●</span> <span class="title"></span> '
        + '<span class="count"></span> <span class="secs"></span></summary>';
      fold.querySelector(".title").textContent = line.title;
      this.folds.set(line.step, this.box.appendChild(fold));
      $("told").textContent = line.title;
      return fold;
    }

    finish(fold, line) {
      this.mark(fold, line.ok ? "succeeded" : "failed");
      fold.querySelector(".secs").textContent = line.seconds === null ? "" : duration(line.seconds);
    }

    mark(fold, state) {
      fold.dataset.state = state;
      fold.querySelector(".sign").textContent = SIGNS[state];
    }

    close(fold) { // done ones fold away, unless somebody reads; failed ones and the last one stay open
      if (fold.dataset.state === "running") this.mark(fold, "succeeded");
      const done = fold.dataset.state === "succeeded" && fold !== this.box.lastElementChild;
      if (done && this.follow.checked) fold.open = false;
    }

    // --- following
    atEnd() {
      return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 8;
    }

    selecting() {
      const chosen = getSelection();
      return !chosen.isCollapsed && this.box.contains(chosen.anchorNode);
    }

    moved(event) {
      if (event.type === "scroll") {
        if (this.atEnd()) this.resume();
        return;
      }
      const up = event.type === "wheel" ? event.deltaY < 0
        : event.type === "touchmove" || ["ArrowUp", "PageUp", "Home"].includes(event.key);
      if (up && this.box.scrollHeight > this.box.clientHeight) this.follow.checked = false;
    }

    toEnd() {
      this.box.scrollTop = this.box.scrollHeight;
    }

    resume() {
      this.follow.checked = true;
      this.unseen = 0;
      $("more").hidden = true;
      if (!this.atEnd()) this.toEnd();
    }

    tellUnseen(added) {
      this.unseen += added;
      $("more").textContent = `${this.unseen} new ${this.unseen === 1 ? "line" : "lines"}`;
      $("more").hidden = false;
    }

    reveal() { // a linked line opens its fold
      const line = /^#L\d+$/.test(location.hash) && $(location.hash.slice(1));
      if (!line) return;
      line.closest("details").open = true;
      this.follow.checked = false;
      line.scrollIntoView({ block: "center" });
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    copying();
    document.addEventListener("submit", once);
    document.addEventListener("input", other);
    setInterval(ticking, 1000);
    document.querySelector("[role=alert][tabindex]")?.focus();
    const box = $("log");
    if (!box) return;
    const log = new Log(box);
    let hidden;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(hidden);
      if (document.hidden) hidden = setTimeout(() => log.pause(), 30000);
      else log.unpause();
    });
  });
})();
