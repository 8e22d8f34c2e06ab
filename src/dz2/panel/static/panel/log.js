// The live log of a job or a site: follows its stream, appends numbered lines, asks for the job's part of the page when it changed.
// Lines are HTML that the server rendered and escaped. A stream that ends is opened anew from the last number seen, and a
// number seen already is passed over: no line is lost or doubled.
"use strict";
(() => {
  const CHUNK = 500; // lines that are laid out together, as dz2/panel/lines.py has it
  const UP = ["ArrowUp", "PageUp", "Home"];
  const $ = (id) => document.getElementById(id);
  const lines = (count, which = "") => `${count} ${which}${count === 1 ? "line" : "lines"}`;

  class Log {
    constructor(box) {
      this.box = box;
      this.after = Number(box.dataset.after);
      this.folds = new Map(); // step → its latest fold
      for (const fold of box.querySelectorAll(".fold")) this.folds.set(fold.dataset.step, fold);
      this.follow = $("follow");
      this.unseen = 0;
      this.tries = 0;
      this.listen();
      if (location.hash) this.reveal();
      else this.toEnd();
      if (!this.ended) this.connect();
    }

    listen() {
      for (const one of document.querySelectorAll(".js")) one.hidden = false;
      $("times").addEventListener("change", (e) => this.box.classList.toggle("no-times", !e.target.checked));
      $("more").addEventListener("click", () => this.resume());
      this.follow.addEventListener("change", () => this.follow.checked && this.resume());
      this.box.addEventListener("scroll", () => this.atEnd() && this.resume(), { passive: true });
      this.box.addEventListener("wheel", (e) => e.deltaY < 0 && this.letGo(), { passive: true });
      this.box.addEventListener("touchmove", () => this.letGo(), { passive: true });
      this.box.addEventListener("keydown", (e) => UP.includes(e.key) && this.letGo());
      // a phone that is turned wraps the lines anew, and the end is elsewhere
      new ResizeObserver(() => this.follow.checked && !this.selecting() && this.toEnd()).observe(this.box);
      window.addEventListener("hashchange", () => this.reveal());
      document.addEventListener("visibilitychange", () => this.shown(!document.hidden));
    }

    get ended() { // or a page of earlier lines, which does not follow
      return "ended" in this.box.dataset || !this.box.dataset.stream;
    }

    // --- the stream
    from(address) { // read on; a site's log may be asked for some of its lines only
      return `${address}?after=${this.after}&${this.box.dataset.query ?? ""}`;
    }

    connect() {
      const source = (this.source = new EventSource(this.from(this.box.dataset.stream)));
      source.addEventListener("open", () => this.fresh());
      source.addEventListener("lines", (e) => this.add(JSON.parse(e.data)));
      source.addEventListener("job", (e) => this.changed(JSON.parse(e.data)));
      source.addEventListener("end", (e) => this.end(JSON.parse(e.data)));
      source.addEventListener("error", () => this.lost());
    }

    disconnect() {
      this.source?.close();
      clearTimeout(this.again);
    }

    lost() {
      this.disconnect(); // we open the next one, so that it begins where this one ended
      this.tries += 1;
      this.lostAt ??= new Date();
      this.again = setTimeout(() => (this.tries > 3 ? this.poll() : this.connect()), Math.min(500 * this.tries, 2000));
      clearTimeout(this.staleLater);
      this.staleLater = setTimeout(() => this.stale("reconnecting"), Math.max(0, 10000 - (new Date() - this.lostAt)));
    }

    async poll() { // every 2 s, while streams don't get through; each fifth time a stream is tried again
      try {
        const answer = await fetch(this.from(this.box.dataset.lines));
        if (answer.redirected) return location.reload(); // signed out: to the sign-in, and back here
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
      if (!this.hidden) this.again = setTimeout(() => (this.tries % 5 ? this.poll() : this.connect()), 2000);
    }

    stale(how) {
      document.body.classList.add("is-stale");
      $("stale").hidden = false;
      $("stale").textContent = `as of ${(this.lostAt ?? new Date()).toLocaleTimeString()}, ${how}`;
    }

    fresh() {
      this.tries = 0;
      this.lostAt = undefined;
      clearTimeout(this.staleLater);
      document.body.classList.remove("is-stale");
      $("stale").hidden = true;
    }

    changed(outcomes) {
      for (const [step, fold] of this.folds) {
        if (outcomes[step] === "succeeded") this.close(fold);
        else if (outcomes[step]) fold.dataset.state = outcomes[step];
      }
      htmx.trigger("#job-live", "dz:changed");
    }

    end(outcomes) {
      this.disconnect();
      this.box.dataset.ended = "";
      this.fresh();
      this.changed(outcomes);
      $("told").textContent = "The job has ended.";
    }

    shown(shown) { // a tab hidden for 30 s gives its connection back: a browser has six per host
      clearTimeout(this.hideLater);
      if (!shown) this.hideLater = setTimeout(() => { this.hidden = true; this.disconnect(); }, 30000);
      else if (this.hidden) {
        this.hidden = false;
        if (!this.ended) this.connect();
      }
    }

    // --- lines
    add(found) {
      const fresh = found.filter((line) => line.seq > this.after);
      for (const line of fresh) this.append(line);
      if (!fresh.length) return;
      this.after = fresh.at(-1).seq;
      if (this.follow.checked && !this.selecting()) this.toEnd();
      else this.tellUnseen(fresh.length);
    }

    append(line) {
      let fold = this.folds.get(line.step);
      if (!fold || !this.continues(fold, line)) {
        const before = fold;
        fold = this.begin(line);
        if (before) this.close(before);
      }
      fold.count = 1 + (fold.count ?? fold.querySelectorAll(".line").length);
      fold.querySelector(".count").textContent = lines(fold.count);
      let chunk = fold.lastElementChild;
      if (!chunk.matches(".chunk") || chunk.childElementCount >= CHUNK) {
        chunk = fold.appendChild(document.createElement("div"));
        chunk.className = "chunk";
      }
      chunk.insertAdjacentHTML("beforeend", line.html);
      if (!line.end) return;
      fold.dataset.state = line.ok ? "succeeded" : "failed";
      fold.querySelector(".secs").textContent = line.took;
    }

    continues(fold, line) { // as dz2/panel/lines.py has it
      const running = fold.dataset.state === "running" && fold.dataset.part === line.part;
      return running || (!line.begin && fold.querySelector(".title").textContent === line.title);
    }

    begin(line) {
      const fold = $("fold").content.firstElementChild.cloneNode(true);
      Object.assign(fold.dataset, { step: line.step, part: line.part });
      fold.querySelector(".title").textContent = line.title;
      this.folds.set(line.step, this.box.appendChild(fold));
      $("told").textContent = line.title;
      return fold;
    }

    close(fold) { // done ones fold away, unless somebody reads; failed ones and the last one stay open
      if (fold.dataset.state === "running") fold.dataset.state = "succeeded";
      const done = fold.dataset.state === "succeeded" && fold !== this.box.lastElementChild;
      if (done && this.follow.checked) fold.open = false;
    }

    // --- following: the box's own end, as long as it is in view and nobody reads above it
    atEnd() {
      return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 8;
    }

    selecting() {
      const chosen = getSelection();
      return !chosen.isCollapsed && this.box.contains(chosen.anchorNode);
    }

    letGo() {
      if (this.box.scrollHeight > this.box.clientHeight) this.follow.checked = false;
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
      $("more").textContent = lines(this.unseen, "new ");
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

  document.addEventListener("DOMContentLoaded", () => new Log($("log")));
})();
