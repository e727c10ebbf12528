// What is seen of <linc-video>: the canvas, a bar of controls, and words where something is wrong.

const STYLE = `
  :host { display: block; position: relative; background: #000; color: #fff; font: 14px/1.4 system-ui, sans-serif; overflow: hidden; }
  :host(:focus-visible) { outline: 3px solid #4c9ffe; outline-offset: 2px; }
  .screen { display: flex; align-items: center; justify-content: center; width: 100%; height: 100%; aspect-ratio: 16 / 9; }
  :host(:fullscreen) .screen { aspect-ratio: auto !important; }
  canvas { display: block; max-width: 100%; max-height: 100%; width: 100%; object-fit: contain; }
  :host(:fullscreen) canvas { height: 100%; }
  .bar { position: absolute; inset: auto 0 0 0; display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; padding: 20px 10px 8px;
    background: linear-gradient(transparent, rgb(0 0 0 / 85%)); transition: opacity .2s; }
  :host(.playing:not(:hover):not(:focus-within):not(:focus-visible)) .bar { opacity: 0; }
  .bar[hidden] { display: none; }
  button, select { min-width: 32px; min-height: 32px; border: 0; border-radius: 4px; background: transparent; color: inherit; font: inherit; cursor: pointer; }
  select option { color: #000; background: #fff; }
  button:hover, select:hover { background: rgb(255 255 255 / 20%); }
  button:focus-visible, select:focus-visible, input:focus-visible { outline: 2px solid #4c9ffe; }
  input { flex: 1 1 120px; min-width: 80px; accent-color: #4c9ffe; }
  time { font-variant-numeric: tabular-nums; white-space: nowrap; }
  .message { position: absolute; inset: 0 0 auto 0; margin: 0; padding: 8px 12px; background: rgb(120 0 0 / 90%); }
  .message:empty { display: none; }
`;
const RATES = [0.25, 0.5, 1, 1.5, 2];

export class Controls {
  constructor(video, root) {
    this.video = video;
    this.root = root;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.screen = made("div", { className: "screen" });
    this.message = made("p", { className: "message", role: "alert" });
    this.bar = made("div", { className: "bar", hidden: true });
    this.fill();
    root.append(this.screen, this.message, this.bar);
  }

  fill() {
    const { video } = this;
    this.play = button("Play", "▶", () => video.toggle());
    this.slider = made("input", { type: "range", min: 0, step: "any", ariaLabel: "Position" });
    this.slider.addEventListener("input", () => (video.currentTime = Number(this.slider.value)));
    this.slider.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && event.preventDefault());
    this.time = made("time", {});
    this.mute = button("Mute", "🔊", () => (video.muted = !video.muted));
    this.rate = made("select", { ariaLabel: "Speed" });
    this.rate.append(...RATES.map((rate) => made("option", { value: rate, textContent: `${rate}×`, selected: rate === 1 })));
    this.rate.addEventListener("change", () => (video.playbackRate = Number(this.rate.value)));
    this.full = button("Full screen", "⛶", () => video.fullscreen());
    this.bar.append(this.play, this.slider, this.time, this.mute, this.rate, this.full);
  }

  // A canvas that nothing was drawn on; one that has a context of another kind is of no use.
  freshCanvas() {
    this.canvas = made("canvas", { role: "img", ariaLabel: this.video.getAttribute("aria-label") ?? "Video" });
    this.canvas.addEventListener("click", () => this.video.toggle());
    this.screen.replaceChildren(this.canvas);
    return this.canvas;
  }

  loading() {
    this.message.textContent = "";
    this.bar.hidden = true;
  }

  loaded() {
    const { shape } = this.video.player.size;
    this.screen.style.aspectRatio = String(shape);
    this.canvas.style.aspectRatio = String(shape);
    this.slider.max = this.video.duration;
    this.mute.hidden = !this.video.player.sound;
    this.bar.hidden = false;
    if (this.video.player.soundError) this.warn(`without sound: ${this.video.player.soundError.message}`);
    this.update();
  }

  update() {
    const { player } = this.video;
    if (!player) return;
    label(this.play, player.paused ? "Play" : "Pause", player.paused ? "▶" : "⏸");
    label(this.mute, this.video.muted ? "Unmute" : "Mute", this.video.muted ? "🔇" : "🔊");
    this.rate.value = String(player.rate);
    this.video.classList.toggle("playing", !player.paused);
    this.progress();
  }

  progress() {
    const now = this.video.currentTime, all = clockText(this.video.duration);
    this.slider.value = now;
    this.slider.ariaValueText = `${clockText(now)} of ${all}`;
    this.time.textContent = `${clockText(now)} / ${all}`;
  }

  warn(text) {
    this.message.textContent = text;
  }

  fail(text) {
    this.bar.hidden = true;
    this.message.textContent = `This video cannot be played: ${text}`;
  }
}

function made(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

function button(name, sign, action) {
  const out = made("button", { type: "button" });
  label(out, name, sign);
  out.addEventListener("click", action);
  return out;
}

function label(out, name, sign) {
  out.ariaLabel = out.title = name;
  out.textContent = sign;
}

function clockText(seconds) {
  const whole = Math.floor(seconds || 0), two = (value) => String(value).padStart(2, "0");
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return whole < 3600 ? rest : `${Math.floor(whole / 3600)}:${rest}`;
}
