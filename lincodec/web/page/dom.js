// Elements, texts and numbers. Text from files becomes text nodes only, never markup.

// An element with properties, attributes for names that have a dash, and children.
export function element(name, properties = {}, ...children) {
  const out = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role" || key === "for") out.setAttribute(key, value);
    else if (key.startsWith("on")) out.addEventListener(key.slice(2), value);
    else out[key] = value;
  }
  out.append(...children.filter((child) => child !== null));
  return out;
}

export function say(text, isBad = false) {
  const status = document.getElementById("status");
  status.textContent = text;
  status.classList.toggle("bad", isBad);
}

export function clockText(seconds) {
  const whole = Math.floor(Math.max(0, seconds || 0)), two = (value) => String(value).padStart(2, "0");
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return whole < 3600 ? rest : `${Math.floor(whole / 3600)}:${rest}`;
}

export function bytesText(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${["", "kB", "MB", "GB"][power]}`;
}

// A colour of the page, which follows light and dark.
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// A canvas as sharp as the screen; returns its context, in CSS pixels, and its size.
export function drawable(canvas) {
  const { width, height } = canvas.getBoundingClientRect(), ratio = devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return { context, width, height };
}
