// Videos that are being encoded: a list with progress, time that is left, and a way out.

import { ask, ServerError } from "./api.js";
import { element, say } from "./dom.js";

const PRESETS = ["fast", "instant", "medium", "slow"];
const WORDS = { waiting: "waiting", running: "encoding", done: "done", failed: "failed", cancelled: "cancelled" };

export class Queue {
  // changed(): called when a video was made.
  constructor(changed) {
    Object.assign(this, { changed, known: new Map(), closed: false });
    this.input = element("input", { type: "file", accept: "video/*,.y4m,.mkv", multiple: true, hidden: true, onchange: () => this.take([...this.input.files]) });
    this.preset = element("select", { "aria-label": "Preset" }, ...PRESETS.map((preset) => element("option", {}, preset)));
    const button = element("button", { type: "button", onclick: () => this.input.click() }, "Encode a video…");
    this.list = element("ul", { className: "jobs", "aria-label": "Videos being encoded" });
    this.root = element("section", {}, element("div", { className: "controls" }, button, this.preset, this.input), this.list);
    this.watch();
  }

  close() {
    this.closed = true;
  }

  async take(files) {
    for (const file of files) {
      say(`Taking in ${file.name}…`);
      try {
        await ask(`/api/jobs?name=${encodeURIComponent(file.name)}&preset=${this.preset.value}`, { method: "POST", body: file });
        say("");
      } catch (error) {
        say(`${file.name}: ${error.message}`, true);
      }
      await this.look();
    }
  }

  async watch() {
    while (!this.closed) {
      const busy = await this.look();
      await new Promise((resolve) => setTimeout(resolve, busy ? 500 : 3000));
    }
  }

  // Shows the jobs there are; whether one is under way.
  async look() {
    let jobs;
    try {
      jobs = await ask("/api/jobs");
    } catch (error) {
      if (!(error instanceof ServerError)) say("The server does not answer any more.", true);
      return false;
    }
    const rows = new Map(jobs.map((job) => [job.id, this.known.get(job.id) ?? new Row(job)]));
    const made = jobs.filter((job) => job.state === "done" && this.known.has(job.id) && this.known.get(job.id).state !== "done");
    jobs.forEach((job) => rows.get(job.id).show(job));
    if (jobs.some((job) => !this.known.has(job.id)) || rows.size !== this.known.size)
      this.list.replaceChildren(...[...rows.values()].map((row) => row.root).reverse());
    this.known = rows;
    if (made.length) this.changed();
    return jobs.some((job) => job.state === "running" || job.state === "waiting");
  }
}

class Row {
  constructor(job) {
    this.bar = element("progress", { max: 100, "aria-label": `Progress of ${job.name}` });
    this.text = element("span", { className: "dim" });
    this.cancel = element("button", { type: "button", onclick: () => ask(`/api/jobs/${job.id}/cancel`, { method: "POST" }) }, "Cancel");
    this.root = element("li", {}, element("span", { className: "name" }, job.name), this.bar, this.text, this.cancel);
  }

  show(job) {
    this.state = job.state;
    this.bar.value = job.percent;
    const left = job.eta === null ? "" : `, about ${Math.max(1, Math.round(job.eta))} s left`;
    this.text.textContent = `${WORDS[job.state]}${job.state === "running" ? ` ${Math.round(job.percent)} %${left}` : ""}${job.message ? `: ${job.message}` : ""}`;
    this.text.classList.toggle("bad", job.state === "failed");
    const ended = job.state !== "running" && job.state !== "waiting";
    this.bar.hidden = this.cancel.hidden = ended;
  }
}
