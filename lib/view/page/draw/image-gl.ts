// WebGL2: the numbers are one integer texture, so that levels, zoom and color map change without a new upload.

import { colorTable } from './color-maps';
import { rawLevels, type Painter, type Scene } from './image';

const VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform usampler2D numbers;
uniform sampler2D colors;
uniform vec2 origin;   // of the canvas, in texels
uniform float perPixel; // texels of a canvas pixel
uniform float height;  // of the canvas
uniform vec2 levels;   // first number, colors a number
uniform int none;      // the number of no value; -1: there is none
out vec4 color;
void main() {
  vec2 at = floor(origin + vec2(gl_FragCoord.x, height - gl_FragCoord.y) * perPixel);
  vec2 size = vec2(textureSize(numbers, 0));
  if (any(lessThan(at, vec2(0.0))) || any(greaterThanEqual(at, size))) { color = vec4(0.0); return; }
  uint number = texelFetch(numbers, ivec2(at), 0).r;
  if (int(number) == none) { color = vec4(0.5, 0.5, 0.5, 1.0); return; }
  float share = clamp((float(number) - levels.x) * levels.y, 0.0, 1.0);
  color = texelFetch(colors, ivec2(int(share * 255.0 + 0.5), 0), 0);
}`;

const UNIFORMS = ['numbers', 'colors', 'origin', 'perPixel', 'height', 'levels', 'none'] as const;

export class GlPainter implements Painter {
  readonly kind = 'WebGL2';
  private readonly places: Readonly<Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>>;
  private uploaded: Scene['pixels'] | undefined;
  private map = '';

  /** Undefined where the browser has no WebGL2, or no shader compiler that works. */
  static for(canvas: HTMLCanvasElement): GlPainter | undefined {
    const gl = canvas.getContext('webgl2', { antialias: false, depth: false, preserveDrawingBuffer: true });
    const program = gl === null ? undefined : link(gl);
    return gl === null || program === undefined ? undefined : new GlPainter(canvas, gl, program);
  }

  private constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly gl: WebGL2RenderingContext,
    program: WebGLProgram,
  ) {
    gl.useProgram(program);
    const places = UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)] as const);
    this.places = Object.fromEntries(places) as typeof this.places;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    for (const unit of [0, 1]) {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
      for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) {
        gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
      }
    }
    gl.uniform1i(this.places.numbers, 0);
    gl.uniform1i(this.places.colors, 1);
  }

  paint(scene: Scene): void {
    const { gl, places } = this;
    const { pixels, geometry, ratio, map } = scene;
    this.upload(pixels);
    if (map !== this.map) {
      this.map = map;
      gl.activeTexture(gl.TEXTURE1);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colorTable(map));
    }
    const [low, perUnit] = rawLevels(scene);
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.uniform2f(
      places.origin,
      (geometry.column - pixels.column) / pixels.step,
      (geometry.row - pixels.row) / pixels.step,
    );
    gl.uniform1f(places.perPixel, 1 / (geometry.scale * ratio * pixels.step));
    gl.uniform1f(places.height, this.canvas.height);
    gl.uniform2f(places.levels, low, perUnit);
    gl.uniform1i(places.none, pixels.none ?? -1);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  destroy(): void {
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  private upload(pixels: Scene['pixels']): void {
    if (this.uploaded === pixels) return;
    this.uploaded = pixels;
    const { gl } = this;
    const { columns, rows, numbers } = pixels;
    gl.activeTexture(gl.TEXTURE0);
    const type = gl.UNSIGNED_SHORT;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R16UI, columns, rows, 0, gl.RED_INTEGER, type, numbers);
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram | undefined {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type);
    if (shader === null) return undefined;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) === true ? program : undefined;
}
