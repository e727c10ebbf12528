// Shows planes on a canvas by WebGL 2: each is a texture, the shader makes them red, green and blue.

import { colourTerms, uprightSize } from "./colour.js";

const VERTEX = `#version 300 es
uniform mat2 turn;
out vec2 at;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(2.0 * corner - 1.0, 0.0, 1.0);
  at = turn * (vec2(corner.x, 1.0 - corner.y) - 0.5) + 0.5;
}`;

// A sample of 16 bits is two of 8, so that filtering is right for it as well: it is linear in both.
const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D luma, cb, cr;
uniform vec2 unit, chroma_scale, chroma_shift;
uniform vec3 offset;
uniform mat3 matrix;
uniform bool grey;
in vec2 at;
out vec4 colour;
void main() {
  vec2 small = at * chroma_scale + chroma_shift;
  vec3 codes = vec3(dot(texture(luma, at).rg, unit), offset.yz);
  if (!grey) codes.yz = vec2(dot(texture(cb, small).rg, unit), dot(texture(cr, small).rg, unit));
  colour = vec4(matrix * (codes - offset), 1.0);
}`;

export class GlScreen {
  // null where the canvas has no WebGL 2.
  static on(canvas, head) {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, preserveDrawingBuffer: true });
    return gl && head.width <= gl.getParameter(gl.MAX_TEXTURE_SIZE) && head.height <= gl.getParameter(gl.MAX_TEXTURE_SIZE)
      ? new GlScreen(canvas, gl, head)
      : null;
  }

  constructor(canvas, gl, head) {
    Object.assign(this, { canvas, gl, head, last: null });
    this.prepare();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => {
      this.prepare();
      if (this.last) this.show(this.last);
    });
  }

  prepare() {
    const { gl, head } = this, size = uprightSize(head);
    Object.assign(this.canvas, { width: size.width, height: size.height });
    gl.viewport(0, 0, size.width, size.height);
    this.program = linked(gl);
    gl.useProgram(this.program);
    const at = (name) => gl.getUniformLocation(this.program, name), { offset, matrix } = colourTerms(head);
    ["luma", "cb", "cr"].forEach((name, unit) => gl.uniform1i(at(name), unit));
    gl.uniform2f(at("unit"), 255, head.depth > 8 ? 65280 : 0);
    gl.uniform3fv(at("offset"), offset);
    gl.uniformMatrix3fv(at("matrix"), true, matrix);
    gl.uniform1i(at("grey"), Number(head.planes.length === 1));
    this.placeChroma(at);
    // counter-clockwise quarter turns of the picture, so clockwise ones of where samples are taken
    const [c, s] = [[1, 0], [0, 1], [-1, 0], [0, -1]][head.turns], across = head.mirrored ? -1 : 1;
    gl.uniformMatrix2fv(at("turn"), false, [across * c, across * s, -s, c]);
    this.textures = head.planes.map((size, unit) => texture(gl, unit, head.depth, size));
  }

  // Chroma samples stand beside the left one of the luma samples that they belong to, and cover odd sizes.
  placeChroma(at) {
    const { gl, head } = this, [height, width] = head.planes[1] ?? head.planes[0];
    const across = width < head.width ? 2 : 1, down = height < head.height ? 2 : 1;
    gl.uniform2f(at("chroma_scale"), head.width / (across * width), head.height / (down * height));
    gl.uniform2f(at("chroma_shift"), across === 2 ? 0.25 / width : 0, 0);
  }

  show(planes) {
    const { gl } = this, format = this.head.depth > 8 ? gl.RG : gl.RED;
    this.last = planes;
    planes.forEach((plane, unit) => {
      const [height, width] = this.head.planes[unit];
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, this.textures[unit]);
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, format, gl.UNSIGNED_BYTE, new Uint8Array(plane.buffer));
    });
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }
}

function linked(gl) {
  const program = gl.createProgram();
  for (const [type, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
    throw new Error(`the shader does not link: ${gl.getProgramInfoLog(program)}`);
  return program;
}

function texture(gl, unit, depth, [height, width]) {
  const made = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR);
  gl.texStorage2D(gl.TEXTURE_2D, 1, depth > 8 ? gl.RG8 : gl.R8, width, height);
  return made;
}
