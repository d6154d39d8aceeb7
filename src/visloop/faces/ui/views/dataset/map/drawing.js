// @ts-check
/** A hundred thousand points on a canvas: by WebGL where the machine has it, else pixel by pixel. */

/** @typedef {import("./places.js").View} View */
/** @typedef {{points: (points: Float32Array) => void, colours: (rgba: Uint8Array) => void, draw: (view: View, size: number) => void}} Drawer */

const VERTEX = `#version 300 es
in vec2 place; in vec4 paint; uniform vec4 view; uniform float size; out vec4 colour;
void main() {
  gl_Position = vec4((place - view.xy) * view.zw, 0.0, 1.0);
  gl_PointSize = paint.a > 0.9 ? size : size * 0.75;
  colour = paint;
}`;
const FRAGMENT = `#version 300 es
precision mediump float; in vec4 colour; out vec4 pixel;
void main() {
  vec2 off = gl_PointCoord - 0.5;
  if (dot(off, off) > 0.25) discard;
  pixel = vec4(colour.rgb * colour.a, colour.a);
}`;

/** @param {HTMLCanvasElement} canvas @returns {Drawer} */
export function drawer(canvas) {
  const gl = hasCard() ? canvas.getContext("webgl2", { antialias: false }) : null;
  return gl ? byCard(canvas, gl) : byPixels(canvas);
}

/** Whether WebGL runs on a graphics card: imitated by the processor it is slower than pixel by pixel. */
function hasCard() {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  const known = gl?.getExtension("WEBGL_debug_renderer_info");
  const name = gl && known ? String(gl.getParameter(known.UNMASKED_RENDERER_WEBGL)) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl !== null && !/swiftshader|llvmpipe|software|basic render/i.test(name);
}

/** @param {HTMLCanvasElement} canvas @param {WebGL2RenderingContext} gl @returns {Drawer} */
function byCard(canvas, gl) {
  const program = gl.createProgram();
  for (const [kind, text] of /** @type {Array<[number, string]>} */ ([
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(kind));
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  let count = 0;
  /** @param {string} name @param {number} wide @param {number} kind @param {boolean} scaled */
  const attribute = (name, wide, kind, scaled) => {
    const [buffer, place] = [gl.createBuffer(), gl.getAttribLocation(program, name)];
    return (/** @type {Float32Array | Uint8Array} */ values) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, wide, kind, scaled, 0, 0);
    };
  };
  const [places, paints] = [attribute("place", 2, gl.FLOAT, false), attribute("paint", 4, gl.UNSIGNED_BYTE, true)];
  const [view4, size1] = [gl.getUniformLocation(program, "view"), gl.getUniformLocation(program, "size")];
  return {
    points: (points) => {
      count = points.length / 2;
      places(points);
    },
    colours: paints,
    draw: (view, size) => {
      const dense = devicePixelRatio;
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      const [wide, high] = [canvas.width / dense, canvas.height / dense];
      gl.uniform4f(view4, view.x, view.y, (2 * view.scale) / wide, (2 * view.scale) / high);
      gl.uniform1f(size1, size * dense);
      gl.drawArrays(gl.POINTS, 0, count);
    },
  };
}

/** @param {HTMLCanvasElement} canvas @returns {Drawer} */
function byPixels(canvas) {
  const to = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let points = /** @type {Float32Array} */ (new Float32Array(0));
  let paints = new Uint32Array(0);
  /** @type {ImageData | null} */
  let sheet = null;
  return {
    points: (given) => {
      points = given;
    },
    colours: (rgba) => {
      paints = new Uint32Array(rgba.slice().buffer);
    },
    draw: (view, size) => {
      const { width, height } = canvas;
      if (sheet?.width !== width || sheet.height !== height) sheet = to.createImageData(width, height);
      const pixels = new Uint32Array(sheet.data.buffer);
      pixels.fill(0);
      const dense = devicePixelRatio;
      const [scale, side] = [view.scale * dense, Math.max(1, Math.round(size * dense))];
      const [left, top] = [width / 2 - view.x * scale - side / 2, height / 2 + view.y * scale - side / 2];
      // picked ones last, so that they lie above the others
      for (const above of paints.length ? [false, true] : [])
        for (let at = 0; at < paints.length; at++) {
          const paint = paints[at];
          if (!paint || paint >>> 24 > 230 !== above) continue;
          const x = Math.round(left + points[2 * at] * scale);
          const y = Math.round(top - points[2 * at + 1] * scale);
          if (!(x >= 0 && y >= 0 && x + side <= width && y + side <= height)) continue;
          for (let row = y * width + x, end = row + side * width; row < end; row += width)
            for (let pixel = row; pixel < row + side; pixel++) pixels[pixel] = paint;
        }
      to.putImageData(sheet, 0, 0);
    },
  };
}
